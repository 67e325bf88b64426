-- What Lua's own command runs: coroutines, errors caught and not, closing variables, goto, patterns, files, integers.
print(_VERSION, ...)
local function producer()
  return coroutine.wrap(function()
    for i = 1, 3 do
      local reply = coroutine.yield(i * i)
      print("reply", reply)
    end
    return "done"
  end)
end
local next_value = producer()
print(next_value(), next_value("a"), next_value("b"), next_value("c"))

print(select(2, pcall(error, { code = 42 })).code)
print(pcall(function() local x = nil; return x.field end))
print(select(2, xpcall(function() error("deep", 2) end, function(m) return "handled: " .. tostring(m) end)))
local function nested(n)
  if n == 0 then error("bottom") end
  local ok, message = pcall(nested, n - 1)
  error(message .. "<" .. n, 0)
end
print(pcall(nested, 5))
do
  local closed = {}
  local ok = pcall(function()
    local a <close> = setmetatable({}, { __close = function(_, e) closed[#closed + 1] = "a:" .. tostring(e) end })
    local b <close> = setmetatable({}, { __close = function(_, e) closed[#closed + 1] = "b:" .. tostring(e) end })
    error("boom", 0)
  end)
  print(ok, table.concat(closed, " "))
end
local function overflow() return 1 + overflow() end
print(pcall(overflow) == false)

local crossing = coroutine.create(function()
  local ok, value = pcall(function() return coroutine.yield("inside pcall") + 1 end)
  print("resumed", ok, value)
  error("from a coroutine")
end)
print(coroutine.resume(crossing))
print(coroutine.resume(crossing, 41))
print(coroutine.status(crossing))

local words = {}
for line in io.lines("/work/LICENSE") do
  for word in line:gmatch("%a+") do words[word:lower()] = (words[word:lower()] or 0) + 1 end
end
local sorted = {}
for word, count in pairs(words) do sorted[#sorted + 1] = ("%3d %s"):format(count, word) end
table.sort(sorted, function(a, b) return a > b end)
print(sorted[1], sorted[2], sorted[3])
print(("key = value; other=thing"):gsub("(%w+)%s*=%s*(%w+)", "%2->%1"))
print(math.maxinteger // -1, math.mininteger, 7 // -2, 7 % -3, -7.5 % 2, 1 << 63, 3 | 5.0, "10" + 5)
print(string.pack("<i4z", 7, "text"):byte(1, -1))
print(string.format("%q %5.2f %x %s", "line\n", 3.14159, 255, { 1 } ~= nil))
print(utf8.char(72, 228, 9731), utf8.len("naïve ☃"))
local file = assert(io.open("/scratch/note.txt", "w"))
file:write("1e3\n", 2, "\n", 3.5, "\n"):close()
for number in io.lines("/scratch/note.txt", "n") do print(number) end
local sum = 0
for i = 1, 200000 do
  local t = { i, tostring(i) }
  sum = (sum + t[1] * #t[2]) % 1000003
end
print(sum, collectgarbage("count") > 10)
print(load("return 1 +"))
os.exit(5)
