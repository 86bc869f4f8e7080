# lib.sh - what the style checks share; sourced
#
# A check defines check(), which looks at the tree in the current directory and
# prints one line per problem, and self_test(), which is called in an empty
# directory and proves that check() can fail:
#
#     put server/model/a.c '#include "store/store.h"'
#     expect 'may not include store'
#
# `tests/style/NAME.sh` does both; `--self-test` only the proof.

# put FILE LINE... - writes a file of the self-test's tree
put() {
	mkdir -p "$(dirname "$1")"
	file=$1
	shift
	printf '%s\n' "$@" >"$file"
}

# expect TEXT - the tree must be found wanting, with this text; then it is emptied
expect() {
	if ! check | grep -qF -- "$1"; then
		echo "self-test: nothing said \"$1\", but:"
		check | sed 's/^/    /'
		exit 1
	fi
	rm -rf ./*
}

# accept - the tree must be found good; then it is emptied
accept() {
	problems=$(check)
	if [ -n "$problems" ]; then
		printf 'self-test: found wrong what is right:\n%s\n' "$problems"
		exit 1
	fi
	rm -rf ./*
}

# Files below the given folders that exist, by name pattern: sources 'NAME' FOLDER...
sources() {
	pattern=$1
	shift
	for folder in "$@"; do
		[ ! -d "$folder" ] || find "$folder" -name node_modules -prune -o -name "$pattern" -type f -print
	done | LC_ALL=C sort
}

style_main() {
	set -u
	if [ "${1:-}" != --self-test ]; then
		problems=$(check)
		if [ -n "$problems" ]; then
			printf '%s\n' "$problems"
			exit 1
		fi
	fi
	tree=$(mktemp -d)
	trap 'rm -rf "$tree"' EXIT
	cd "$tree" || exit 1
	self_test
}
