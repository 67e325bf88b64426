// Runs the Lua script below with the base, table, string and math libraries (coroutines need setjmp); the script prints
// its checksum.
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
    "local size = ...\n"
    "local function words(count)\n"
    "  local list, state = {}, 42\n"
    "  for i = 1, count do\n"
    "    state = (state * 1103515245 + 12345) % 2147483648\n"
    "    list[i] = string.format('w%x-%d', state % 4096, i % 17)\n"
    "  end\n"
    "  return list\n"
    "end\n"
    "local function count_words(list)\n"
    "  local counts = {}\n"
    "  for _, word in ipairs(list) do\n"
    "    local stem = word:match('^(w%x+)%-')\n"
    "    counts[stem] = (counts[stem] or 0) + #word\n"
    "  end\n"
    "  return counts\n"
    "end\n"
    "local function compose(f, g) return function(x) return f(g(x)) end end\n"
    "local function pipeline(steps)\n"
    "  local all = function(x) return x end\n"
    "  for i = 1, steps do all = compose(function(x) return (x * 3 + i) % 65521 end, all) end\n"
    "  return all\n"
    "end\n"
    "local Point = {}\n"
    "Point.__index = Point\n"
    "Point.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, Point) end\n"
    "function Point:norm() return self.x * self.x + self.y * self.y end\n"
    "local function sieve(limit)\n"
    "  local composite, count = {}, 0\n"
    "  for i = 2, limit do\n"
    "    if not composite[i] then\n"
    "      count = count + 1\n"
    "      for j = i * i, limit, i do composite[j] = true end\n"
    "    end\n"
    "  end\n"
    "  return count\n"
    "end\n"
    "local list = words(size)\n"
    "local counts = count_words(list)\n"
    "local keys = {}\n"
    "for key in pairs(counts) do keys[#keys + 1] = key end\n"
    "table.sort(keys, function(a, b) if counts[a] ~= counts[b] then return counts[a] > counts[b] end return a < b "
    "end)\n"
    "local text = table.concat(keys, ',', 1, math.min(#keys, 500)):upper():gsub('W', 'v'):rep(3)\n"
    "local hash = 0\n"
    "for i = 1, #text do hash = (hash * 31 + text:byte(i)) % 4294967291 end\n"
    "local through = pipeline(20)\n"
    "local total = 0\n"
    "for i = 1, size do total = total + through(i) end\n"
    "local sum = setmetatable({x = 0, y = 0.5}, Point)\n"
    "for i = 1, size * 4 do sum = sum + setmetatable({x = i, y = 1 / i}, Point) end\n"
    "print(string.format('lua %d %d %d %.6f %d', #keys, hash, total, sum:norm(), sieve(size * 8)))\n";

static void open_library(lua_State* state, const char* name, lua_CFunction opener) {
  luaL_requiref(state, name, opener, 1);
  lua_pop(state, 1);
}

int main(int argc, char** argv) {
  int size = argc > 1 ? atoi(argv[1]) : 15000;
  lua_State* state = luaL_newstate();
  if (!state) return 2;
  open_library(state, LUA_GNAME, luaopen_base);
  open_library(state, LUA_TABLIBNAME, luaopen_table);
  open_library(state, LUA_STRLIBNAME, luaopen_string);
  open_library(state, LUA_MATHLIBNAME, luaopen_math);
  if (luaL_loadbuffer(state, script, sizeof script - 1, "=script") != LUA_OK) {
    puts(lua_tostring(state, -1));
    return 1;
  }
  lua_pushinteger(state, size);
  lua_call(state, 1, 0);
  lua_close(state);
  return 0;
}
