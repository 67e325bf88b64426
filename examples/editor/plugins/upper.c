// Makes letters capital.
#include "editor.h"

int run(const char* text, size_t length) {
  char* out = room(length);
  if (out == 0) return 1;
  for (size_t i = 0; i < length; ++i) out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32) : text[i];
  editor_replace(out, length);
  return 0;
}
