#!/bin/sh
# banned.sh - functions that no code of ours calls
. "$(dirname "$0")/lib.sh"

# unbounded copies, hidden state, shells, stacks that strangers can blow
banned_c='strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|system|popen|alloca'
# text from outside becomes a text node, never markup or code
banned_js='innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval\(|new Function\('

# Without comments on one line, comment blocks in our style, and string literals.
code() {
	sed -E -e 's#"([^"\\]|\\.)*"#""#g' -e 's#/\*.*\*/##' -e 's#/\*.*$##' -e 's#^[[:space:]]*\*.*$##' -e 's#//.*$##' "$1"
}

check() {
	sources '*.[ch]' server include tests | while read -r file; do
		code "$file" | grep -nE "(^|[^A-Za-z0-9_.>])($banned_c)[[:space:]]*\(" | sed "s|^|$file:|; s|$|   <- banned|"
	done
	sources '*.js' web | while read -r file; do
		code "$file" | grep -nE "$banned_js" | sed "s|^|$file:|; s|$|   <- banned|"
	done
}

self_test() {
	put server/model/a.c '/* strcpy(a, b) in a comment */' 'text_add(&t, "system(x)"); snprintf(a, 3, "%d", 1);'
	put web/js/a.js '// innerHTML is banned' 'node.textContent = text;'
	accept
	put server/model/a.c '	strcpy(a, b);'
	expect 'server/model/a.c:1:'
	put tests/unit/a.c 'if (x) return system (command);'
	expect 'tests/unit/a.c:1:'
	put web/js/a.js 'node.innerHTML = text;'
	expect 'web/js/a.js:1:'
}

style_main "$@"
