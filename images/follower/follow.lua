-- Leads to the member of a PostgreSQL server that takes writes: the one that the marker names, once it says itself that
-- it does. Sessions of any other are cut: what they hold isn't the primary any more. Read-only sessions lead to the
-- others, as far as these answer.

local FOLDER = "/members/"
local PAUSE = 50 -- milliseconds

local function number(path)
    local file = io.open(FOLDER .. path)
    if file == nil then
        return nil
    end
    local found = file:read("n")
    file:close()
    return found
end

local function serving()
    local named = number("primary")
    return named ~= nil and named == number("current/number") and named or nil
end

local function lead(backend, wanted)
    for name, server in pairs(core.backends[backend].servers) do
        if wanted(tonumber(name:match("%d+"))) then
            server:set_ready()
        else
            server:set_maint()
            server:shut_sess()
        end
    end
end

core.register_task(function()
    local before = false
    while true do
        local now = serving()
        if now ~= before then
            lead("primary", function(member) return member == now end)
            lead("standby", function(member) return now ~= nil and member ~= now end)
            before = now
        end
        core.msleep(PAUSE)
    end
end)
