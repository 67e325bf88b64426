// A guest of the size of Lua for instances.cc: the interpreter with its libraries, and one call that does next to
// nothing. It imports nothing: what Lua would ask of WASI fails.
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#define EXPORT(name) __attribute__((export_name(#name)))

// The imports of wasi-libc, by the names that it has for them.
#define STUB(name, ...) \
  int __imported_wasi_snapshot_preview1_##name(__VA_ARGS__) { return 8; }  // EBADF
STUB(args_get, int a, int b)
STUB(args_sizes_get, int a, int b)
STUB(clock_time_get, int a, long long b, int c)
STUB(fd_close, int a)
STUB(fd_fdstat_get, int a, int b)
STUB(fd_fdstat_set_flags, int a, int b)
STUB(fd_prestat_get, int a, int b)
STUB(fd_prestat_dir_name, int a, int b, int c)
STUB(fd_read, int a, int b, int c, int d)
STUB(fd_renumber, int a, int b)
STUB(fd_seek, int a, long long b, int c, int d)
STUB(fd_write, int a, int b, int c, int d)
STUB(path_open, int a, int b, int c, int d, int e, long long f, long long g, int h, int i)
_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int code) { __builtin_trap(); }

static int calls = 0;

/// Writes n as decimal digits on the stack and gives their hash; and counts, in a page of its own, how often this
/// instance was called.
EXPORT(hash)
int hash(int n) {
  char digits[16];
  int size = 0;
  for (unsigned rest = (unsigned)n; rest != 0 || size == 0; rest /= 10) digits[size++] = (char)('0' + rest % 10);
  unsigned h = (unsigned)size;
  for (int i = 0; i < size; ++i) h ^= (h << 5) + (h >> 2) + (unsigned char)digits[i];
  return (int)(h + (unsigned)calls++);
}

/// Runs a chunk in a new state of Lua: its number.
EXPORT(sum)
int sum(int n) {
  static const char script[] = "local n, s = ..., 0 for i = 1, n do s = s + #string.format('%d', i) end return s";
  lua_State* state = luaL_newstate();
  if (!state) return -1;
  luaL_requiref(state, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(state, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(state, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(state, LUA_MATHLIBNAME, luaopen_math, 1);
  lua_settop(state, 0);
  if (luaL_loadbuffer(state, script, sizeof script - 1, "=script") != LUA_OK) return -2;
  lua_pushinteger(state, n);
  if (lua_pcall(state, 1, 1, 0) != LUA_OK) return -3;
  const int result = (int)lua_tointeger(state, -1);
  lua_close(state);
  return result;
}
