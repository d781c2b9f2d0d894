-- Tables, strings, coroutines, finalizers and the collector, which frees nearly all that it makes.
local parts = {}
for i = 1, 50000 do
    parts[#parts + 1] = { name = "part" .. i % 977, weight = i * 31 % 1009, tags = { i, i + 1, tostring(i) } }
    if i % 5 == 0 then parts[#parts] = nil end
end
table.sort(parts, function(a, b)
    if a.weight ~= b.weight then return a.weight < b.weight end
    return a.tags[1] < b.tags[1]
end)
print(#parts, parts[1].name, parts[#parts].name)

local pieces = {}
for _, part in ipairs(parts) do pieces[#pieces + 1] = part.name:rep(part.weight % 5):gsub("%d", "<%0>") end
local text = table.concat(pieces, ",")
print(#text, select(2, text:gsub("part", "")))

local ended = 0
for i = 1, 2000 do setmetatable({ i }, { __gc = function() ended = ended + 1 end }) end
collectgarbage() collectgarbage()
print(ended)

local function walk(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(("x"):rep(i)) end end) end
local length = 0
for i = 1, 200 do for piece in walk(i) do length = length + #piece end end
print(length)
