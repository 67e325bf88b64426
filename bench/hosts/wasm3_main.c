// A command-line host for the wasm3 library: runs a WASI command with just the calls that the bench kernels make.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "m3_env.h"
#include "wasm3.h"

enum { kSuccess = 0, kBadDescriptor = 8, kInvalid = 28, kUnsupported = 58, kStackSize = 1 << 20 };

static int guest_argc;
static char** guest_argv;

// Guest addresses that leave the memory: ends the run, since a kernel never passes one.
static void* guest(IM3Runtime runtime, uint32_t address, uint32_t size) {
  uint32_t memory_size = 0;
  uint8_t* memory = m3_GetMemory(runtime, &memory_size, 0);
  if (!memory || address > memory_size || size > memory_size - address) {
    fputs("wasm3_main: bad guest address\n", stderr);
    exit(3);
  }
  return memory + address;
}

static void store32(IM3Runtime runtime, uint32_t address, uint32_t value) {
  memcpy(guest(runtime, address, 4), &value, 4);
}

static uint32_t load32(IM3Runtime runtime, uint32_t address) {
  uint32_t value;
  memcpy(&value, guest(runtime, address, 4), 4);
  return value;
}

m3ApiRawFunction(args_sizes_get) {
  m3ApiReturnType(uint32_t);
  m3ApiGetArg(uint32_t, count);
  m3ApiGetArg(uint32_t, bytes);
  uint32_t total = 0;
  for (int i = 0; i < guest_argc; i++) total += (uint32_t)strlen(guest_argv[i]) + 1;
  store32(runtime, count, (uint32_t)guest_argc);
  store32(runtime, bytes, total);
  m3ApiReturn(kSuccess);
}

m3ApiRawFunction(args_get) {
  m3ApiReturnType(uint32_t);
  m3ApiGetArg(uint32_t, pointers);
  m3ApiGetArg(uint32_t, bytes);
  for (int i = 0; i < guest_argc; i++) {
    uint32_t size = (uint32_t)strlen(guest_argv[i]) + 1;
    store32(runtime, pointers + 4 * (uint32_t)i, bytes);
    memcpy(guest(runtime, bytes, size), guest_argv[i], size);
    bytes += size;
  }
  m3ApiReturn(kSuccess);
}

m3ApiRawFunction(fd_write) {
  m3ApiReturnType(uint32_t);
  m3ApiGetArg(uint32_t, fd);
  m3ApiGetArg(uint32_t, vectors);
  m3ApiGetArg(uint32_t, count);
  m3ApiGetArg(uint32_t, written);
  uint32_t total = 0;
  if (fd != 1 && fd != 2) m3ApiReturn(kBadDescriptor);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size = load32(runtime, vectors + 8 * i + 4);
    const void* bytes = guest(runtime, load32(runtime, vectors + 8 * i), size);
    if (size && write((int)fd, bytes, size) != (ssize_t)size) m3ApiReturn(kInvalid);
    total += size;
  }
  store32(runtime, written, total);
  m3ApiReturn(kSuccess);
}

m3ApiRawFunction(fd_fdstat_get) {
  m3ApiReturnType(uint32_t);
  m3ApiGetArg(uint32_t, fd);
  m3ApiGetArg(uint32_t, out);
  if (fd > 2) m3ApiReturn(kBadDescriptor);
  uint8_t* stat = guest(runtime, out, 24);
  memset(stat, 0, 24);
  stat[0] = 2;  // a character device, so that stdout is flushed as on a terminal or at exit
  memset(stat + 8, 0xff, 8);
  m3ApiReturn(kSuccess);
}

m3ApiRawFunction(clock_time_get) {
  m3ApiReturnType(uint32_t);
  m3ApiGetArg(uint32_t, clock);
  m3ApiGetArg(uint64_t, precision);
  m3ApiGetArg(uint32_t, out);
  struct timespec now;
  (void)precision;
  clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
  uint64_t value = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  memcpy(guest(runtime, out, 8), &value, 8);
  m3ApiReturn(kSuccess);
}

m3ApiRawFunction(proc_exit) {
  m3ApiGetArg(uint32_t, code);
  fflush(stdout);
  _exit((int)code);
}

// The end of the list of preopened directories; for the rest the answer that there is no such descriptor.
m3ApiRawFunction(bad_descriptor) {
  m3ApiReturnType(uint32_t);
  m3ApiReturn(kBadDescriptor);
}

static void fail(const char* what, const char* why) {
  fprintf(stderr, "wasm3_main: %s: %s\n", what, why);
  exit(3);
}

static void link_one(IM3Module module, const char* name, const char* signature, M3RawCall call) {
  M3Result result = m3_LinkRawFunction(module, "wasi_snapshot_preview1", name, signature, call);
  if (result && result != m3Err_functionLookupFailed) fail(name, result);
}

static void link_wasi(IM3Module module) {
  link_one(module, "args_sizes_get", "i(ii)", args_sizes_get);
  link_one(module, "args_get", "i(ii)", args_get);
  link_one(module, "fd_write", "i(iiii)", fd_write);
  link_one(module, "fd_fdstat_get", "i(ii)", fd_fdstat_get);
  link_one(module, "clock_time_get", "i(iIi)", clock_time_get);
  link_one(module, "proc_exit", "v(i)", proc_exit);
  link_one(module, "fd_close", "i(i)", bad_descriptor);
  link_one(module, "fd_seek", "i(iIii)", bad_descriptor);
  link_one(module, "fd_read", "i(iiii)", bad_descriptor);
  link_one(module, "fd_prestat_get", "i(ii)", bad_descriptor);
  link_one(module, "fd_prestat_dir_name", "i(iii)", bad_descriptor);
  link_one(module, "fd_fdstat_set_flags", "i(ii)", bad_descriptor);
  link_one(module, "fd_renumber", "i(ii)", bad_descriptor);
  link_one(module, "path_open", "i(iiiiiIIii)", bad_descriptor);
}

int main(int argc, char** argv) {
  if (argc < 2) fail("usage", "wasm3_main FILE.wasm [ARGUMENT...]");
  FILE* file = fopen(argv[1], "rb");
  if (!file) fail(argv[1], "cannot be opened");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint8_t* bytes = malloc((size_t)size);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) fail(argv[1], "cannot be read");
  fclose(file);
  guest_argc = argc - 1;
  guest_argv = argv + 1;
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, kStackSize, NULL);
  IM3Module module = NULL;
  IM3Function start = NULL;
  M3Result result = m3_ParseModule(environment, &module, bytes, (uint32_t)size);
  if (!result) result = m3_LoadModule(runtime, module);
  if (result) fail("load", result);
  link_wasi(module);
  result = m3_FindFunction(&start, runtime, "_start");
  if (!result) result = m3_CallV(start);
  if (result) fail("run", result);
  return 0;
}
