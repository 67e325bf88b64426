// A plugin with a mistake: it looks for the end of a sentence, and goes on behind the text when there is none.
#include "editor.h"

int run(const char* text, size_t length) {
  (void)length;
  size_t end = 0;
  while (text[end] != '.') ++end;
  editor_replace(text, end);
  return 0;
}
