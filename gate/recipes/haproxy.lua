-- Asks the gate about each request, and answers in its stead where the visitor is not let in. Needs HAProxy 2.5 or newer.

local IDENTITY = { "remote-user", "remote-name", "remote-email", "remote-groups", "x-dingpass-jwt" }
-- What the gate has to know of the request.
local PASSED = {
  "cookie", "origin", "accept", "accept-language", "upgrade", "user-agent", "purpose", "sec-purpose",
  "sec-fetch-mode", "sec-fetch-site", "sec-websocket-key", "x-forwarded-for",
}
-- Of an answer that a visitor gets.
local RETURNED = {
  "content-type", "location", "set-cookie", "cache-control", "retry-after", "content-security-policy",
  "referrer-policy", "x-content-type-options", "x-request-id", "vary",
}

-- HAProxy counts from 0.
local function list(values)
  local all = {}
  local at = 0
  while values and values[at] do
    all[#all + 1] = values[at]
    at = at + 1
  end
  return all
end

-- Cookies of the gate are none of the upstream's business.
local function withoutOwn(cookies)
  local kept = {}
  for pair in cookies:gmatch("[^;]+") do
    local name = pair:match("^%s*([^=]*)")
    if name:gsub("^__Host%-", ""):match("^dingpass%-[hb]") == nil then kept[#kept + 1] = pair end
  end
  return (table.concat(kept, ";"):gsub("^%s+", ""))
end

core.register_action("dingpass", { "http-req" }, function(txn, host, port)
  local sent = txn.http:req_get_headers()
  local headers = {
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-host"] = list(sent["host"]),
    ["x-forwarded-uri"] = { txn.f:pathq() },
  }
  for _, name in ipairs(PASSED) do
    local values = list(sent[name])
    if #values > 0 then headers[name] = values end
  end
  local url = "http://" .. host .. ":" .. port .. "/.dingpass/verify/forward-auth"
  local answer = core.httpclient():get{ url = url, headers = headers, timeout = 5000 }
  if answer and answer.status == 200 then
    for _, name in ipairs(IDENTITY) do
      txn.http:req_set_header(name, (answer.headers[name] or { [0] = "" })[0] or "")
    end
    local cookies = withoutOwn(table.concat(list(sent["cookie"]), "; "))
    txn.http:req_del_header("cookie")
    if cookies ~= "" then txn.http:req_add_header("cookie", cookies) end
    return
  end
  local reply = txn:reply{ status = answer and answer.status ~= 0 and answer.status or 503 }
  for _, name in ipairs(RETURNED) do
    for _, value in ipairs(list(answer and answer.headers and answer.headers[name])) do
      reply:add_header(name, value)
    end
  end
  reply:set_body(answer and answer.body or "")
  txn:done(reply)
end, 2)

-- An upstream may neither sign people out of the gate nor set cookies for other hosts.
core.register_action("dingpass_answer", { "http-res" }, function(txn)
  local cookies = list(txn.http:res_get_headers()["set-cookie"])
  txn.http:res_del_header("clear-site-data")
  txn.http:res_del_header("set-cookie")
  for _, cookie in ipairs(cookies) do
    txn.http:res_add_header("set-cookie", (cookie:gsub(";%s*[Dd][Oo][Mm][Aa][Ii][Nn]%s*=[^;]*", "")))
  end
end)
