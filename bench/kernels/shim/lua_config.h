// Included before every Lua source file: errors end the program instead of jumping, and hashes have a fixed seed.
#pragma once
#include <stdlib.h>

#define luai_jmpbuf int
#define LUAI_THROW(state, context) abort()
#define LUAI_TRY(state, context, action) \
  if (1) {                               \
    action                               \
  }
#define luai_makeseed(state) 20240u
#define l_randomizePivot() 0u
