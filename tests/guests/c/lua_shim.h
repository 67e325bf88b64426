// What Lua's command asks of a system and this C library has not: processes and names of temporary files.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define l_signalT int
#define system(command) ((void)(command), 0)
#define L_tmpnam 20
#define tmpnam(buffer) ((void)(buffer), (char*)0)
#define tmpfile() ((FILE*)0)
