// printf, scanf and strtod: all conversions, rounding, extremes, and numbers that survive the way there and back.
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static void integers(void) {
  static const int64_t values[] = {0, 1, -1, 42, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1000000007};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    const int64_t v = values[i];
    printf("[%d|%5d|%-5d|%05d|%+d|% d|%x|%#o|%X]\n", (int)v, (int)v, (int)v, (int)v, (int)v, (int)v, (unsigned)v,
           (unsigned)v, (unsigned)v);
    printf("[%" PRId64 "|%" PRIu64 "|%" PRIx64 "|%hhd|%hd|%.30" PRId64 "]\n", v, (uint64_t)v, (uint64_t)v,
           (signed char)v, (short)v, v);
  }
  printf("[%c|%5c|%-5c|%s|%10s|%-10s|%.2s|%*.*s|%%]\n", 'x', 'y', 'z', "text", "right", "left", "cut", 8, 3, "width");
}

static void floats(void) {
  static const double values[] = {
      0.0,     -0.0,    1.0,      -1.5,      0.1,  1.0 / 3, 2.5,      3.5,   1e10, 1e-10, 123456789.123456789,
      DBL_MAX, DBL_MIN, INFINITY, -INFINITY, 1e15, 1e16,    999999.5, 9.995, 0.5,  1.5};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    const double v = values[i];
    printf("[%f|%.0f|%.1f|%.15g|%.17g|%e|%.3e|%g|%a|%G|%012.3f|%-12.2e|%+.2f|%#.0f]\n", v, v, v, v, v, v, v, v, v, v, v,
           v, v, v);
  }
  printf("[%.40f|%.60g|%.100f]\n", 0.1, 1e-300, 1.0 / 7);
}

static void round_trips(void) {
  uint64_t bad = 0, sum = 0;
  char text[64];
  for (int i = 0; i < 3000; ++i) {
    union {
      uint64_t bits;
      double value;
    } from = {next()}, back;
    if (isnan(from.value)) continue;
    snprintf(text, sizeof text, "%.17g", from.value);
    back.value = strtod(text, NULL);
    bad += back.bits != from.bits;
    for (const char* p = text; *p; ++p) sum = sum * 31 + (unsigned char)*p;
    snprintf(text, sizeof text, "%.9g", (double)(float)(from.value / 1e10));
    const float single = strtof(text, NULL);
    uint32_t bits;
    memcpy(&bits, &single, 4);
    sum = sum * 31 + bits;
  }
  printf("round trips: %" PRIu64 " bad, sum %016" PRIx64 "\n", bad, sum);
}

static void scanning(void) {
  int a = 0, b = 0, n = 0;
  double d = 0;
  char word[16] = "", set[16] = "";
  const int got = sscanf("  12 0x1f 3.25e2 word abc123 end", "%d %i %lf %15s %15[a-c]%n", &a, &b, &d, word, set, &n);
  printf("%d: %d %d %g %s %s %d\n", got, a, b, d, word, set, n);
  static const char* const texts[] = {"0x1.8p3", "1e400", "-1e-400", "inf", ".5", "5.",
                                      "1e",      "0x",    "123abc",  "+7",  "  8"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    char* end;
    const double value = strtod(texts[i], &end);
    printf("%s -> %g rest '%s'\n", texts[i], value, end);
  }
  printf("%" PRId64 " %" PRIu64 " %" PRId64 "\n", (int64_t)strtoll("-9223372036854775809", NULL, 10),
         (uint64_t)strtoull("18446744073709551615", NULL, 10), (int64_t)strtoll("zz", NULL, 36));
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) printf("argument %d: %s\n", i, argv[i]);
  integers();
  floats();
  round_trips();
  scanning();
  char line[256];
  size_t lines = 0, letters = 0;
  while (fgets(line, sizeof line, stdin)) {
    ++lines;
    letters += strlen(line);
  }
  printf("%u lines, %u letters\n", (unsigned)lines, (unsigned)letters);
  fprintf(stderr, "not compared\n");
  return 7;
}
