#!/bin/sh
# names.sh - the file name is the prefix of its public functions
. "$(dirname "$0")/lib.sh"

# run.c has run_x(), or noun_run_x() where a folder holds the implementations of
# one interface (backend_local_x); the folder's own name is good anywhere in it, since
# an interface may be spread over files (engine.h: engine_x); a plural
# file has its singular (assets.c: asset_x), a singular one its list (delays_x), and
# a part of a family the family's name or its own (csv_reader.c: csv_x, reader_x).
interfaces='backend evaluator'
# Second nouns that live in a file, "FILE: NOUN... - REASON":
nouns='
server/main.c: main - called by the system
server/model/item.c: binary - the two values of a label, part of the item
server/model/run.c: no_verdict_policy - what a run does with items without a verdict
server/model/verdict.c: risk decision_source outcome - the parts of what an evaluator says
server/api/routes.c: access - who may use a row
server/config/request.c: run_request - in this folder, "request" alone would not say which
server/dataset/columns.c: meaning output_column cell - what a column means and what a cell of it says
server/engine/loader.c: loaded - what a loader brings
server/engine/source.c: cells - what a source lends
server/engine/tail.c: deathbed - items that were in flight at a death, part of the tail
server/engine/transitions.c: run_event run_transition run_transitions - the rows of the table, and what moves along them
server/workers/transitions.c: worker_event worker_transition worker_transitions - the rows of the table, and what moves along them
server/sched/eta.c: rate - what an estimate is made from
server/store/access.c: role token session setting - one family of tables: who may come in
server/store/result.c: attempt - a result that was not accepted
server/store/view.c: attempt_record - a row of a view
server/store/statement.c: column - what a statement answers
server/store/store.c: reader - the read-only half of the store
'

check() {
	sources '*.c' server | xargs -r awk -v nouns="$nouns" -v interfaces="$interfaces" '
		BEGIN {
			lines = split(nouns, line, "\n")
			for (i = 1; i <= lines; i++) if (split(line[i], part, / *[:-] /) >= 3) also[part[1]] = part[2]
		}
		function fits(name, noun) { return name == noun || index(name, noun "_") == 1 }
		function known(file, name,    base, path, family, own, n, other, i) {
			split(file, path, "/")
			base = file
			sub(/.*\//, "", base)
			sub(/\.c$/, "", base)
			if (fits(name, base) || fits(name, path[2])) return 1
			n = split(interfaces, other, " ")
			for (i = 1; i <= n; i++) if (fits(name, other[i] "_" base)) return 1
			if (base ~ /s$/ && fits(name, substr(base, 1, length(base) - 1))) return 1
			if (fits(name, base "s")) return 1
			family = base
			while (sub(/_[a-z0-9]+$/, "", family)) if (fits(name, family) || fits(name, family "s")) return 1
			own = base
			while (sub(/^[a-z0-9]+_/, "", own)) if (fits(name, own)) return 1
			n = split(also[file], other, " ")
			for (i = 1; i <= n; i++) if (fits(name, other[i])) return 1
			return 0
		}
		FNR == 1 { signature = "" }
		{ gsub(/__attribute__ *\(\([^)]*\)+\) */, "") }
		/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { signature = $0 }
		/^{/ {
			if (signature != "" && signature !~ /^(static|struct [a-z_]+ {|enum)/ && signature !~ /=/) {
				name = signature
				sub(/\(.*/, "", name)
				sub(/.*[ *]/, "", name)
				if (!known(FILENAME, name)) print FILENAME ": " name "() is public and does not begin with the file'\''s name"
			}
			signature = ""
		}'
}

self_test() {
	put server/model/item.c 'void item_release(struct item *item)' '{' '}' 'static int helper(void)' '{' '}'
	put server/workers/local.c 'void backend_local_start(void)' '{' '}'
	put server/dataset/csv_reader.c 'void csv_reader_next(void)' '{' '}' 'void csv_field_decode(void)' '{' '}'
	accept
	put server/model/item.c 'void release_item(struct item *item)' '{' '}'
	expect 'release_item() is public'
}

style_main "$@"
