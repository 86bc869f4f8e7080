#!/bin/sh
# layers.sh - each line of the list may include only lines below it, and itself
. "$(dirname "$0")/lib.sh"

# The only data of this check. Changing it is a design decision, argued in the commit.
layers='
main
cli api
engine jobs
workers evaluators followup
gpu llm
store
dataset config sched stats
io
model
base
'
# Narrower than its line: a client of the REST API, nothing more.
only='
cli: config io model base
'

check() {
	{ sources '*.[ch]' server include; } | while read -r file; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([a-z_]*\)\/.*/\1/p' "$file" | sort -u | sed "s|^|$file |"
	done | awk -v layers="$layers" -v only="$only" '
		BEGIN {
			lines = split(layers, line, "\n")
			for (i = 1; i <= lines; i++) {
				n = split(line[i], modules, " ")
				for (j = 1; j <= n; j++) rank[modules[j]] = i
			}
			lines = split(only, line, "\n")
			for (i = 1; i <= lines; i++) if (split(line[i], part, ": ") == 2) allowed[part[1]] = " " part[2] " "
		}
		{
			split($1, path, "/")
			from = path[2] ~ /\.c$/ ? "main" : path[2]
			to = $2
			if (!(from in rank)) { if (!(from in said)) print $1 ": the folder " from " is in no layer (tests/style/layers.sh)"; said[from] = 1; next }
			if (from == to) next
			if (!(to in rank)) print $1 ": includes " to "/, which is in no layer"
			else if (rank[to] <= rank[from]) print $1 ": " from " may not include " to ", which is not below it"
			else if (from in allowed && index(allowed[from], " " to " ") == 0) print $1 ": " from " may include only" allowed[from] "and not " to
		}'
}

self_test() {
	put server/model/item.c '#include "model/item.h"' '#include "base/text.h"'
	put server/main.c '#include "api/api.h"'
	accept
	put server/model/item.c '#include "store/store.h"'
	expect 'model may not include store'
	put include/engine/engine.h '#include "jobs/import.h"'
	expect 'engine may not include jobs'
	put server/cli/run.c '#include "store/store.h"'
	expect 'cli may include only'
	put server/misc/misc.c '#include "base/text.h"'
	expect 'misc is in no layer'
}

style_main "$@"
