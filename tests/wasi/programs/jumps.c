// setjmp and longjmp, which compilers make of WebAssembly's exceptions: out of deep calls, through loops, nested, with
// values.
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf top, inner;
static int depth;

static __attribute__((noinline)) void descend(int levels, int value) {
  ++depth;
  if (levels == 0) longjmp(top, value);
  descend(levels - 1, value + levels);
  --depth;
}

static __attribute__((noinline)) int guarded(int what) {
  volatile int passed = 0;
  const int got = setjmp(inner);
  if (got == 0) {
    passed = what * 10;
    if (what % 3 == 0) longjmp(inner, what + 1);
    if (what % 3 == 1) descend(what, 100);
    return passed;
  }
  return -got - passed;
}

// A parser in the manner of many: errors jump out, memory is freed at the top.
typedef struct {
  const char* at;
  jmp_buf error;
  void* blocks[32];
  int count;
} Parser;

static void* keep(Parser* p, size_t size) {
  if (p->count == 32) longjmp(p->error, 3);
  return p->blocks[p->count++] = calloc(1, size);
}
static double expression(Parser* p);
static double primary(Parser* p) {
  while (*p->at == ' ') ++p->at;
  if (*p->at == '(') {
    ++p->at;
    const double value = expression(p);
    if (*p->at++ != ')') longjmp(p->error, 1);
    return value;
  }
  char* end;
  double* value = keep(p, sizeof *value);
  *value = strtod(p->at, &end);
  if (end == p->at) longjmp(p->error, 2);
  p->at = end;
  return *value;
}
static double expression(Parser* p) {
  double value = primary(p);
  for (;;) {
    while (*p->at == ' ') ++p->at;
    switch (*p->at) {
      case '+':
        ++p->at, value += primary(p);
        break;
      case '*':
        ++p->at, value *= primary(p);
        break;
      case '/': {
        ++p->at;
        const double by = primary(p);
        if (by == 0) longjmp(p->error, 4);
        value /= by;
        break;
      }
      default:
        return value;
    }
  }
}
static void parse(const char* text) {
  Parser p = {.at = text};
  const int error = setjmp(p.error);
  if (error == 0) {
    printf("%s = %g\n", text, expression(&p));
  } else {
    printf("%s: error %d at %d\n", text, error, (int)(p.at - text));
  }
  for (int i = 0; i < p.count; ++i) free(p.blocks[i]);
}

int main(void) {
  int sum = 0;
  for (volatile int round = 0; round < 2000; ++round) {
    depth = 0;
    const int got = setjmp(top);
    if (got == 0) descend(round % 50, round);
    sum = sum * 31 + got + depth;
  }
  printf("%d\n", sum);
  for (volatile int what = 0; what < 12; ++what) {
    const int outer = setjmp(top);
    if (outer != 0) {
      printf("jumped past: %d\n", outer);
      continue;
    }
    printf("guarded: %d\n", guarded(what));
  }
  parse("1 + 2*3");
  parse("(1 + 2)*(3 + 4/2)");
  parse("1 / (2*0)");
  parse("(1 + ");
  parse("(1 + 2");
  parse("1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1");
  return 0;
}
