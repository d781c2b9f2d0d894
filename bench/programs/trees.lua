-- Binary trees, strings and tables that come and go. The argument is the number of turns.
local turns = tonumber(arg[1])

local function grow(depth)
    if depth == 0 then return {} end
    return { grow(depth - 1), grow(depth - 1) }
end

local function count(tree)
    if not tree[1] then return 1 end
    return 1 + count(tree[1]) + count(tree[2])
end

local kept = grow(14)
for turn = 1, turns do
    local nodes = 0
    for depth = 4, 12, 4 do
        for _ = 1, 1 << (12 - depth) do nodes = nodes + count(grow(depth)) end
    end
    local pieces = {}
    for i = 1, 8000 do pieces[#pieces + 1] = ("%d:%s"):format(i, ("x"):rep(i * turn % 61)) end
    local text = table.concat(pieces, ",")
    local seen, different = {}, 0
    for piece in text:gmatch("[^,]+") do
        local key = piece:sub(-9)
        if not seen[key] then different = different + 1 end
        seen[key] = (seen[key] or 0) + 1
    end
    print(turn, nodes, #text, different)
end
print(count(kept))
