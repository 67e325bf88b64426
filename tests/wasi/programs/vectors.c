// Vectors of every lane type by the compiler's vector extension (SIMD instructions where there are some), and loops
// that compilers turn into vector code by themselves.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 0x2545f4914f6cdd1du;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static uint64_t sum;
static void mix(const void* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) sum = (sum ^ ((const uint8_t*)bytes)[i]) * 1099511628211u;
}
static void report(const char* what) {
  printf("%s: %016llx\n", what, (unsigned long long)sum);
  sum = 0;
}

/// Lanes of `a` where the mask has ones, else of `b`.
#define SELECT(V, mask, a, b) ((V)(((mask) & (__typeof__(mask))(a)) | (~(mask) & (__typeof__(mask))(b))))

#define VECTORS(T)                                                               \
  typedef T T##_v __attribute__((vector_size(16)));                              \
  static __attribute__((noinline)) T##_v T##_step(T##_v a, T##_v b, int round) { \
    T##_v out[] = {a + b,                                                        \
                   a - b,                                                        \
                   a * b,                                                        \
                   a & b,                                                        \
                   a | b,                                                        \
                   a ^ b,                                                        \
                   ~a,                                                           \
                   a << (b & (T)7),                                              \
                   a >> (b & (T)7),                                              \
                   (T##_v)(a < b),                                               \
                   (T##_v)(a == b),                                              \
                   (T##_v)(a >= b),                                              \
                   SELECT(T##_v, a < b, a, b),                                   \
                   SELECT(T##_v, a > b, a, b),                                   \
                   -a};                                                          \
    T##_v mixed = out[round % 15];                                               \
    for (unsigned i = 0; i < sizeof out / sizeof *out; ++i) mixed ^= out[i];     \
    mix(out, sizeof out);                                                        \
    return mixed;                                                                \
  }                                                                              \
  static void T##_run(void) {                                                    \
    T##_v a, b;                                                                  \
    for (int round = 0; round < 300; ++round) {                                  \
      uint64_t raw[4] = {next(), next(), next(), next()};                        \
      memcpy(&a, raw, 16), memcpy(&b, raw + 2, 16);                              \
      a = T##_step(a, b, round);                                                 \
      b[round % (16 / sizeof(T))] = (T)(a[0] + 1);                               \
      a = T##_step(b, a, round + 1);                                             \
      mix(&a, 16);                                                               \
    }                                                                            \
    report(#T);                                                                  \
  }
VECTORS(int8_t)
VECTORS(uint8_t)
VECTORS(int16_t)
VECTORS(uint16_t)
VECTORS(int32_t)
VECTORS(uint32_t)
VECTORS(int64_t)
VECTORS(uint64_t)

typedef float float_v __attribute__((vector_size(16)));
typedef double double_v __attribute__((vector_size(16)));
typedef int32_t int_v __attribute__((vector_size(16)));

static void lanes_of_floats(void) {
  float_v a = {1, -2.5f, 1e10f, 0}, b = {.5f, 3, -1e-10f, 1};
  double_v c = {1.25, -7}, d = {1e100, .1};
  for (int i = 0; i < 500; ++i) {
    a = a * b + SELECT(float_v, a < b, a, b) / (b * b + 1.0f);
    b = SELECT(float_v, a > 100.0f, a / 1000.0f, b + .125f);
    c = c * .5 + d / (1 + c * c);
    d = SELECT(double_v, d > c, d * .75, d + 3);
    const int_v whole = __builtin_convertvector(b, int_v);
    const float_v back = __builtin_convertvector(whole, float_v);
    mix(&a, 16), mix(&b, 16), mix(&c, 16), mix(&d, 16), mix(&whole, 16), mix(&back, 16);
  }
  report("floats");
}

static __attribute__((noinline)) void shuffles(void) {
  uint8_t_v a, b;
  for (int i = 0; i < 200; ++i) {
    uint64_t raw[4] = {next(), next(), next(), next()};
    memcpy(&a, raw, 16), memcpy(&b, raw + 2, 16);
    const uint8_t_v mixed = __builtin_shufflevector(a, b, 0, 17, 2, 19, 4, 21, 6, 23, 31, 14, 29, 12, 27, 10, 25, 8);
    const uint8_t_v reversed = __builtin_shufflevector(a, a, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    mix(&mixed, 16), mix(&reversed, 16);
  }
  report("shuffles");
}

// Compilers vectorize these: saturation, widening, absolute differences, dot products, minimum and maximum, reductions.
static uint8_t bytes[2][1003];
static int16_t shorts[2][1003];
static int32_t words[1003];
static float singles[1003];

static __attribute__((noinline)) void loops(void) {
  int32_t dot = 0, largest = INT32_MIN;
  uint32_t differences = 0;
  for (int i = 0; i < 1003; ++i) {
    const int total = bytes[0][i] + bytes[1][i];
    bytes[0][i] = (uint8_t)(total > 255 ? 255 : total);
  }
  for (int i = 0; i < 1003; ++i)
    differences += (uint32_t)(bytes[0][i] > bytes[1][i] ? bytes[0][i] - bytes[1][i] : bytes[1][i] - bytes[0][i]);
  for (int i = 0; i < 1003; ++i) dot += shorts[0][i] * shorts[1][i];
  for (int i = 0; i < 1003; ++i) words[i] = words[i] * 3 + shorts[0][i] - bytes[1][i];
  for (int i = 0; i < 1003; ++i) largest = words[i] > largest ? words[i] : largest;
  for (int i = 0; i < 1003; ++i) {
    const int scaled = (shorts[0][i] * 3) >> 1;
    shorts[1][i] = (int16_t)(scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled);
  }
  for (int i = 0; i < 1003; ++i) singles[i] = singles[i] * .5f + (float)words[i];
  for (int i = 0; i < 1003; ++i) bytes[1][i] = (uint8_t)((bytes[0][i] + bytes[1][i] + 1) >> 1);
  mix(&dot, 4), mix(&largest, 4), mix(&differences, 4);
  mix(bytes, sizeof bytes), mix(shorts, sizeof shorts), mix(words, sizeof words), mix(singles, sizeof singles);
}

int main(void) {
  int8_t_run(), uint8_t_run(), int16_t_run(), uint16_t_run();
  int32_t_run(), uint32_t_run(), int64_t_run(), uint64_t_run();
  lanes_of_floats();
  shuffles();
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 1003; ++i) {
      const uint64_t r = next();
      bytes[0][i] = (uint8_t)r, bytes[1][i] = (uint8_t)(r >> 8);
      shorts[0][i] = (int16_t)((r >> 16 & 0xfff) - 2048), shorts[1][i] = (int16_t)((r >> 32 & 0xfff) - 2048);
      words[i] = (int32_t)(r >> 40), singles[i] = (float)(r >> 48);
    }
    loops();
  }
  report("loops");
  return 0;
}
