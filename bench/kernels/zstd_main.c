// Compresses generated text with zstd, decompresses it and compares; prints the compressed size and a checksum. Its
// arguments: passes, bytes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zstd.h"

static void generate(char* out, size_t size) {
  static const char* const words[] = {"the ", "store ", "value ",  "index=", "function ", "return ",
                                      "\n",   "0x",     "memory ", "table[", "] ",        "if "};
  uint32_t seed = 5;
  size_t at = 0;
  while (at < size) {
    seed = seed * 1664525u + 1013904223u;
    if (seed >> 29 == 0) {
      out[at++] = (char)('a' + (seed >> 10) % 26);
      continue;
    }
    const char* word = words[(seed >> 12) % 12];
    size_t length = strlen(word);
    if (length > size - at) length = size - at;
    memcpy(out + at, word, length);
    at += length;
  }
}

// A word at a time: a library's memcmp is vector code natively and a byte loop in a guest, and would be most of the
// difference.
static int same(const char* a, const char* b, size_t size) {
  uint64_t difference = 0;
  for (size_t i = 0; i + 8 <= size; i += 8) {
    uint64_t x, y;
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    difference |= x ^ y;
  }
  return difference == 0;
}

int main(int argc, char** argv) {
  int passes = argc > 1 ? atoi(argv[1]) : 18;
  size_t size = argc > 2 ? (size_t)atoi(argv[2]) : 500000;
  if (size < 1) return 1;
  size_t bound = ZSTD_compressBound(size);
  char* text = malloc(size);
  char* packed = malloc(bound);
  char* back = malloc(size);
  if (!text || !packed || !back) return 2;
  generate(text, size);
  uint32_t checksum = 2166136261u;
  size_t packed_size = 0;
  for (int pass = 0; pass < passes; pass++) {
    packed_size = ZSTD_compress(packed, bound, text, size, 3);
    if (ZSTD_isError(packed_size)) return 1;
    if (ZSTD_decompress(back, size, packed, packed_size) != size || !same(text, back, size)) return 1;
    for (size_t i = 0; i < packed_size; i += 16) checksum = (checksum ^ (uint8_t)packed[i]) * 16777619u;
    text[(size_t)pass * 1000 % size] ^= 1;
  }
  printf("zstd %zu %08x\n", packed_size, checksum);
  return 0;
}
