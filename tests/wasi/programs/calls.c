// Calls and control flow: recursion, function pointers, variable arguments, structures by value, switches, gotos, tail
// calls.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ackermann(int m, int n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
static int is_odd(unsigned n);
static int is_even(unsigned n) { return n == 0 ? 1 : is_odd(n - 1); }
static int is_odd(unsigned n) { return n == 0 ? 0 : is_even(n - 1); }

static double total(const char* kinds, ...) {
  va_list list;
  va_start(list, kinds);
  double sum = 0;
  for (; *kinds; ++kinds) {
    switch (*kinds) {
      case 'i':
        sum += va_arg(list, int);
        break;
      case 'l':
        sum += (double)va_arg(list, long long);
        break;
      case 'd':
        sum += va_arg(list, double);
        break;
      case 's':
        sum += (double)strlen(va_arg(list, const char*));
        break;
    }
  }
  va_end(list);
  return sum;
}

typedef struct {
  double x, y;
  int tag;
  char name[9];
} Point;
static Point add(Point a, Point b) {
  Point out = {a.x + b.x, a.y + b.y, a.tag ^ b.tag, ""};
  snprintf(out.name, sizeof out.name, "%.3s%.3s", a.name, b.name);
  return out;
}

static uint32_t f0(uint32_t a) { return a + 1; }
static uint32_t f1(uint32_t a) { return a * 3; }
static uint32_t f2(uint32_t a) { return a ^ a >> 5; }
static uint32_t f3(uint32_t a) { return a << 7 | a >> 25; }
static uint64_t many(int a, uint64_t b, float c, double d, int e, uint64_t f, short g, char h, double i, int j, int k,
                     float l) {
  return (uint64_t)a + b * 2 + (uint64_t)c * 3 + (uint64_t)d * 5 + (uint64_t)e * 7 + f * 11 + (uint64_t)g * 13 +
         (uint64_t)h * 17 + (uint64_t)i * 19 + (uint64_t)j * 23 + (uint64_t)k * 29 + (uint64_t)l * 31;
}

static uint32_t machine(const char* program, uint32_t start, int limit) {
  // A small interpreter: a big switch in a loop with gotos out of it.
  uint32_t stack[64] = {start}, top = 1, steps = 0;
  const char* at = program;
  for (;; ++at) {
    if (++steps > (uint32_t)limit) goto stopped;
    switch (*at) {
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9':
        stack[top++] = (uint32_t)(*at - '0');
        break;
      case '+':
        --top;
        stack[top - 1] += stack[top];
        break;
      case '*':
        --top;
        stack[top - 1] *= stack[top];
        break;
      case '-':
        --top;
        stack[top - 1] -= stack[top];
        break;
      case 'd':
        stack[top] = stack[top - 1];
        ++top;
        break;
      case 's': {
        const uint32_t t = stack[top - 1];
        stack[top - 1] = stack[top - 2];
        stack[top - 2] = t;
        break;
      }
      case 'j':
        if (stack[--top] != 0) at = program - 1;
        break;
      case 'x':
        --top;
        break;
      case 0:
        goto done;
      default:
        goto stopped;
    }
  }
stopped:
  return steps * 1000003u + (top ? stack[top - 1] : 0);
done:
  return stack[top - 1];
}

static void hanoi(int n, int from, int to, int by, uint64_t* moves, uint32_t* sum) {
  if (n == 0) return;
  hanoi(n - 1, from, by, to, moves, sum);
  ++*moves;
  *sum = *sum * 31 + (uint32_t)(from * 4 + to);
  hanoi(n - 1, by, to, from, moves, sum);
}

static int place(int row, int n, uint32_t columns, uint32_t left, uint32_t right) {
  if (row == n) return 1;
  int count = 0;
  for (uint32_t free = ~(columns | left | right) & ((1u << n) - 1); free; free &= free - 1) {
    const uint32_t bit = free & -free;
    count += place(row + 1, n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

static void on_exit_first(void) { printf("first\n"); }
static void on_exit_last(void) { printf("last\n"); }

int main(int argc, char** argv) {
  atexit(on_exit_last);
  atexit(on_exit_first);
  printf("%d %d %d\n", ackermann(2, 300), is_even(3000), is_odd(3000));
  printf("%g\n", total("idlsid", 1, 2.5, 3000000000000LL, "four", -5, 1e-3));
  Point p = {1, 2, 3, "abcdef"};
  for (int i = 0; i < 10; ++i) p = add(p, (Point){i, .5, i * i, "xyz"});
  printf("%g %g %d %s\n", p.x, p.y, p.tag, p.name);
  uint32_t (*const table[])(uint32_t) = {f0, f1, f2, f3};
  uint32_t value = (uint32_t)argc;
  for (uint32_t i = 0; i < 200000; ++i) value = table[(value ^ i) & 3](value);
  printf("%u\n", value);
  printf("%llu\n", (unsigned long long)many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  printf("%u %u %u\n", machine("9d*3+", 5, 100), machine("1-dj", 1000, 100000), machine("1s?", 9, 100));
  uint64_t moves = 0;
  uint32_t sum = 0;
  hanoi(14, 0, 2, 1, &moves, &sum);
  printf("%llu %u %d\n", (unsigned long long)moves, sum, place(0, 8, 0, 0, 0));
  exit(argc + (int)strlen(argv[1]));
}
