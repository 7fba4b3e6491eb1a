-- Asks the broker about one request, for haproxy.cfg: sets txn.broker_status and, with a verdict, what it said.
--
-- Anything but a clear yes is a no: no answer becomes 503, an unknown status is denied by haproxy.cfg.

local BROKER = "http://127.0.0.1:8787/verify/notes"
local CREDENTIAL = "the credential of the resource"

local SAID = {
    broker_user = "x-broker-user",
    broker_client = "x-broker-client",
    broker_scopes = "x-broker-scopes",
    broker_assertion = "x-broker-assertion",
    broker_challenge = "www-authenticate",
}

-- Every value of a request header. Two tokens are nobody's token.
local function values(headers, name)
    local found = {}
    for _, value in pairs(headers[name] or {}) do
        found[#found + 1] = value
    end
    return found
end

core.register_action("broker_verdict", { "http-req" }, function(txn)
    local asked = {
        ["x-broker-credential"] = { CREDENTIAL },
        ["x-forwarded-method"] = { txn.f:method() },
        ["x-forwarded-uri"] = { txn.f:pathq() },
        ["x-forwarded-host"] = { txn.f:req_hdr("host") or "" },
    }
    local tokens = values(txn.http:req_get_headers(), "authorization")
    if #tokens > 0 then
        asked["authorization"] = tokens
    end
    local answer = core.httpclient():get({ url = BROKER, headers = asked, timeout = 5000 })
    if answer == nil or answer.status == nil or answer.status == 0 or answer.status >= 500 then
        txn:set_var("txn.broker_status", 503)
        return
    end
    txn:set_var("txn.broker_status", answer.status)
    for variable, name in pairs(SAID) do
        local value = answer.headers and answer.headers[name] and answer.headers[name][0]
        if value ~= nil then
            txn:set_var("txn." .. variable, value)
        end
    end
end, 0)
