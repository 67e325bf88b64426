// Threads that share descriptors, memory and the end of the program. Each has a stack of its own in the memory; the C
// library was built for one thread, so that threads call WASI directly. So does main: the linker lets each export of a
// command end as the program does, so that a thread that ends writes what lies in the C library's buffers.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int thread_spawn(void* start);

enum { kStack = 16384, kThreads = 8, kRounds = 200 };

struct start {
  char* stack;
  void (*run)(int tid, int number);
  int number;
  _Atomic int done;
};

__asm__(
    "\t.globaltype __stack_pointer, i32\n"
    "\t.functype run_thread (i32, i32) -> ()\n"
    "\t.export_name wasi_thread_start, wasi_thread_start\n"
    "\t.globl wasi_thread_start\n"
    "\t.type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    "\t.functype wasi_thread_start (i32, i32) -> ()\n"
    "\tlocal.get 1\n"
    "\ti32.load 0\n"
    "\tglobal.set __stack_pointer\n"
    "\tlocal.get 0\n"
    "\tlocal.get 1\n"
    "\tcall run_thread\n"
    "\tend_function\n");

__attribute__((used)) void run_thread(int tid, struct start* start) {
  start->run(tid, start->number);
  atomic_store(&start->done, tid);
  __builtin_wasm_memory_atomic_notify((int*)&start->done, ~0u);
}

static char stacks[kThreads][kStack] __attribute__((aligned(16)));
static struct start starts[kThreads];

static void check(int good, const char* what) {
  if (good) return;
  __wasi_ciovec_t part = {(const uint8_t*)what, strlen(what)};
  __wasi_size_t n;
  (void)!__wasi_fd_write(2, &part, 1, &n);
  __wasi_proc_exit(1);
}
#define CHECK(x) check(x, "failed: " #x "\n")

static int spawn(int slot, void (*run)(int, int)) {
  starts[slot] = (struct start){.stack = stacks[slot] + kStack, .run = run, .number = slot};
  const int tid = thread_spawn(&starts[slot]);
  CHECK(tid > 0);
  return tid;
}

static void join(int slot) {
  while (atomic_load(&starts[slot].done) == 0) {
    __builtin_wasm_memory_atomic_wait32((int*)&starts[slot].done, 0, -1);
  }
}

static __wasi_fd_t open_file(const char* name, int create) {
  __wasi_fd_t fd = 0;
  const __wasi_rights_t rights =
      __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_FILESTAT_GET;
  CHECK(__wasi_path_open(3, 0, name, create ? __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC : 0, rights, 0, 0, &fd) == 0);
  return fd;
}

static void write_text(__wasi_fd_t fd, const char* text) {
  __wasi_ciovec_t part = {(const uint8_t*)text, strlen(text)};
  __wasi_size_t n = 0;
  CHECK(__wasi_fd_write(fd, &part, 1, &n) == 0);
  CHECK(n == part.buf_len);
}

// Opening, closing and renumbering at the same time: each finds its own file at its own number.
static void use_files(int tid, int number) {
  (void)tid;
  char name[] = "file-x", text[] = "text of x", back[16];
  name[5] = text[8] = (char)('a' + number);
  for (int round = 0; round < kRounds; ++round) {
    __wasi_fd_t fd = open_file(name, 1);
    write_text(fd, text);
    const __wasi_fd_t other = open_file(name, 0);
    CHECK(__wasi_fd_renumber(other, fd) == 0);
    __wasi_iovec_t part = {(uint8_t*)back, sizeof back};
    __wasi_size_t n = 0;
    CHECK(__wasi_fd_read(fd, &part, 1, &n) == 0);
    CHECK(n == sizeof text - 1 && memcmp(back, text, n) == 0);
    CHECK(__wasi_fd_close(fd) == 0);
  }
}

static _Atomic int total;
static __wasi_fd_t shared_log;
static void write_log(int tid, int number) {
  (void)number;
  for (int round = 0; round < kRounds; ++round) write_text(shared_log, "0123456789\n");
  atomic_fetch_add(&total, tid);
}

static void add_up(int tid, int number) {
  (void)tid, (void)number;
  atomic_fetch_add(&total, 1);
}

// One closes what others use: they get an error, or the file, but never another one's.
static _Atomic int stop;
static void use_closed(int tid, int number) {
  (void)tid;
  char name[] = "file-x", byte;
  name[5] = (char)('a' + number);
  while (!atomic_load(&stop)) {
    __wasi_filestat_t stat;
    const __wasi_errno_t found = __wasi_fd_filestat_get(shared_log, &stat);
    CHECK(found == 0 || found == __WASI_ERRNO_BADF);
    __wasi_iovec_t part = {(uint8_t*)&byte, 1};
    __wasi_size_t n = 0;
    const __wasi_errno_t read = __wasi_fd_pread(shared_log, &part, 1, 0, &n);
    CHECK(read == 0 || read == __WASI_ERRNO_BADF);
  }
}

static void nested(int tid, int number) {
  if (number + 1 < kThreads) CHECK(spawn(number + 1, nested) > tid);
}

static void wait_forever(int tid, int number) {
  (void)tid, (void)number;
  static int word;
  for (;;) __builtin_wasm_memory_atomic_wait32(&word, 0, -1);
}

static void read_input(int tid, int number) {
  (void)tid, (void)number;
  char byte;
  __wasi_iovec_t part = {(uint8_t*)&byte, 1};
  __wasi_size_t n = 0;
  (void)!__wasi_fd_read(0, &part, 1, &n);
  CHECK(0);
}

static void end(int tid, int number) {
  (void)tid, (void)number;
  __wasi_proc_exit(5);
}

static void run_all(void (*run)(int, int)) {
  for (int i = 0; i < kThreads; ++i) spawn(i, run);
  for (int i = 0; i < kThreads; ++i) join(i);
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "return") == 0 || strcmp(mode, "exit") == 0) {
    // More than one thread reads the same pipe, which stays open.
    for (int i = 0; i < 4; ++i) spawn(i, i % 2 == 0 ? wait_forever : read_input);
    if (mode[0] == 'r') return 3;
    spawn(4, end);
    wait_forever(0, 0);
  }
  run_all(use_files);
  shared_log = open_file("log", 1);
  run_all(write_log);
  CHECK(total > 0);
  __wasi_filestat_t stat;
  CHECK(__wasi_fd_filestat_get(shared_log, &stat) == 0 && stat.size == 11ull * kRounds * kThreads);
  for (int i = 0; i < kThreads; ++i) spawn(i, use_closed);
  for (int round = 0; round < kRounds; ++round) {
    CHECK(__wasi_fd_close(shared_log) == 0);
    const __wasi_fd_t again = open_file("log", 0);
    CHECK(again == shared_log);
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < kThreads; ++i) join(i);
  for (int i = 0; i < kThreads; ++i) starts[i].done = 0;
  spawn(0, nested);
  for (int i = 0; i < kThreads; ++i) join(i);
  for (int round = 0; round < 1000; ++round) {
    spawn(0, add_up);
    join(0);
  }
  CHECK(total > 1000);
  write_text(1, "all threads have ended\n");
  return 0;
}
