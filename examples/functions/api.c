// A function of a serverless tutorial: it reads the text of one HTTP request and writes the text of the response.
//
//   clang-22 --target=wasm32-wasi --sysroot=/usr -O2 api.c -o api.wasm && ashlar serve api.wasm
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { kMostHead = 64 << 10, kMostBody = 1 << 20, kUsers = 1000 };

struct request {
  char method[16];
  char path[1024];
  const char* body;
  size_t body_size;
};

static char input[kMostHead + kMostBody + 1];

static void respond(const char* status, const char* body, size_t size) {
  printf("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status, size);
  fwrite(body, 1, size, stdout);
}

static void respond_text(const char* status, const char* body) { respond(status, body, strlen(body)); }

// The value of Content-Length; -1 without.
static long length_of(const char* head) {
  static const char name[] = "\ncontent-length:";
  for (const char* line = strchr(head, '\n'); line; line = strchr(line + 1, '\n')) {
    if (strncasecmp(line, name, sizeof name - 1) == 0) return strtol(line + sizeof name - 1, NULL, 10);
  }
  return -1;
}

// Reads until the body is as long as the head says, or to the end. 0: it is no request, or too long a one.
static int read_request(struct request* out) {
  size_t size = 0;
  char* body = NULL;
  long length = -1;
  for (;;) {
    if (!body) {
      char* end = strstr(input, "\r\n\r\n");
      if (end) {
        *end = 0;
        body = end + 4;
        length = length_of(input);
      }
    }
    if (body && length >= 0 && size - (size_t)(body - input) >= (size_t)length) break;
    if (size == sizeof input - 1) return 0;
    const ssize_t n = read(0, input + size, sizeof input - 1 - size);
    if (n < 0) return 0;
    // A request without a body has no length; its head is all that came.
    if (n == 0) break;
    size += (size_t)n;
    input[size] = 0;
  }
  if (!body || sscanf(input, "%15s %1023s HTTP/1.", out->method, out->path) != 2) return 0;
  out->body = body;
  out->body_size = length >= 0 ? (size_t)length : size - (size_t)(body - input);
  out->path[strcspn(out->path, "?")] = 0;
  return 1;
}

// Whether a JSON value stands there; moves behind it.
static int skip_value(const char** at, int depth);

static void skip_space(const char** at) { *at += strspn(*at, " \t\r\n"); }

static int skip_string(const char** at) {
  if (**at != '"') return 0;
  for (++*at; **at != '"'; ++*at) {
    if ((unsigned char)**at < ' ') return 0;
    if (**at == '\\' && !*++*at) return 0;
  }
  ++*at;
  return 1;
}

static int skip_members(const char** at, char end, int depth) {
  ++*at;
  skip_space(at);
  if (**at == end) return ++*at, 1;
  for (;;) {
    skip_space(at);
    if (end == '}') {
      if (!skip_string(at)) return 0;
      skip_space(at);
      if (*(*at)++ != ':') return 0;
    }
    if (!skip_value(at, depth + 1)) return 0;
    skip_space(at);
    if (**at == end) return ++*at, 1;
    if (*(*at)++ != ',') return 0;
  }
}

static int skip_value(const char** at, int depth) {
  static const char* const words[] = {"true", "false", "null"};
  if (depth > 64) return 0;
  skip_space(at);
  if (**at == '{') return skip_members(at, '}', depth);
  if (**at == '[') return skip_members(at, ']', depth);
  if (**at == '"') return skip_string(at);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strncmp(*at, words[i], strlen(words[i])) == 0) return *at += strlen(words[i]), 1;
  }
  const size_t digits = strspn(*at, "+-.0123456789eE");
  *at += digits;
  return digits != 0;
}

static void list_users(void) {
  static char out[kUsers * 96];
  size_t size = (size_t)snprintf(out, sizeof out, "[");
  for (int i = 1; i <= kUsers; i++) {
    size += (size_t)snprintf(out + size, sizeof out - size,
                             "%s{\"id\":%d,\"name\":\"User %d\",\"email\":\"user%d@example.com\"}", i > 1 ? "," : "", i,
                             i, i);
  }
  size += (size_t)snprintf(out + size, sizeof out - size, "]");
  respond("200 OK", out, size);
}

static void take_data(const struct request* request) {
  const char* at = request->body;
  const int whole = skip_value(&at, 0);
  skip_space(&at);
  if (!whole || at != request->body + request->body_size) {
    respond_text("400 Bad Request", "{\"error\":\"the body is no JSON\"}");
    return;
  }
  printf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
         request->body_size + strlen("{\"received\":}"));
  printf("{\"received\":%.*s}", (int)request->body_size, request->body);
}

int main(void) {
  struct request request;
  if (!read_request(&request)) {
    respond_text("400 Bad Request", "{\"error\":\"bad request\"}");
  } else if (strcmp(request.method, "GET") == 0 && strcmp(request.path, "/health") == 0) {
    respond_text("200 OK", "{\"status\":\"ok\"}");
  } else if (strcmp(request.method, "GET") == 0 && strcmp(request.path, "/api/users") == 0) {
    list_users();
  } else if (strcmp(request.method, "POST") == 0 && strcmp(request.path, "/api/data") == 0) {
    take_data(&request);
  } else {
    respond_text("404 Not Found", "{\"error\":\"not found\"}");
  }
  return 0;
}
