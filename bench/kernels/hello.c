// The smallest program that prints: for start-up time and memory.
#include <stdio.h>

int main(void) {
  printf("Hello, %s!\n", "world");
  return 0;
}
