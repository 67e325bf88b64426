// Writes a JSON document of about a megabyte, parses it into a tree with its own parser, and walks the tree; prints
// sums over it.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The document.

static char* text;
static size_t text_size;
static size_t text_capacity;
static uint32_t seed = 12345;

static uint32_t next_random(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

static void put(const char* piece) {
  size_t size = strlen(piece);
  if (text_size + size + 1 > text_capacity) {
    text_capacity = (text_size + size + 1) * 2;
    text = realloc(text, text_capacity);
    if (!text) exit(2);
  }
  memcpy(text + text_size, piece, size + 1);
  text_size += size;
}

static void put_record(int id) {
  static const char* const words[] = {
      "river", "stone", "caf\\u00e9", "tab\\there", "quote\\\"d", "plain", "a longer run of plain letters", ""};
  char piece[160];
  snprintf(piece, sizeof piece, "  {\"id\": %d, \"score\": %u.%03u, \"balance\": -%u.%ue%d,\n", id, next_random(1000),
           next_random(1000), next_random(9) + 1, next_random(100000), (int)next_random(12) - 6);
  put(piece);
  put("   \"name\": \"");
  put(words[next_random(8)]);
  put(" ");
  put(words[next_random(8)]);
  put(next_random(2) ? "\", \"active\": true, \"parent\": null, \"tags\": ["
                     : "\", \"active\": false, \"parent\": {\"id\": 7}, \"tags\": [");
  int tags = (int)next_random(6);
  for (int i = 0; i < tags; i++) {
    put(i ? ", \"" : "\"");
    put(words[next_random(8)]);
    put("\"");
  }
  put("], \"path\": [");
  int points = (int)next_random(8);
  for (int i = 0; i < points; i++) {
    snprintf(piece, sizeof piece, "%s[%d,%d]", i ? "," : "", (int)next_random(2000) - 1000,
             (int)next_random(2000) - 1000);
    put(piece);
  }
  put("]}");
}

static void make_document(size_t wanted) {
  put("{\"records\": [\n");
  for (int id = 0; text_size < wanted; id++) {
    if (id) put(",\n");
    put_record(id);
  }
  put("\n], \"end\": true}\n");
}

// The tree.

typedef enum { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject } Kind;

typedef struct Value {
  Kind kind;
  uint32_t length;
  struct Value* next;  // the next element of the array or object that holds this one
  const char* key;     // in an object
  uint32_t key_length;
  union {
    double number;
    const char* string;
    struct Value* first;
  } as;
} Value;

enum { kChunkSize = 1 << 16, kMaxDepth = 200 };

// Chunks stay in a list for the next pass: otherwise a native run measures the kernel's clearing of fresh pages.
typedef struct Chunk {
  struct Chunk* next;
  size_t used;
  char bytes[kChunkSize];
} Chunk;

static Chunk* first_chunk;
static Chunk* current_chunk;

static void add_chunk(void) {
  Chunk* fresh = malloc(sizeof *fresh);
  if (!fresh) exit(2);
  fresh->next = NULL;
  fresh->used = 0;
  if (current_chunk)
    current_chunk->next = fresh;
  else
    first_chunk = fresh;
  current_chunk = fresh;
}

static void* take(size_t size) {
  size = (size + 7) & ~(size_t)7;
  if (size > kChunkSize) exit(2);
  if (!current_chunk || current_chunk->used + size > kChunkSize) {
    if (current_chunk && current_chunk->next) {
      current_chunk = current_chunk->next;
      current_chunk->used = 0;
    } else {
      add_chunk();
    }
  }
  void* result = current_chunk->bytes + current_chunk->used;
  current_chunk->used += size;
  return result;
}

static void release_all(void) {
  current_chunk = first_chunk;
  if (current_chunk) current_chunk->used = 0;
}

// The parser.

typedef struct {
  const char* at;
  const char* end;
} Parser;

static void skip_space(Parser* p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')) p->at++;
}

static bool accept(Parser* p, char c) {
  skip_space(p);
  if (p->at >= p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static bool accept_word(Parser* p, const char* word) {
  size_t size = strlen(word);
  if ((size_t)(p->end - p->at) < size || memcmp(p->at, word, size) != 0) return false;
  p->at += size;
  return true;
}

static char* put_utf8(char* out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | code >> 6);
    *out++ = (char)(0x80 | (code & 0x3f));
  } else {
    *out++ = (char)(0xe0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  }
  return out;
}

static bool parse_escape(Parser* p, char** out) {
  if (p->at >= p->end) return false;
  char c = *p->at++;
  switch (c) {
    case 'n':
      *(*out)++ = '\n';
      return true;
    case 't':
      *(*out)++ = '\t';
      return true;
    case 'r':
      *(*out)++ = '\r';
      return true;
    case 'b':
      *(*out)++ = '\b';
      return true;
    case 'f':
      *(*out)++ = '\f';
      return true;
    case '"':
    case '\\':
    case '/':
      *(*out)++ = c;
      return true;
    case 'u':
      break;
    default:
      return false;
  }
  uint32_t code = 0;
  for (int i = 0; i < 4; i++) {
    if (p->at >= p->end) return false;
    c = *p->at++;
    uint32_t digit;
    if (c >= '0' && c <= '9')
      digit = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = (uint32_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = (uint32_t)(c - 'A' + 10);
    else
      return false;
    code = code << 4 | digit;
  }
  *out = put_utf8(*out, code);
  return true;
}

static bool parse_string(Parser* p, const char** string, uint32_t* length) {
  if (!accept(p, '"')) return false;
  const char* close = p->at;
  while (close < p->end && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= p->end) return false;
  char* start = take((size_t)(close - p->at) + 1);
  char* out = start;
  while (*p->at != '"') {
    char c = *p->at++;
    if (c != '\\')
      *out++ = c;
    else if (!parse_escape(p, &out))
      return false;
  }
  p->at++;
  *out = 0;
  *string = start;
  *length = (uint32_t)(out - start);
  return true;
}

static bool parse_number(Parser* p, double* result) {
  bool negative = p->at < p->end && *p->at == '-';
  if (negative) p->at++;
  const char* digits = p->at;
  double value = 0;
  int exponent = 0;
  while (p->at < p->end && *p->at >= '0' && *p->at <= '9') value = value * 10 + (*p->at++ - '0');
  if (p->at == digits) return false;
  if (p->at < p->end && *p->at == '.') {
    p->at++;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; exponent--) value = value * 10 + (*p->at++ - '0');
  }
  if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
    p->at++;
    bool down = p->at < p->end && *p->at == '-';
    if (p->at < p->end && (*p->at == '-' || *p->at == '+')) p->at++;
    int power = 0;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9' && power < 1000) power = power * 10 + (*p->at++ - '0');
    exponent += down ? -power : power;
  }
  static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  for (; exponent > 15; exponent -= 15) value *= 1e15;
  for (; exponent < -15; exponent += 15) value /= 1e15;
  value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
  *result = negative ? -value : value;
  return true;
}

static Value* parse_value(Parser* p, int depth);

static bool parse_members(Parser* p, Value* parent, char close, int depth) {
  Value** link = &parent->as.first;
  parent->as.first = NULL;
  if (accept(p, close)) return true;
  do {
    const char* key = NULL;
    uint32_t key_length = 0;
    if (parent->kind == kObject && !(parse_string(p, &key, &key_length) && accept(p, ':'))) return false;
    Value* member = parse_value(p, depth + 1);
    if (!member) return false;
    member->key = key;
    member->key_length = key_length;
    *link = member;
    link = &member->next;
    parent->length++;
  } while (accept(p, ','));
  return accept(p, close);
}

static Value* parse_value(Parser* p, int depth) {
  skip_space(p);
  if (p->at >= p->end || depth > kMaxDepth) return NULL;
  Value* value = take(sizeof *value);
  memset(value, 0, sizeof *value);
  bool good = true;
  switch (*p->at) {
    case '{':
      p->at++;
      value->kind = kObject;
      good = parse_members(p, value, '}', depth);
      break;
    case '[':
      p->at++;
      value->kind = kArray;
      good = parse_members(p, value, ']', depth);
      break;
    case '"':
      value->kind = kString;
      good = parse_string(p, &value->as.string, &value->length);
      break;
    case 't':
      value->kind = kTrue;
      good = accept_word(p, "true");
      break;
    case 'f':
      value->kind = kFalse;
      good = accept_word(p, "false");
      break;
    case 'n':
      good = accept_word(p, "null");
      break;
    default:
      value->kind = kNumber;
      good = parse_number(p, &value->as.number);
  }
  return good ? value : NULL;
}

// What is printed.

typedef struct {
  uint32_t values;
  uint32_t hash;
  double sum;
} Totals;

static void hash_bytes(Totals* totals, const char* bytes, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) totals->hash = (totals->hash ^ (uint8_t)bytes[i]) * 16777619u;
}

static void add_up(const Value* value, Totals* totals) {
  totals->values++;
  if (value->key) hash_bytes(totals, value->key, value->key_length);
  switch (value->kind) {
    case kNumber:
      totals->sum += value->as.number;
      break;
    case kString:
      hash_bytes(totals, value->as.string, value->length);
      break;
    case kArray:
    case kObject:
      for (const Value* member = value->as.first; member; member = member->next) add_up(member, totals);
      break;
    default:
      totals->hash += (uint32_t)value->kind;
  }
}

int main(int argc, char** argv) {
  int passes = argc > 1 ? atoi(argv[1]) : 12;
  make_document(1000000);
  Totals totals = {0, 2166136261u, 0};
  for (int pass = 0; pass < passes; pass++) {
    Parser parser = {text, text + text_size};
    Value* root = parse_value(&parser, 0);
    skip_space(&parser);
    if (!root || parser.at != parser.end) {
      printf("json: error at byte %zu\n", (size_t)(parser.at - text));
      return 1;
    }
    add_up(root, &totals);
    release_all();
  }
  printf("json %zu %u %08x %.3f\n", text_size, totals.values, totals.hash, totals.sum);
  return 0;
}
