-- Asks the gate about each request, and answers in its stead where the visitor is not let in. Needs LuaSocket.

local http = require "socket.http"
local ltn12 = require "ltn12"

local GATE = "http://127.0.0.1:4180"
local IDENTITY = { "Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups", "X-Dingpass-Jwt" }
-- What the gate has to know of the request.
local PASSED = {
  "Cookie", "Origin", "Accept", "Accept-Language", "Upgrade", "User-Agent", "Purpose", "Sec-Purpose",
  "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-WebSocket-Key", "X-Forwarded-For",
}
-- Of an answer that a visitor gets.
local RETURNED = {
  "location", "set-cookie", "cache-control", "retry-after", "content-security-policy", "referrer-policy",
  "x-content-type-options", "x-request-id", "vary",
}

-- A visitor's own, however it is spelled: many upstreams take Remote_User for Remote-User.
local function forgetIdentity(r)
  for name in pairs(r:headers_in_table()) do
    local plain = name:lower():gsub("[^%w]", "-")
    if plain:find("^remote") or plain:find("auth%-request") or plain:find("dingpass") then r.headers_in[name] = nil end
  end
  -- A header that a visitor lists in Connection is not passed on: it could be the identity.
  local connection = (r.headers_in["Connection"] or ""):lower()
  local kept = {}
  for _, token in ipairs{ "close", "keep-alive", "upgrade" } do
    if connection:find(token, 1, true) then kept[#kept + 1] = token end
  end
  r.headers_in["Connection"] = #kept > 0 and table.concat(kept, ", ") or nil
end

function ask(r)
  -- As ProxyPass reads it, without dot segments: what begins so goes to the gate.
  if r.uri:sub(1, 11) == "/.dingpass/" then return apache2.OK end
  local headers = {
    ["X-Forwarded-Method"] = r.method,
    ["X-Forwarded-Proto"] = r.is_https and "https" or "http",
    ["X-Forwarded-Host"] = r.headers_in["Host"] or "",
    ["X-Forwarded-Uri"] = r.unparsed_uri,
  }
  for _, name in ipairs(PASSED) do headers[name] = r.headers_in[name] end
  local body = {}
  http.TIMEOUT = 5
  local sent, status, answered = http.request{
    url = GATE .. "/.dingpass/verify/forward-auth",
    headers = headers,
    redirect = false,
    sink = ltn12.sink.table(body),
  }
  forgetIdentity(r)
  if sent and status == 200 then
    for _, name in ipairs(IDENTITY) do r.headers_in[name] = answered[name:lower()] or "" end
    return apache2.OK
  end
  r.status = sent and status or 503
  for _, name in ipairs(RETURNED) do
    local value = answered and answered[name]
    if value then r.err_headers_out[name] = value end
  end
  r.content_type = answered and answered["content-type"] or "text/plain"
  r:write(table.concat(body))
  return apache2.DONE
end
