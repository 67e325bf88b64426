// Arithmetic of all widths on random and extreme operands: every result goes into a sum; NaNs count as one.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 0x9e3779b97f4a7c15u;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static uint64_t sum;
static void mix(uint64_t value) { sum = (sum ^ value) * 1099511628211u + (sum >> 29); }
static void report(const char* what) {
  printf("%s: %016llx\n", what, (unsigned long long)sum);
  sum = 0;
}

static uint64_t operand(void) {
  static const uint64_t extremes[] = {0,
                                      1,
                                      2,
                                      7,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x7fff,
                                      0x8000,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      INT64_MAX,
                                      (uint64_t)INT64_MIN,
                                      UINT64_MAX,
                                      UINT64_MAX - 1};
  const uint64_t r = next();
  if (r % 3 == 0) return extremes[(r >> 8) % (sizeof extremes / sizeof *extremes)];
  return next() >> (r >> 8) % 64;
}

#define INTEGERS(name, S, U)                                                                              \
  static __attribute__((noinline)) void name(U a, U b) {                                                  \
    const unsigned bits = sizeof(U) * 8, shift = (unsigned)(b % bits);                                    \
    mix((U)(a + b)), mix((U)(a - b)), mix((U)(a * b)), mix((U)(a & b)), mix((U)(a | b)), mix((U)(a ^ b)); \
    mix((U)(a << shift)), mix((U)(a >> shift)), mix((U)((S)a >> shift));                                  \
    mix((U)(a << shift | a >> (bits - shift) % bits));                                                    \
    if (b != 0) mix((U)(a / b)), mix((U)(a % b));                                                         \
    if (b != 0 && !((S)b == -1 && a == (U)1 << (bits - 1))) {                                             \
      mix((U)((S)a / (S)b)), mix((U)((S)a % (S)b));                                                       \
    }                                                                                                     \
    mix((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5);          \
    mix(((S)a < (S)b) | ((S)a <= (S)b) << 1 | ((S)a > (S)b) << 2 | ((S)a >= (S)b) << 3);                  \
    S signed_result;                                                                                      \
    U unsigned_result;                                                                                    \
    mix((uint64_t)__builtin_add_overflow((S)a, (S)b, &signed_result)), mix((U)signed_result);             \
    mix((uint64_t)__builtin_mul_overflow((S)a, (S)b, &signed_result)), mix((U)signed_result);             \
    mix((uint64_t)__builtin_sub_overflow(a, b, &unsigned_result)), mix(unsigned_result);                  \
    mix((uint64_t)__builtin_mul_overflow(a, b, &unsigned_result)), mix(unsigned_result);                  \
    mix((U)(a < b ? a : b)), mix((U)((S)a > (S)b ? a : b));                                               \
  }
INTEGERS(integers8, int8_t, uint8_t)
INTEGERS(integers16, int16_t, uint16_t)
INTEGERS(integers32, int32_t, uint32_t)
INTEGERS(integers64, int64_t, uint64_t)

static __attribute__((noinline)) void bits(uint64_t a) {
  const uint32_t low = (uint32_t)a;
  mix((uint64_t)__builtin_popcount(low)), mix((uint64_t)__builtin_popcountll(a));
  if (low) mix((uint64_t)__builtin_clz(low)), mix((uint64_t)__builtin_ctz(low));
  if (a) mix((uint64_t)__builtin_clzll(a)), mix((uint64_t)__builtin_ctzll(a));
  mix(__builtin_bswap32(low)), mix(__builtin_bswap64(a));
  mix((uint64_t)(int64_t)(int8_t)a), mix((uint64_t)(int64_t)(int16_t)a), mix((uint64_t)(int64_t)(int32_t)a);
}

static __attribute__((noinline)) void wide(uint64_t a, uint64_t b) {
  const unsigned __int128 product = (unsigned __int128)a * b;
  mix((uint64_t)product), mix((uint64_t)(product >> 64));
  const __int128 signed_product = (__int128)(int64_t)a * (int64_t)b;
  mix((uint64_t)(signed_product >> 64));
  const unsigned __int128 big = (unsigned __int128)a << 64 | b, sum128 = big + product;
  mix((uint64_t)(sum128 >> 64)), mix((uint64_t)(big >> (a & 127))), mix((uint64_t)(big << (b & 127)));
}

static void mix_double(double value) {
  uint64_t image;
  memcpy(&image, &value, 8);
  mix(isnan(value) ? 0x7ff8000000000000u : image);
}
static void mix_float(float value) {
  uint32_t image;
  memcpy(&image, &value, 4);
  mix(isnan(value) ? 0x7fc00000u : image);
}
static double double_of(uint64_t a) {
  double value;
  memcpy(&value, &a, 8);
  return a % 5 == 0 ? (double)(int64_t)a : a % 5 == 1 ? (double)(int32_t)a / 8 : value;
}
static float float_of(uint64_t a) {
  float value;
  memcpy(&value, &a, 4);
  return a % 5 == 0 ? (float)(int64_t)a : a % 5 == 1 ? (float)(int32_t)a / 8 : value;
}

static __attribute__((noinline)) void doubles(double a, double b) {
  mix_double(a + b), mix_double(a - b), mix_double(a * b), mix_double(a / b), mix_double(sqrt(a)), mix_double(-a);
  mix_double(fabs(a)), mix_double(floor(a)), mix_double(ceil(a)), mix_double(trunc(a)), mix_double(rint(a));
  mix_double(copysign(a, b)), mix_double(a < b ? a : b), mix_double(fmod(a, 1024)), mix_float((float)a);
  mix((uint64_t)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5));
  if (fabs(a) < 2147483647.0) mix((uint64_t)(int64_t)(int32_t)a);
  if (fabs(a) < 9.2e18) mix((uint64_t)(int64_t)a);
  if (a >= 0 && a < 4294967295.0) mix((uint32_t)a);
  if (a >= 0 && a < 1.8e19) mix((uint64_t)a);
}
static __attribute__((noinline)) void floats(float a, float b) {
  mix_float(a + b), mix_float(a - b), mix_float(a * b), mix_float(a / b), mix_float(sqrtf(a)), mix_float(-a);
  mix_float(fabsf(a)), mix_float(floorf(a)), mix_float(ceilf(a)), mix_float(truncf(a)), mix_float(rintf(a));
  mix_float(copysignf(a, b)), mix_float(a < b ? a : b), mix_double((double)a);
  mix((uint64_t)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5));
  if (fabsf(a) < 2147483520.0f) mix((uint64_t)(int64_t)(int32_t)a);
  if (fabsf(a) < 9.2e18f) mix((uint64_t)(int64_t)a);
  if (a >= 0 && a < 4294967040.0f) mix((uint32_t)a);
  if (a >= 0 && a < 1.8e19f) mix((uint64_t)a);
}
static __attribute__((noinline)) void conversions(uint64_t a) {
  mix_float((float)(int32_t)a), mix_float((float)(uint32_t)a), mix_float((float)(int64_t)a), mix_float((float)a);
  mix_double((double)(int32_t)a), mix_double((double)(uint32_t)a), mix_double((double)(int64_t)a),
      mix_double((double)a);
}

int main(void) {
  // Operands in a fixed order: a call's arguments have none.
#define ROUNDS(what, call)              \
  for (int i = 0; i < 20000; ++i) call; \
  report(what);
  ROUNDS("8 bits", {
    const uint64_t a = operand();
    integers8((uint8_t)a, (uint8_t)operand());
  })
  ROUNDS("16 bits", {
    const uint64_t a = operand();
    integers16((uint16_t)a, (uint16_t)operand());
  })
  ROUNDS("32 bits", {
    const uint64_t a = operand();
    integers32((uint32_t)a, (uint32_t)operand());
  })
  ROUNDS("64 bits", {
    const uint64_t a = operand();
    integers64(a, operand());
  })
  ROUNDS("bits", bits(operand()))
  ROUNDS("128 bits", {
    const uint64_t a = operand();
    wide(a, operand());
  })
  ROUNDS("double", {
    const uint64_t a = operand();
    doubles(double_of(a), double_of(operand()));
  })
  ROUNDS("float", {
    const uint64_t a = operand();
    floats(float_of(a), float_of(operand()));
  })
  ROUNDS("conversions", conversions(operand()))
  return 0;
}
