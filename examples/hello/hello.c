// A first program for Ashlar: greets, shows its arguments, draws the Mandelbrot set, counts the words it is given.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { kRows = 20, kColumns = 64, kSteps = 400 };

static int escape_time(double x, double y) {
  double a = 0, b = 0;
  for (int step = 0; step < kSteps; step++) {
    double next = a * a - b * b + x;
    b = 2 * a * b + y;
    a = next;
    if (a * a + b * b > 4) return step;
  }
  return kSteps;
}

static void draw(void) {
  static const char shades[] = " .,:;+*?%#";
  for (int row = 0; row < kRows; row++) {
    char line[kColumns + 1];
    for (int column = 0; column < kColumns; column++) {
      int time = escape_time(-2.2 + 3.2 * column / kColumns, -1.2 + 2.4 * row / (kRows - 1));
      line[column] = time == kSteps ? '@' : shades[time < 9 ? time : 9];
    }
    line[kColumns] = 0;
    puts(line);
  }
}

static void count_words(FILE* in) {
  long words = 0, lines = 0, bytes = 0;
  int inside = 0;
  for (int c; (c = getc(in)) != EOF; bytes++) {
    if (c == '\n') lines++;
    words += !isspace(c) && !inside;
    inside = !isspace(c);
  }
  printf("standard input: %ld lines, %ld words, %ld bytes\n", lines, words, bytes);
}

int main(int argc, char** argv) {
  printf("Hello from WebAssembly! %d argument%s:", argc - 1, argc == 2 ? "" : "s");
  for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
  printf("\n\n");
  draw();
  if (argc > 1 && strcmp(argv[1], "count") == 0) count_words(stdin);
  return 0;
}
