#!/bin/sh
# leaks.sh - no path of one machine, no registry host, nothing resolved in a lock file
. "$(dirname "$0")/lib.sh"

# Written so that this file does not match itself.
patterns='(^|[^A-Za-z0-9_.-])/(wor[k]|far[m]|roo[t]|home/[a-z]+)/|"resolve[d]":|https?://[a-z.]*(registr[y]|mirro[r]|prox[y])[a-z.]*/'

files() {
	git ls-files -z 2>/dev/null || find . \( -name node_modules -o -name .git -o -path ./build \) -prune -o -type f -print0
}

check() {
	files | xargs -0 -r grep -nIE "$patterns" /dev/null | cut -c 1-200
}

self_test() {
	put a.md 'Look at https://vllm.ai/ and /usr/share/doc.'
	accept
	put a.md 'Look at /wor''k/shared.'
	expect 'a.md:1:'
	put package-lock.json '"resolve''d": "https://example.org/x.tgz"'
	expect 'package-lock.json:1:'
	put a.md 'npm from https://registr''y.npmjs.org/'
	expect 'a.md:1:'
}

style_main "$@"
