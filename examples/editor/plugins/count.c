// Counts words.
#include "editor.h"

int run(const char* text, size_t length) {
  unsigned words = 0;
  for (size_t i = 0; i < length; ++i) words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
  char line[] = "           words";
  size_t at = 10;
  do line[--at] = (char)('0' + words % 10);
  while ((words /= 10) != 0);
  editor_status(line + at, sizeof line - 1 - at);
  return 0;
}
