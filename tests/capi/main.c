// Runs the tests of the C API, or those whose names contain an argument. The first check that fails ends it.
#include "check.h"

#define TEST(name) void test_##name(void);
#include "tests.def"
#undef TEST

static const struct {
  const char* name;
  void (*run)(void);
} kTests[] = {
#define TEST(name) {#name, test_##name},
#include "tests.def"
#undef TEST
};

static bool chosen(const char* name, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (strstr(name, argv[i]) != NULL) return true;
  }
  return argc < 2;
}

int main(int argc, char** argv) {
  int count = 0;
  for (size_t i = 0; i < sizeof kTests / sizeof *kTests; ++i) {
    if (!chosen(kTests[i].name, argc, argv)) continue;
    printf("%s\n", kTests[i].name);
    fflush(stdout);
    kTests[i].run();
    ++count;
  }
  printf("capi: %d tests passed\n", count);
  return count == 0;
}
