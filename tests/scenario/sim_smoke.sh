#!/bin/bash
# sim_smoke.sh - vllm-sim keeps the wire behaviour of vllm serve, and breaks it in each of the ways it promises
#
# Other suites believe what the simulator does; this one looks, with curl.
set -u

SIM=${VLLM_SIM:?}
dir=$(mktemp -d)
pid='' url='' passed=0 failed=0
trap 'stop; rm -rf "$dir"' EXIT

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$dir/check" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name ($*): rc=${rc:-} status=${status:-}"
		head -c 600 "$dir/check" "$dir/body" 2>/dev/null
		echo
	fi
}

eventually() { # COMMAND...: true within ten seconds
	local i
	for i in $(seq 200); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

stop() {
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid"
	code=$?
	pid=''
}

start() { # OPTION...
	stop
	: >"$dir/out"
	"$SIM" --port 0 --ledger "$dir/ledger" "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	eventually grep -q '^listening on' "$dir/out" || { cat "$dir/err"; exit 1; }
	url=$(sed -n 's/^listening on //p' "$dir/out")
	port=${url##*:}
}

schema='{"type":"json_schema","json_schema":{"name":"verdict","schema":{"type":"object","properties":{"reasoning":{"type":"string"},"risk_factors":{"type":"array"},"detected_brands":{"type":"array"},"is_phishing":{"type":"boolean"},"confidence":{"type":"number"},"risk_level":{"type":"string"}}}}}'

body_for() { # DOMAIN [MORE]
	printf '{"model":"real","messages":[{"role":"system","content":"Judge."},{"role":"user","content":"Domain: %s"}],"response_format":%s%s}' \
		"$1" "$schema" "${2:-}"
}

get() { # PATH [CURL OPTION...]
	local path=$1
	shift
	status=$(curl -s -o "$dir/body" -D "$dir/head" -w '%{http_code}' --max-time 20 "$@" "$url$path")
	rc=$?
}

post() { # JSON [CURL OPTION...]
	local json=$1
	shift
	: >"$dir/body"
	status=$(curl -s -o "$dir/body" -D "$dir/head" -w '%{http_code}' --max-time 20 -H 'Content-Type: application/json' \
		--data-binary "$json" "$@" "$url/v1/chat/completions")
	rc=$?
}

ask() { # DOMAIN [CURL OPTION...]
	local domain=$1
	shift
	post "$(body_for "$domain")" "$@"
}

faults() { # JSON
	curl -s -o "$dir/faults" -f --data-binary "$1" "$url/sim/faults" || { echo "faults $1 refused"; exit 1; }
}

has() { grep -qF -- "$1" "$dir/body"; }
lacks() { ! has "$1"; }
is() { [ "$1" = "$2" ]; }
stat() { curl -s "$url/sim/stats" | sed "s/.*\"$1\":\([0-9.]*\).*/\1/"; }
stat_is() { [ "$(stat "$1")" = "$2" ]; }
metric() { curl -s "$url/metrics" | awk -v name="vllm:$1" 'index($0, name "{") == 1 { print $2; exit }'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
ledger_has() { tail -n 1 "$dir/ledger" | grep -qF -- "$1"; }

# ---- the plain server

start --model real --model nonce-1 --root /models/real --instant --pid-file "$dir/pid" --max-model-len 1000
check 'pid file' is "$(cat "$dir/pid")" "$pid"
get /health
check 'health is 200' is "$status" 200
check 'health is empty' is "$(wc -c <"$dir/body")" 0
get /ping -X POST
check 'ping can be posted' is "$status" 200
get /version
check 'version' has '{"version":"0.32.0"}'
get /load
check 'load' has '{"server_load":0}'
get /v1/models
check 'both names, one root' is "$(grep -o '"root":"/models/real"' "$dir/body" | wc -l)" 2
check 'the real name is first' grep -q '^{"object":"list","data":\[{"id":"real"' "$dir/body"
check 'the length is told' has '"max_model_len":1000'
get /nope
check 'unknown path' has '{"detail":"Not Found"}'
check 'unknown path is 404' is "$status" 404
get /v1/chat/completions
check 'wrong method is 405' is "$status" 405

ask secure-login-paypal.com
check 'chat is 200' is "$status" 200
check 'a chat completion' has '"object":"chat.completion"'
check 'it ended by itself' has '"finish_reason":"stop"'
check 'usage' grep -q '"usage":{"prompt_tokens":[1-9]' "$dir/body"
check 'properties in the order of the schema' grep -q 'reasoning.*risk_factors.*detected_brands.*is_phishing.*confidence.*risk_level' "$dir/body"
check 'the opinion is the one --opinion prints' has "is_phishing\\\":$(echo secure-login-paypal.com | "$SIM" --opinion - | cut -f2)"
post "$(body_for a.example ',"seed":7' | sed 's/"real"/"nonce-1"/')" -H 'X-Request-Id: my-7'
check 'the first name answers for all' has '"model":"real"'
check 'the id is ours' has '"id":"chatcmpl-my-7"'
check 'the header is not echoed' is "$(grep -ci x-request-id "$dir/head")" 0
check 'the ledger has the id' ledger_has '"id":"chatcmpl-my-7"'
post "$(body_for a.example ',"request_id":"b-8"')"
check 'the id may be in the body' has '"id":"chatcmpl-b-8"'

post '{"bad'
check 'broken JSON is 400' is "$status" 400
check 'broken JSON has its type' has '"type":"Bad Request"'
post "$(body_for a.example | sed 's/"real"/"nope"/')"
check 'unknown model is 404' is "$status" 404
check 'and says what there is' has 'The model `nope` does not exist. Valid aliases: real, nonce-1.'
post "$(body_for a.example ',"max_tokens":0')"
check 'no tokens is 400' is "$status" 400
post "$(body_for a.example ',"max_tokens":5000')"
check 'too many tokens is 400' has 'max_tokens=5000 cannot be greater than max_model_len=1000'
post "$(body_for a.example ',"max_tokens":5')"
check 'few tokens cut the answer' has '"finish_reason":"length"'
check 'few tokens are all used' has '"completion_tokens":5'
post "$(body_for "$(printf '%04000d' 0).example")"
check 'a long prompt is 400' is "$status" 400
check 'a long prompt has vLLM words' has "This model's maximum context length is 1000 tokens"
post "$(body_for a.example | sed 's/"boolean"/"nonsense"/')"
check 'a bad schema is 400' has 'Unsupported type \"nonsense\"'
post '{"messages":[{"role":"user","content":"Domain: a.example"}]}'
check 'no schema, no bare JSON' has '```json'
post "$(body_for a.example ',"stream":true,"stream_options":{"include_usage":true}')"
check 'a stream ends with DONE' is "$(grep -c '^data: \[DONE\]' "$dir/body")" 1
check 'a stream has a usage chunk without choices' has '"choices":[],"usage"'

# ---- connections

check 'a connection is kept' is "$(curl -s -o /dev/null -w '%{num_connects}' "$url/health" -o /dev/null "$url/version")" 10
get /health -H 'Connection: close'
check 'close is close' grep -qi '^connection: close' "$dir/head"
get /health --http1.0
check '1.0 is served' is "$status" 200
post "$(body_for a.example)" -H 'Expect: 100-continue'
check '100-continue' is "$status" 200
post "$(body_for a.example)" -H 'Transfer-Encoding: chunked'
check 'a chunked body' is "$status" 200
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'nonsense\r\n\r\n' >&3
check 'nonsense is refused and closed' is "$(timeout 10 cat <&3 | tail -n 1)" 'Invalid HTTP request received.'
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /version HTTP/1.1\r\n\r\nGET /load HTTP/1.1\r\nConnection: close\r\n\r\n' >&3
check 'two requests at once are answered in order' is "$(timeout 10 cat <&3 | grep -c '^{"[vs]er')" 2
stop
check 'SIGTERM is exit 0' is "$code" 0
check 'the pid file goes' test ! -e "$dir/pid"

start --keepalive 200 --instant --api-key s3cret --enable-request-id-headers --model real
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /health HTTP/1.1\r\n\r\n' >&3
check 'an idle connection is closed' timeout 10 cat <&3
exec 3<>"/dev/tcp/127.0.0.1/$port"
timeout 0.6 cat <&3
check 'one that never asked is not' is "$?" 124
exec 3>&-
ask a.example
check 'no key is 401' is "$status" 401
check 'the 401 is a string' has '{"error":"Unauthorized"}'
get /v1/models -H 'Authorization: Bearer wrong'
check 'a wrong key is 401' is "$status" 401
get /health
check 'health needs no key' is "$status" 200
ask a.example -H 'Authorization: Bearer s3cret' -H 'X-Request-Id: r-1'
check 'the key opens' is "$status" 200
check 'the header is echoed when asked' grep -qi '^x-request-id: r-1' "$dir/head"

# ---- the batch

start --time-scale 0.3 --model real --max-num-seqs 4
clients=''
for i in 1 2 3 4 5 6; do
	body_for "d$i.example" >"$dir/d$i"
	curl -s -o "$dir/answer$i" --data-binary "@$dir/d$i" "$url/v1/chat/completions" &
	clients="$clients $!"
done
check 'four run' eventually metric_is num_requests_running 4
check 'two wait' eventually metric_is num_requests_waiting 2
wait $clients
check 'all six are answered' is "$(grep -l '"finish_reason":"stop"' "$dir"/answer? | wc -l)" 6
check 'six stops' is "$(curl -s "$url/metrics" | sed -n 's/^vllm:request_success_total{finished_reason="stop".* //p')" 6.0
check 'the running gauge is back' metric_is num_requests_running 0

faults '{"hang":1}'
ask gone.example --max-time 0.3
check 'its client leaving frees the slot' eventually stat_is running 0
check 'the ledger calls it disconnected' ledger_has '"outcome":"disconnected"'
faults '{"hang":0,"freeze":true,"ignore-disconnect":true}'
ask ghost.example --max-time 0.3
check 'a frozen engine does not answer' is "$rc" 28
get /health
check 'a frozen engine is healthy' is "$status" 200
check 'its metrics stand still' metric_is num_requests_waiting 0
check 'a ghost keeps its place' stat_is waiting 1
faults '{"freeze":false}'
check 'metrics go on' metric_is num_requests_running 1
check 'the ghost is computed' eventually stat_is running 0
check 'for nobody' ledger_has '"outcome":"computed for nobody"'

# ---- answers that fail

start --time-scale 0.001 --model real
once() { # FAULTS JSON: one attempt under it, then all is well again
	faults "$1"
	ask "${2:-a.example}"
}
once '{"fail-500":1}'
check '500' is "$status" 500
check '500 has a body' has '"type":"InternalServerError","param":null,"code":500'
check '500 is in the ledger' ledger_has '"outcome":"failed","fault":"fail-500","status":500'
once '{"error-body":"old"}'
check 'old bodies are flat' grep -q '^{"object":"error","message"' "$dir/body"
once '{"error-body":"text"}'
check 'text bodies' is "$(cat "$dir/body")" 'Internal Server Error'
once '{"error-body":"empty"}'
check 'empty bodies' is "$(wc -c <"$dir/body")" 0
once '{"error-body":"new","fail-500":0,"cut-body":1}'
check 'a cut body' is "$rc" 18
check 'a cut body was 200' is "$status" 200
check 'a cut body in the ledger' ledger_has '"outcome":"cut","fault":"cut-body"'
once '{"cut-body":0,"empty-reply":1}'
check 'an empty reply' is "$rc" 52
once '{"empty-reply":0,"reset":1}'
check 'a reset' is "$rc" 56
check 'a reset in the ledger' ledger_has '"outcome":"reset"'
once '{"reset":0,"malformed":1}'
check 'malformed is 200 and stop' has '"finish_reason":"stop"'
check 'malformed ends wrongly' has 'oops'
once '{"malformed":0,"finish-length":1}'
check 'length' has '"finish_reason":"length"'
once '{"finish-length":0,"finish-abort":1}'
check 'abort is 200' is "$status" 200
check 'abort' has '"finish_reason":"abort"'
once '{"finish-abort":0,"empty":1}'
check 'empty is 200' is "$status" 200
check 'empty' grep -qE '"content":(null|"")' "$dir/body"
once '{"empty":0,"wrong-schema":1}'
check 'wrong schema is stop' has '"finish_reason":"stop"'
once '{"wrong-schema":0,"status-mix":"429:0.5,502:0.5"}'
check 'a status mix' grep -qE '^(429|502)$' <<<"$status"
once '{"status-mix":"","max-queued":0}'
check 'an empty queue takes one' is "$status" 200
faults '{"max-queued":-1,"hang":1}'
ask h.example --max-time 0.5
check 'a hang' is "$rc" 28
get /health
check 'a hang is healthy' is "$status" 200
faults '{"hang":0,"always-fail":["bad.example"],"hang-once":["once.example"],"hang-domain":["never.example"],"context-domain":["long.example"]}'
ask bad.example
check 'always' is "$status" 500
ask bad.example
check 'and again' is "$status" 500
ask once.example --max-time 0.3
check 'once' is "$rc" 28
ask once.example
check 'and then not' is "$status" 200
ask never.example --max-time 0.3
check 'never' is "$rc" 28
ask never.example --max-time 0.3
check 'and never again' is "$rc" 28
ask long.example
check 'a context error' has 'maximum context length is 4096 tokens'
check 'a context error is 400' is "$status" 400
ask good.example
check 'the others are well' is "$status" 200
check 'a bad switch is 400' is "$(curl -s -o /dev/null -w '%{http_code}' -d '{"cut-body":7}' "$url/sim/faults")" 400
check 'an unknown switch is 400' is "$(curl -s -o /dev/null -w '%{http_code}' -d '{"cut-boddy":0}' "$url/sim/faults")" 400

# ---- answers that differ

once '{"ignore-schema":true}'
check 'free text' lacks '{\"'
once '{"ignore-schema":false,"think-text":true}'
check 'thoughts first' has '"content":"<think>'
once '{"think-text":false,"content-in-reasoning":true}'
check 'the answer is in reasoning' grep -q '"content":null.*"reasoning":"{' "$dir/body"
once '{"reasoning-field":"reasoning_content"}'
check 'or in reasoning_content' has '"reasoning_content":"{'
once '{"content-in-reasoning":false,"constant-answer":true}'
first=$(grep -o '"content".*is_phishing[^,]*,[^,]*' "$dir/body" | sed 's/.*is_phishing//')
ask bbc.co.uk
check 'always the same' has "$first"
faults '{"constant-answer":false}'

# ---- a server that fails

faults '{"health-status":503}'
get /health
check 'health 503' is "$status" 503
faults '{"health-status":200,"health-latency":300000}' # 0.3 s after scaling
check 'a late health' awk -v t="$(curl -s -o /dev/null -w '%{time_total}' "$url/health")" 'BEGIN { exit !(t >= 0.29) }'
faults '{"health-latency":0,"health-latency-under-load":2000000,"hang":1}'
check 'idle it is not late' is "$(curl -s -o /dev/null -w '%{http_code}' --max-time 1.5 "$url/health")" 200
ask h.example --max-time 15 &
client=$!
eventually stat_is running 1
check 'under load it is' awk -v t="$(curl -s -o /dev/null -w '%{time_total}' "$url/health")" 'BEGIN { exit !(t >= 1.9) }'
faults '{"health-latency-under-load":0,"away-after":0,"away-for":500000}'
wait "$client" # reset, long before its own limit
check 'away: refused' eventually sh -c "! curl -s -o /dev/null $url/health"
check 'away: the open request is reset' ledger_has '"outcome":"dropped"'
check 'away: it comes back' eventually curl -sf -o /dev/null "$url/health"
faults '{"hang":0,"metrics":"old"}'
get /metrics
check 'old names' has 'vllm:gpu_cache_usage_perc{model_name="real"}'
faults '{"metrics":"none"}'
get /metrics
check 'no metrics' is "$status" 404
faults '{"metrics":"frozen"}'
before=$(metric generation_tokens_total)
ask a.example
check 'frozen metrics' metric_is generation_tokens_total "$before"
faults '{"metrics":"new"}'
check 'they were only frozen' is "$(awk -v a="$before" -v b="$(metric generation_tokens_total)" 'BEGIN { print (b > a) }')" 1

faults '{"hang":1,"max-queued":1}'
clients=''
for i in 1 2 3 4 5 6 7 8 9; do
	curl -s -o /dev/null --max-time 20 --data-binary "@$dir/d1" "$url/v1/chat/completions" &
	clients="$clients $!"
done
eventually stat_is waiting 1
ask full.example
check 'a full queue is 503' is "$status" 503
check 'with the type of vLLM' has '"type":"Service Unavailable"'
check 'without Retry-After' is "$(grep -ci retry-after "$dir/head")" 0

start --exit-after 2 --exit-code 7 --instant --model real
ask a.example
ask b.example
check 'the last answer arrives' is "$status" 200
wait "$pid"
check 'it exits as told' is "$?" 7
pid=''

start --exit-on poison.example --exit-code 3 --instant --model real
ask poison.example
check 'poison gets no answer' is "$rc" 56
wait "$pid"
check 'poison ends the server' is "$?" 3
pid=''
check 'the ledger knows of what it died' ledger_has '"outcome":"died","fault":"exit-on"'

stop
"$SIM" --port 0 --load-time 400 >"$dir/out" 2>"$dir/err" &
pid=$!
eventually grep -q '^loading' "$dir/out"
url=$(sed -n 's/^loading, bound to //p' "$dir/out")
curl -s "$url/health"
check 'while it loads it refuses' is "$?" 7
check 'then it is there' eventually curl -sf "$url/health"

"$SIM" --port "${url##*:}" 2>"$dir/body"
check 'a taken port is exit 1' is "$?" 1
check 'and says so' has 'Address already in use'
"$SIM" --prot 1 2>"$dir/body"
check 'an unknown option is exit 2' is "$?" 2
"$SIM" --help >"$dir/body"
check 'the work of a domain is printed' grep -qE '^a.example	[0-9.]+$' <(echo a.example | "$SIM" --work -)
check 'help lists the failures' has '--hang-once D|@FILE'
readme=$(dirname "$0")/../sim/README.md
for option in $(sed -n 's/^  \(--[a-z0-9-]*\) .*/\1/p' "$dir/body"); do
	check "README.md knows $option" grep -qE "^\| .$option[ \`]" "$readme"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
