// The heap and blocks of bytes: malloc, realloc and free at random, growing memory, copying with overlaps, qsort,
// bsearch.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 2463534242u;
static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

static void heap(void) {
  enum { SLOTS = 500 };
  static unsigned char* blocks[SLOTS];
  static size_t sizes[SLOTS];
  uint32_t sum = 0, wrong = 0;
  for (int round = 0; round < 40000; ++round) {
    const uint32_t i = next() % SLOTS;
    const unsigned char mark = (unsigned char)(i * 7 + 1);
    for (size_t k = 0; k < sizes[i]; k += 97) wrong += blocks[i][k] != mark;
    if (next() % 4 == 0) {
      free(blocks[i]);
      blocks[i] = NULL;
      sizes[i] = 0;
    } else {
      const size_t size = next() % (next() % 50 == 0 ? 60000 : 700) + 1;
      const size_t old = sizes[i];
      blocks[i] = realloc(blocks[i], size);
      if (!blocks[i]) abort();
      if (size > old) memset(blocks[i] + old, mark, size - old);
      sizes[i] = size;
      sum = sum * 33 + (uint32_t)size;
    }
  }
  for (int i = 0; i < SLOTS; ++i) free(blocks[i]);
  unsigned char* big = calloc(1, 20u << 20);
  uint32_t dirty = 0;
  for (size_t i = 0; i < 20u << 20; i += 511) dirty += big[i];
  memset(big, 1, 20u << 20);
  for (size_t i = 0; i < 20u << 20; i += 511) sum += big[i];
  free(big);
  printf("heap: sum %u, wrong %u, dirty %u\n", sum, wrong, dirty);
}

static void blocks(void) {
  static unsigned char a[2000], b[2000];
  uint32_t sum = 0;
  for (int round = 0; round < 4000; ++round) {
    for (size_t i = 0; i < sizeof a; i += 13) a[i] = (unsigned char)next();
    const size_t from = next() % 1000, to = next() % 1000, size = next() % 1000;
    memmove(a + to, a + from, size);
    memcpy(b + to, a + from, size);
    memset(b + from, round, size % 40);
    const int order = memcmp(a + from, b + from, size);
    sum = sum * 31 + (uint32_t)(order > 0) + 2 * (uint32_t)(order < 0);
    const unsigned char* found = memchr(a, round & 255, sizeof a);
    sum = sum * 31 + (found ? (uint32_t)(found - a) : 9999);
    for (size_t i = 0; i < sizeof a; i += 7) sum = sum * 31 + a[i] + b[i];
  }
  printf("blocks: %u\n", sum);
}

typedef struct {
  uint32_t key;
  char name[13];
  uint64_t payload;
} Record;

static int by_key(const void* a, const void* b) {
  const Record *x = a, *y = b;
  return x->key < y->key ? -1 : x->key > y->key;
}
static int by_name(const void* a, const void* b) {
  const int order = strcmp(((const Record*)a)->name, ((const Record*)b)->name);
  return order ? order : by_key(a, b);
}

static void sorting(void) {
  enum { N = 20000 };
  Record* records = malloc(N * sizeof *records);
  for (uint32_t i = 0; i < N; ++i) {
    records[i].key = next() / 2 * 2 + (i & 1);  // two thousand keys would tie; these do not
    records[i].key = records[i].key % 100000 * N + i;
    snprintf(records[i].name, sizeof records[i].name, "n%05u", next() % 5000);
    records[i].payload = (uint64_t)records[i].key << 20;
  }
  qsort(records, N, sizeof *records, by_key);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < N; ++i) sum = sum * 1099511628211u + records[i].payload;
  const Record* found = bsearch(&records[777], records, N, sizeof *records, by_key);
  printf("sorted: %016llx, found %u\n", (unsigned long long)sum, (unsigned)(found - records));
  qsort(records, N, sizeof *records, by_name);
  for (uint32_t i = 0; i < N; ++i) sum = sum * 1099511628211u + (unsigned char)records[i].name[3] + records[i].key;
  printf("by name: %016llx\n", (unsigned long long)sum);
  free(records);
}

static void strings(void) {
  char text[] = "the quick,brown;;fox jumps,over the lazy dog";
  for (char* word = strtok(text, " ,;"); word; word = strtok(NULL, " ,;")) printf("%s.", word);
  printf("\n%u %u %s %s %d %d\n", (unsigned)strspn("aabbc", "ab"), (unsigned)strcspn("aabbc", "c"),
         strstr("needle in hay", "in"), strrchr("a/b/c", '/'), strcmp("abc", "abd") < 0, strncmp("abc", "abd", 2));
}

int main(void) {
  heap();
  blocks();
  sorting();
  strings();
  return 0;
}
