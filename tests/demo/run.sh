#!/bin/sh
# run.sh start|stop - the demo: three simulated workers of different speed, the
# server, one run over the demo's data, followed to its end
#
# Everything is below build/demo: demo.yaml, data/ (the server's directory), one
# NAME.pid and NAME.log per process. A pid file holds the pid and the process's
# start time, so that a pid that was given to somebody else is never signalled.
set -eu

build=${BUILD:-build}
demo=$(cd "$(dirname "$0")/../.." && mkdir -p "$build/demo" && cd "$build/demo" && pwd)
mekiki=${MEKIKI:?set by make demo}
vllm_sim=${VLLM_SIM:?set by make demo}

# The replaced system's workers did 9.0, 10.0 and 5.6 items per minute, one at a
# time. Here each takes eight at a time, and a minute takes three seconds: with
# 9.2 s per item alone and 1.21 times that in a batch of eight, 2,507 items are
# 2507 x 9.2 x 1.21 / 8 / (0.9 + 1 + 0.56) x 0.05 = 71 s.
workers='alpha:1.111 beta:1.000 gamma:1.786'
time_scale=0.05
batch=8
port=8580 # when it is free

say() { printf 'demo: %s\n' "$*"; }

# Field 22 of /proc/PID/stat, in clock ticks since boot; the name before it may hold anything.
start_time() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# The pid in the file, if that very process lives.
alive() {
	[ -f "$1" ] || return 1
	read -r pid since <"$1"
	[ "$(start_time "$pid")" = "$since" ] && echo "$pid"
}

launch() { # NAME COMMAND...
	name=$1
	shift
	setsid "$@" >"$demo/$name.log" 2>&1 </dev/null &
	echo "$! $(start_time $!)" >"$demo/$name.pid"
}

# Waits up to 20 s for a line of the log; ends the demo with the log when the process died first.
wait_for() { # NAME PATTERN
	tries=0
	until grep -qE "$2" "$demo/$1.log"; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ] || ! alive "$demo/$1.pid" >/dev/null; then
			say "$1 did not start; its log ($demo/$1.log) ends with:"
			tail -n 15 "$demo/$1.log" | sed 's/^/    /'
			stop
			exit 1
		fi
		sleep 0.1
	done
}

stop() {
	stopped=
	for file in "$demo"/*.pid; do
		pid=$(alive "$file") || continue
		kill "$pid"
		stopped="$stopped $pid"
	done
	tries=0
	for file in "$demo"/*.pid; do
		while pid=$(alive "$file"); do
			tries=$((tries + 1))
			[ $tries -ne 100 ] || { say "$pid does not end; killing it"; kill -9 "$pid"; }
			sleep 0.1
		done
		rm -f "$file"
	done
	[ -z "$stopped" ] || say "stopped$stopped"
}

# True when nobody listens on the port, as far as the kernel's tables say.
is_free() { ! grep -qsiE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:0000 0A" /proc/net/tcp /proc/net/tcp6; }

configure() {
	is_free $port || port=0
	echo "# made by tests/demo/run.sh"
	echo "server: {listen: \"127.0.0.1:$port\", data_dir: \"$demo/data\"}"
	echo "workers:"
	for worker in $workers; do
		name=${worker%:*}
		url=$(sed -n 's/^listening on //p' "$demo/$name.log")
		echo "  - {id: $name, type: external, url: \"$url\"}"
	done
	echo "vllm: {max_num_seqs: $batch}"
}

start() {
	stop # a demo of before
	rm -rf "$demo/data" "$demo/merged.csv"
	for worker in $workers; do
		launch "${worker%:*}" "$vllm_sim" --port 0 --model simulated --max-num-seqs $batch \
			--slowness "${worker#*:}" --time-scale $time_scale
	done
	for worker in $workers; do wait_for "${worker%:*}" '^listening on '; done
	configure >"$demo/demo.yaml"
	launch server "$mekiki" serve --config "$demo/demo.yaml"
	wait_for server '/login#token='
	say "watch it live: $(link) (works once, within 15 minutes)"
	trap : INT # Ctrl-C ends the looking, not the run, and not this script
	status=0
	"$mekiki" run "$demo/handoff.csv" --config "$demo/demo.yaml" --population "$demo/population.csv" --shuffle --random-state 42 -y || status=$?
	[ $status -ne 0 ] || "$mekiki" results --config "$demo/demo.yaml" --output "$demo/merged.csv" || status=$?
	[ $status -ne 130 ] || say "the run goes on without you"
	epilogue "$("$mekiki" status --config "$demo/demo.yaml" | grep -oE '^ +r-[0-9]+' | head -n 1 | tr -d ' ')"
	return $status
}

link() { grep -oE 'http://[^ ]+/login#token=[^ ]+' "$demo/server.log" | tail -n 1; }

epilogue() {
	"$mekiki" status "$1" --config "$demo/demo.yaml" | sed -n '/^figures/,$p'
	say "the page     $(link | sed 's|/login#.*||')/runs/$1"
	say "to log in    $(link)"
	say "             once, within 15 minutes of the start; later: $mekiki token create $(id -un) --role admin --config $demo/demo.yaml"
	[ ! -f "$demo/merged.csv" ] || say "the CSV      $demo/merged.csv"
	say "running      $(for file in "$demo"/*.pid; do name=${file##*/}; printf '%s %s  ' "${name%.pid}" "$(alive "$file")"; done)"
	say "to stop      make demo-stop"
	say "to restart   make demo, from the beginning"
}

case ${1:-} in
start | stop) "$1" ;;
*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
