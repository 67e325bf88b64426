// Fibonacci numbers by naive recursion: nothing but calls.
#include <stdio.h>
#include <stdlib.h>

// Without noinline the native compiler unrolls the recursion and the comparison is no longer about calls.
__attribute__((noinline)) static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) {
  unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 36;
  printf("fib %u\n", fib(n));
  return 0;
}
