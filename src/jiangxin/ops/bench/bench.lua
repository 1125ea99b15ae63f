-- wrk: ask the addresses of a file in turn (each once with ONCE=1), print one JSON line at the end.
-- With BODY each is a POST of BODY and the line's second word, by the session that is its third.
local lines = {}
local once = os.getenv("ONCE") == "1"
local body = os.getenv("BODY")
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  for line in io.lines(os.getenv("PATHS")) do lines[#lines + 1] = line end
  at = number + 1
  step = tonumber(os.getenv("THREADS"))
end

function request()
  local line = lines[at]
  at = at + step
  if at > #lines and not once then at = number + 1 end
  if line == nil then return wrk.format("GET", "/healthz") end
  if body then
    local path, revision, session = line:match("^(%S+) ?(%S*) ?(%S*)$")
    local headers = {}
    for key, value in pairs(wrk.headers) do headers[key] = value end
    headers["Cookie"] = "csrftoken=" .. (wrk.headers["X-CSRFToken"] or "") .. "; sessionid=" .. session
    return wrk.format("POST", path, headers, body .. revision)
  end
  return wrk.format("GET", line)
end

function done(summary, latency, requests)
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50":%f,"p95":%f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
