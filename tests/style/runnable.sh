#!/bin/sh
# runnable.sh - a suite that is not executable would be a suite that never runs
. "$(dirname "$0")/lib.sh"

check() {
	sources '*.sh' tests | while read -r file; do
		case ${file##*/} in lib*) continue ;; esac
		head -n 1 "$file" | grep -q '^#!' || echo "$file: begins without #!, so nobody knows what runs it"
		[ -x "$file" ] || echo "$file: has no run bit (chmod +x)"
	done
}

self_test() {
	put tests/api/libx.sh 'x=1'
	put tests/api/a.sh '#!/bin/sh'
	chmod +x tests/api/a.sh
	accept
	put tests/api/a.sh '#!/bin/sh'
	expect 'has no run bit'
	put tests/api/a.sh 'echo'
	expect 'begins without #!'
}

style_main "$@"
