#!/bin/sh
# fresh.sh - a committed file that a command generates is what the command says now
. "$(dirname "$0")/lib.sh"

: "${MEKIKI:=$(pwd)/build/release/mekiki}"

# "FILE<TAB>COMMAND": one line per generated file
generated="config/mekiki.yaml	$MEKIKI config --annotated"

check() {
	echo "$generated" | while IFS='	' read -r file command; do
		[ -n "$file" ] || continue
		if ! made=$($command 2>&1 && echo .); then
			echo "$file: \`$command\` failed: $made"
		elif [ ! -f "$file" ]; then
			echo "$file: missing; make generate"
		elif [ "$made" != "$(cat "$file" && echo .)" ]; then
			echo "$file: is not what \`$command\` says; make generate"
		fi
	done
}

self_test() {
	generated='a.txt	echo new'
	put a.txt new
	accept
	put a.txt old
	expect 'a.txt: is not what'
	expect 'a.txt: missing'
	generated='a.txt	false'
	put a.txt new
	expect 'failed'
}

style_main "$@"
