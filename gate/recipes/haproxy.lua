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

local function list(values)
  local all = {}
  for _, value in pairs(values or {}) do all[#all + 1] = value end
  return all
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
    -- Always set, so that what a visitor sent under these names is overwritten.
    for _, name in ipairs(IDENTITY) do
      txn.http:req_set_header(name, (answer.headers[name] or { [0] = "" })[0] or "")
    end
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
