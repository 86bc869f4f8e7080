#!/bin/bash
# sim_process.sh - `vllm-sim serve` starts, fails, hangs and dies as the real processes do (llm-servers A1-A4)
set -u

SIM=${VLLM_SIM:?}
dir=$(mktemp -d)
passed=0 failed=0 pid='' tree=''
export SIM_GPUS=$dir/gpus
mkdir "$SIM_GPUS"
echo '{"gpus":[{"index":0,"uuid":"GPU-a","name":"NVIDIA H200","total_mib":143771}]}' >"$SIM_GPUS/gpus.json"
trap 'end; rm -rf "$dir"' EXIT

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$dir/check" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name ($*)"
		tail -n 5 "$dir/log"
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

is() { [ "$1" = "$2" ]; }
logged() { grep -aqF -- "$1" "$dir/log"; }
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status"; }
gone() { ! alive "$1"; }
titled() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "$2"; }
one() { # TITLE: its pid, among what we started
	local p
	for p in $tree; do titled "$p" "$1" && echo "$p" && return; done
}
look() { tree=$(pgrep -s "$pid"); }

end() { # only what this suite started
	local p
	for p in $tree $pid; do kill -9 "$p" 2>/dev/null; done
	[ -n "$pid" ] && wait "$pid" 2>/dev/null
	pid='' tree=''
}

serve() { # OPTION...: without waiting
	end
	rm -f "$dir/pid"
	# Its own session, and still our child: its exit status counts.
	setsid "$SIM" serve Org/Model --port 0 --time-scale 0.01 --pid-file "$dir/pid" "$@" >"$dir/log" 2>&1 &
	pid=$!
}

up() { # OPTION...
	serve "$@"
	eventually logged 'Application startup complete' || echo 'never up'
	eventually logged 'listening on'
	url=$(sed -n 's/^listening on //p' "$dir/log")
	look
}

ask() { # ID
	curl -s -m 20 -w ' %{http_code}' -H "X-Request-Id: $1" "$url/v1/chat/completions" \
		-d '{"messages":[{"role":"user","content":"Domain: a.example"}]'"${2:-}}"
}
status_is() { is "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url$2")" "$1"; }
ended() { wait "$pid"; is "$?" "$1"; }

# ---- a start

up --served-model-name Real nonce-7 --max-model-len 2048 --dtype bfloat16 --enforce-eager --load-time 20000
check 'both names' grep -q '"id":"Real".*"id":"nonce-7"' <(curl -s "$url/v1/models")
check 'the root is the model' grep -q '"root":"Org/Model"' <(curl -s "$url/v1/models")
check 'progress ends in a carriage return' grep -aq $'33% Completed.*\rLoading' "$dir/log"
check 'weights' logged 'Loading weights took'
check 'four processes' is "$(echo $tree | wc -w)" 4
check 'the engine is a child' is "$(sed -n 's/^PPid:.//p' "/proc/$(one VLLM::EngineCore)/status")" "$pid"
check 'the name is cut' is "$(cat "/proc/$(one VLLM::EngineCore)/comm")" VLLM::EngineCor
check 'the worker holds memory' grep -q '"mib":129393' "$SIM_GPUS/hold/$(one VLLM::Worker)"
kill "$pid"
check 'SIGTERM, idle: exit 0' ended 0
for p in $tree; do check 'and nothing is left' eventually gone "$p"; done

for class in model port uuid gpu_busy memprof oom kv kv_len zmq cuda silent; do
	serve --fail-start $class
	check "$class: exit 1" ended 1
done
check 'silent is silent' is "$(grep -ac Traceback "$dir/log")" 0
serve --fail-start kv
check 'kv: exit 1' ended 1
check 'kv: the line' logged 'No available memory for the cache blocks'
check 'kv: the wrapper' logged 'Engine core initialization failed. See root cause above.'
serve --no-such-thing
check 'args: exit 2' ended 2
check 'args: the words' logged 'error: unrecognized arguments'
serve --fail-start killed
check 'killed: SIGKILL' ended 137
serve --fail-start kv --fail-start-once "$dir/once"
check 'once: fails' ended 1
up --fail-start kv --fail-start-once "$dir/once"
check 'once: then not' status_is 200 /health

serve --load-time 100000 --load-hang-at weights
check 'a hang' eventually logged 'Starting to load model'
look
kill "$pid"
check 'SIGTERM while loading is swallowed' alive "$pid"
check 'the start stands still' is "$(grep -ac 'Loading weights' "$dir/log")" 0
end

# ---- deaths

up
kill -9 "$pid"
wait "$pid" 2>/dev/null
check 'API server killed: the port is free' is "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" 000
for name in VLLM::EngineCore VLLM::Worker resource_tracker; do check "$name lives on" alive "$(one $name)"; done
orphans=$tree
"$SIM" serve M --port 0 --time-scale 0.01 >"$dir/log" 2>&1
check 'the next start finds no memory' logged 'Free memory on device cuda:0 (14.04/140.40 GiB) on startup is less than desired'
tree=$orphans

up --time-scale 1
ask open-1 >"$dir/answer" &
client=$!
ask open-2 ',"stream":true' >"$dir/stream" &
client2=$!
eventually sh -c "curl -s $url/sim/stats | grep -q '\"running\":2'"
kill -9 "$(one VLLM::EngineCore)"
wait "$client" "$client2"
check 'engine killed: 500' grep -q 'EngineCore encountered an issue.* 500$' "$dir/answer"
check 'engine killed: a stream ends in order' grep -q 'DONE' "$dir/stream"
check 'engine killed: exit 0' ended 0
check 'engine killed: a worker is left' alive "$(one VLLM::Worker)"
VLLM_KEEP_ALIVE_ON_ENGINE_DEATH=1 up
kill -9 "$(one VLLM::EngineCore)"
check 'kept alive: health 503' eventually status_is 503 /health
check 'kept alive: models 200' status_is 200 /v1/models
check 'kept alive: chat 500' grep -q ' 500$' <(ask x)
up --worker-outlives -1
kill -9 "$(one VLLM::Worker)"
check 'worker killed: exit 0' ended 0

up --time-scale 0.0001
for victim in VLLM::EngineCore VLLM::Worker; do
	kill -STOP "$(one $victim)"
	eventually grep -q State:.T "/proc/$(one $victim)/status"
	sleep 0.1 # the news travel by two signals
	check "$victim stopped: healthy" status_is 200 /health
	check "$victim stopped: no answer" is "$(curl -s -m 0.5 -o /dev/null -w '%{http_code}' "$url/v1/chat/completions" -d '{"messages":[{"role":"user","content":"a.example"}]}')" 000
	kill -CONT "$(one $victim)"
	check "$victim goes on" grep -q ' 200$' <(ask "after-$victim")
done

# ---- the end, with manners

up --time-scale 10
ask open-3 >"$dir/answer" &
client=$!
eventually sh -c "curl -s $url/sim/stats | grep -q '\"running\":1'"
kill "$pid"
check 'SIGTERM, open request: the port refuses' eventually is "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" 000
check 'SIGTERM, open request: it waits' alive "$pid"
kill "$client"
wait "$client" 2>/dev/null
check 'SIGTERM: the client left, exit 0' ended 0
up --time-scale 0.02 --shutdown-timeout 600
ask open-4 >"$dir/answer" &
client=$!
eventually sh -c "curl -s $url/sim/stats | grep -q '\"running\":1'"
kill "$pid"
wait "$client"
check 'grace: what runs is answered' grep -q ' 200$' "$dir/answer"
check 'grace: exit 0' ended 0
up --ignore-sigterm
kill "$pid" $tree
check 'ignored: still there' status_is 200 /health
for p in $tree; do check 'ignored: nobody went' alive "$p"; done

# ---- odd servers

up --sleeping --reject-duplicate-ids
check 'sleeping' is "$(curl -s "$url/is_sleeping")" '{"is_sleeping":true}'
check 'sleeping: healthy' status_is 200 /health
curl -s -X POST "$url/wake_up"
check 'awake' is "$(curl -s "$url/is_sleeping")" '{"is_sleeping":false}'
check 'an id' grep -q ' 200$' <(ask same)
check 'the same id' grep -q 'already running.* 400$' <(ask same)
up --reuseport --opinion-seed 1
first=$pid
port=${url##*:}
first_tree=$tree
pid='' tree=''
setsid "$SIM" serve Other --port "$port" --reuseport --gpus '' --time-scale 0.01 >"$dir/log2" 2>&1 &
twin=$!
check 'a twin on the port comes up' eventually grep -q 'listening on' "$dir/log2"
tree="$first_tree $(pgrep -s "$twin")"
roots() { for _ in $(seq 60); do curl -s "$url/v1/models" | grep -o '"root":"[^"]*"'; done | sort -u | wc -l; }
check 'two models answer on one port' is "$(roots)" 2
kill "$first" "$twin"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
