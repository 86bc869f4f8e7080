#!/bin/sh
# budgets.sh - a function has at most 60 lines, a file at most 600
. "$(dirname "$0")/lib.sh"

# "FILE" or "FILE:FUNCTION", then the reason. A longer function with a good reason beats three bad splits.
exceptions='
'

check() {
	{
		sources '*.[ch]' server include tests
		sources '*.js' web
		sources '*.mjs' web tests
		sources '*.css' web
		sources '*.sh' tests
	} | xargs -r awk -v exceptions="$exceptions" '
		function excepted(key) { return index(exceptions, "\n" key " ") > 0 }
		function file_ends() {
			if (lines > 600 && !excepted(file)) print file ": " lines " lines, at most 600: is it two nouns?"
		}
		FNR == 1 { if (file) file_ends(); file = FILENAME; start = 0 }
		{ lines = FNR }
		FILENAME !~ /\.[ch]$/ { next }
		/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); start = FNR }
		/^}/ {
			long = FNR - start + 1
			if (start && long > 60 && !excepted(FILENAME ":" name)) print FILENAME ":" start ": " name "() has " long " lines, at most 60"
			start = 0
		}
		END { if (file) file_ends() }'
}

self_test() {
	body=$(seq 1 57 | sed 's/.*/	step();/')
	put server/model/a.c 'void a_do(int x)' '{' "$body" '}'
	accept
	put server/model/a.c 'void a_do(int x,' '          int y)' '{' "$body" "	step();" '}'
	expect 'a_do() has 62 lines'
	put web/js/a.js "$(seq 1 601)"
	expect 'web/js/a.js: 601 lines'
}

style_main "$@"
