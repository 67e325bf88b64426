// How a program ends: proc_exit with a code, a signal, a trap, or main's result; and output written before is there.
#include <stdlib.h>

#include "check.h"

static int recurse(volatile int* depth) {
  if (++*depth < 0) return 0;
  return recurse(depth) + *depth;
}

int main(int argc, char** argv) {
  const char* how = argc > 1 ? argv[1] : "";
  write_text(1, "before\n");
  if (strcmp(how, "exit") == 0) proc_exit((u32)atoi(argv[2]));
  if (strcmp(how, "raise") == 0) (void)proc_raise((u32)atoi(argv[2]));
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "load") == 0) return *(volatile int*)0xfffffff0;
  if (strcmp(how, "recurse") == 0) {
    int depth = 0;
    return recurse(&depth);
  }
  if (strcmp(how, "return") == 0) return atoi(argv[2]);
  write_text(1, "after\n");
  return 0;
}
