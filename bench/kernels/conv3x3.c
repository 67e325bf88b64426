// 3x3 convolution of a byte image and of a float image, built twice, for scalar code and for SIMD: passes, width,
// height.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxPixels = 1920 * 1080 };

static uint8_t bytes_in[kMaxPixels], bytes_out[kMaxPixels];
static float floats_in[kMaxPixels], floats_out[kMaxPixels];

// A blur with weights that sum to 16, and a rounding shift.
__attribute__((noinline)) static void convolve_bytes(const uint8_t* restrict in, uint8_t* restrict out, int width,
                                                     int height) {
  for (int y = 1; y < height - 1; y++) {
    const uint8_t* restrict up = in + (y - 1) * width;
    const uint8_t* restrict mid = in + y * width;
    const uint8_t* restrict down = in + (y + 1) * width;
    uint8_t* restrict row = out + y * width;
    for (int x = 1; x < width - 1; x++) {
      uint16_t sum = (uint16_t)(up[x - 1] + 2 * up[x] + up[x + 1] + 2 * mid[x - 1] + 4 * mid[x] + 2 * mid[x + 1] +
                                down[x - 1] + 2 * down[x] + down[x + 1] + 8);
      row[x] = (uint8_t)(sum >> 4);
    }
  }
}

__attribute__((noinline)) static void convolve_floats(const float* restrict in, float* restrict out, int width,
                                                      int height, const float w[9]) {
  float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7], w8 = w[8];
  for (int y = 1; y < height - 1; y++) {
    const float* restrict up = in + (y - 1) * width;
    const float* restrict mid = in + y * width;
    const float* restrict down = in + (y + 1) * width;
    float* restrict row = out + y * width;
    for (int x = 1; x < width - 1; x++)
      row[x] = w0 * up[x - 1] + w1 * up[x] + w2 * up[x + 1] + w3 * mid[x - 1] + w4 * mid[x] + w5 * mid[x + 1] +
               w6 * down[x - 1] + w7 * down[x] + w8 * down[x + 1];
  }
}

int main(int argc, char** argv) {
  int passes = argc > 1 ? atoi(argv[1]) : 60;
  int width = argc > 2 ? atoi(argv[2]) : 640;
  int height = argc > 3 ? atoi(argv[3]) : 480;
  if (width < 3 || height < 3 || width > kMaxPixels / height) return 1;
  static const float weights[9] = {-1, -2, -1, 2, 5, 2, 1, -3, 1};
  uint32_t seed = 7;
  for (int i = 0; i < width * height; i++) {
    seed = seed * 1664525u + 1013904223u;
    bytes_in[i] = (uint8_t)(seed >> 24);
    floats_in[i] = (float)(int)(seed >> 24);
  }
  uint32_t checksum = 2166136261u;
  for (int pass = 0; pass < passes; pass++) {
    convolve_bytes(bytes_in, bytes_out, width, height);
    convolve_floats(floats_in, floats_out, width, height, weights);
    int at = (pass * 7919) % (width * height);
    checksum = (checksum ^ bytes_out[at] ^ (uint32_t)(int)floats_out[at]) * 16777619u;
    bytes_in[at] ^= 0x55;
    floats_in[at] += 1.0f;
  }
  // Whole numbers throughout, so fused multiply-add changes nothing.
  for (int i = 0; i < width * height; i++)
    checksum = (checksum ^ bytes_out[i] ^ (uint32_t)(int)floats_out[i]) * 16777619u;
  printf("conv3x3 %08x\n", checksum);
  return 0;
}
