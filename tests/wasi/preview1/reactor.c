// A module without a main function: it is initialized, then what it exports under the empty name is run.
#include <stdio.h>

static int initialized;

__attribute__((constructor)) static void initialize(void) { ++initialized; }

__attribute__((export_name(""))) void start(void) {
  printf("initialized %d times, now running\n", initialized);
  fflush(stdout);
}
