#!/bin/sh
# owners.sh - a library has one module that knows it; pure modules know no clock, lock or I/O
. "$(dirname "$0")/lib.sh"

# header: the modules that may include it (config has libcurl take URLs apart)
owners='
sqlite3.h: store
microhttpd.h: api
curl/curl.h: io config
yaml.h: config
idn2.h: dataset base model
zstd.h: store
'
pure='sched stats model dataset'
impure='base/clock.h base/log.h pthread.h time.h sys/time.h unistd.h fcntl.h sys/socket.h uv.h threads.h'

check() {
	sources '*.[ch]' server include | while read -r file; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$file" | sed "s|^|$file |"
	done | awk -v owners="$owners" -v pure="$pure" -v impure="$impure" '
		BEGIN {
			lines = split(owners, line, "\n")
			for (i = 1; i <= lines; i++) if (split(line[i], part, ": ") == 2) owner[part[1]] = " " part[2] " "
		}
		{
			split($1, path, "/")
			module = path[2] ~ /\.c$/ ? "main" : path[2]
			if ($2 in owner && index(owner[$2], " " module " ") == 0) print $1 ": only" owner[$2] "may include " $2
			if (index(" " pure " ", " " module " ") && index(" " impure " ", " " $2 " ")) print $1 ": " module " is pure and may not include " $2
		}'
}

self_test() {
	put server/store/store.c '#include <sqlite3.h>' '#include <pthread.h>'
	put server/sched/sched.c '#include <stdint.h>'
	accept
	put server/engine/run.c '#include <sqlite3.h>'
	expect 'may include sqlite3.h'
	put server/sched/sched.c '#include "base/clock.h"'
	expect 'sched is pure and may not include base/clock.h'
}

style_main "$@"
