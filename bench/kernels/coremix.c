// The four kinds of work that CoreMark is made of, in a program of our own: linked lists, small integer matrices, a
// state machine over text, and a CRC of everything. What it prints and how long it takes are not CoreMark's.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kItems = 192, kMatrix = 20, kText = 2400 };

// CRC-16 with the reflected polynomial x^16 + x^15 + x^2 + 1, bit by bit: shifts and unpredictable branches.

static uint16_t crc_byte(uint16_t crc, uint8_t byte) {
  for (int bit = 0; bit < 8; bit++) {
    int low = (crc ^ byte) & 1;
    byte >>= 1;
    crc >>= 1;
    if (low) crc ^= 0xa001;
  }
  return crc;
}

static uint16_t crc_word(uint16_t crc, uint32_t word) {
  for (int i = 0; i < 4; i++) crc = crc_byte(crc, (uint8_t)(word >> (8 * i)));
  return crc;
}

static uint32_t next_random(uint32_t* seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

// Lists: the items lie scattered in an array, so that following links is what it is in a program that has run for long.

typedef struct Item {
  struct Item* next;
  int16_t key;
  uint16_t payload;
} Item;

typedef int (*Order)(const Item* a, const Item* b);

static Item pool[kItems];

static int by_key(const Item* a, const Item* b) { return a->key - b->key; }
static int by_payload(const Item* a, const Item* b) { return (int)a->payload - (int)b->payload; }

static Item* make_list(uint32_t* seed) {
  Item* head = NULL;
  for (int i = 0; i < kItems; i++) {
    Item* item = &pool[(i * 37) % kItems];  // 37 and kItems have no common factor: each item once
    item->key = (int16_t)(next_random(seed) & 0x3ff);
    item->payload = (uint16_t)next_random(seed);
    item->next = head;
    head = item;
  }
  return head;
}

static Item* reverse(Item* list) {
  Item* head = NULL;
  while (list) {
    Item* next = list->next;
    list->next = head;
    head = list;
    list = next;
  }
  return head;
}

static Item* merge(Item* a, Item* b, Order order) {
  Item first;
  Item* last = &first;
  while (a && b) {
    Item** from = order(a, b) <= 0 ? &a : &b;
    last->next = *from;
    last = *from;
    *from = last->next;
  }
  last->next = a ? a : b;
  return first.next;
}

// From the bottom up: bins[i] holds a sorted run of 2^i items or none.
static Item* sort(Item* list, Order order) {
  Item* bins[16] = {NULL};
  while (list) {
    Item* run = list;
    list = list->next;
    run->next = NULL;
    int i = 0;
    for (; bins[i]; i++) {
      run = merge(bins[i], run, order);
      bins[i] = NULL;
    }
    bins[i] = run;
  }
  Item* all = NULL;
  for (int i = 0; i < 16; i++)
    if (bins[i]) all = merge(bins[i], all, order);
  return all;
}

static const Item* find(const Item* list, int16_t key) {
  while (list && list->key != key) list = list->next;
  return list;
}

static uint16_t work_on_list(Item** list, uint16_t crc, uint32_t* seed) {
  for (int i = 0; i < 10; i++) {
    const Item* found = find(*list, (int16_t)(next_random(seed) & 0x3ff));
    crc = crc_word(crc, found ? found->payload : 0xffffffffu);
    *list = reverse(*list);
  }
  *list = sort(*list, by_payload);
  crc = crc_word(crc, (uint32_t)(*list)->key);
  *list = sort(*list, by_key);
  for (const Item* item = *list; item; item = item->next) crc = crc_word(crc, item->payload);
  return crc;
}

// Matrices of 16-bit numbers with 32-bit products.

static int16_t left[kMatrix * kMatrix], right[kMatrix * kMatrix];
static int32_t product[kMatrix * kMatrix];

static void multiply(int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      int32_t sum = 0;
      for (int k = 0; k < n; k++) sum += (int32_t)left[i * n + k] * right[k * n + j];
      product[i * n + j] = sum;
    }
}

// The same with a few bits of each product, which keeps the compiler from summing whole vectors at once.
static void multiply_fields(int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      int32_t sum = 0;
      for (int k = 0; k < n; k++) {
        int32_t term = (int32_t)left[i * n + k] * right[k * n + j];
        sum += ((term >> 2) & 0xf) * ((term >> 5) & 0x7f);
      }
      product[i * n + j] = sum;
    }
}

static uint16_t crc_of_product(uint16_t crc, int n) {
  int32_t peak = 0;
  for (int i = 0; i < n * n; i++) {
    if (product[i] > peak) peak = product[i];
    crc = crc_word(crc, (uint32_t)(product[i] ^ peak));
  }
  return crc;
}

static uint16_t work_on_matrices(uint16_t crc, uint32_t* seed, int n) {
  for (int i = 0; i < n * n; i++) {
    left[i] = (int16_t)(next_random(seed) & 0x1ff);
    right[i] = (int16_t)((next_random(seed) & 0x1ff) - 256);
  }
  multiply(n);
  crc = crc_of_product(crc, n);
  int16_t more = (int16_t)(crc & 0xf);
  for (int i = 0; i < n * n; i++) left[i] = (int16_t)(left[i] + more);
  multiply_fields(n);
  return crc_of_product(crc, n);
}

// A state machine that says of each word of a text whether it is a number, and of what kind.

typedef enum {
  kStart,
  kSigned,
  kInteger,
  kPoint,
  kFraction,
  kExponent,
  kExponentSign,
  kScientific,
  kBad,
  kStates
} State;

static char text[kText];

static State step(State state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case kStart:
      return digit ? kInteger : c == '+' || c == '-' ? kSigned : c == '.' ? kPoint : kBad;
    case kSigned:
      return digit ? kInteger : c == '.' ? kPoint : kBad;
    case kInteger:
      return digit ? kInteger : c == '.' ? kFraction : c == 'e' || c == 'E' ? kExponent : kBad;
    case kPoint:
      return digit ? kFraction : kBad;
    case kFraction:
      return digit ? kFraction : c == 'e' || c == 'E' ? kExponent : kBad;
    case kExponent:
      return digit ? kScientific : c == '+' || c == '-' ? kExponentSign : kBad;
    case kExponentSign:
    case kScientific:
      return digit ? kScientific : kBad;
    default:
      return kBad;
  }
}

static void make_text(uint32_t* seed) {
  static const char* const words[] = {"17",  "-5",      "+1204", "0.75", "-.5", "12.",
                                      "1e9", "-2.5E-3", "7e",    "0x1f", "abc", "--1"};
  int at = 0;
  while (at < kText) {
    const char* word = words[next_random(seed) % 12];
    for (; *word && at < kText; word++) text[at++] = *word;
    if (at < kText) text[at++] = ',';
  }
}

static uint16_t work_on_text(uint16_t crc, uint32_t* seed) {
  uint32_t ends[kStates] = {0};
  uint32_t visits[kStates] = {0};
  State state = kStart;
  for (int i = 0; i < kText; i++) {
    if (text[i] == ',') {
      ends[state]++;
      state = kStart;
    } else {
      state = step(state, text[i]);
      visits[state]++;
    }
  }
  for (int i = 0; i < kStates; i++) crc = crc_word(crc, ends[i] << 16 | visits[i]);
  text[next_random(seed) % kText] ^= 1;
  return crc;
}

int main(int argc, char** argv) {
  int passes = argc > 1 ? atoi(argv[1]) : 1200;
  uint32_t seed = 2026;
  uint16_t crc = 0xffff;
  for (const char* c = "123456789"; *c; c++) crc = crc_byte(crc, (uint8_t)*c);
  if (crc != 0x4b37) {  // the check value that this CRC is published with
    puts("coremix: self test failed");
    return 1;
  }
  Item* list = make_list(&seed);
  make_text(&seed);
  // A bound that the compiler cannot know: the matrix loops stay loops.
  int n = kMatrix - (argc > 8);
  for (int pass = 0; pass < passes; pass++) {
    crc = work_on_list(&list, crc, &seed);
    crc = work_on_matrices(crc, &seed, n);
    crc = work_on_text(crc, &seed);
  }
  printf("coremix %04x\n", crc);
  return 0;
}
