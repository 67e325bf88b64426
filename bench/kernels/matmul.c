// Product of two square float matrices, row by row; built twice, for scalar code and for SIMD: repeats, size.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { kMaxSize = 1024 };

static float a[kMaxSize * kMaxSize], b[kMaxSize * kMaxSize], c[kMaxSize * kMaxSize];

// The inner loop runs along rows of b and c, so that it vectorizes without reordering any sum.
__attribute__((noinline)) static void multiply(int n) {
  for (int i = 0; i < n; i++) {
    float* restrict row = c + (size_t)i * n;
    for (int j = 0; j < n; j++) row[j] = 0;
    for (int k = 0; k < n; k++) {
      float factor = a[(size_t)i * n + k];
      const float* restrict other = b + (size_t)k * n;
      for (int j = 0; j < n; j++) row[j] += factor * other[j];
    }
  }
}

int main(int argc, char** argv) {
  int repeats = argc > 1 ? atoi(argv[1]) : 8;
  int n = argc > 2 ? atoi(argv[2]) : 256;
  if (n < 1 || n > kMaxSize) return 1;
  uint32_t seed = 1;
  for (int i = 0; i < n * n; i++) {
    seed = seed * 1664525u + 1013904223u;
    a[i] = (float)(int)(seed >> 24) - 128.0f;
    seed = seed * 1664525u + 1013904223u;
    b[i] = (float)(int)(seed >> 24) - 128.0f;
  }
  // Whole numbers below 2^24 throughout: exact sums, the same with and without fused multiply-add.
  double checksum = 0;
  for (int r = 0; r < repeats; r++) {
    multiply(n);
    a[r % (n * n)] += 1.0f;
    checksum += c[(r * 7919) % (n * n)];
  }
  for (int i = 0; i < n * n; i++) checksum += c[i];
  printf("matmul %.1f\n", checksum);
  return 0;
}
