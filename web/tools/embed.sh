#!/bin/sh
# embed.sh OUT ROOT... - writes OUT/assets.S and OUT/assets.c: every file below
# the roots that a browser may ask for, plain and compressed, for the binary.
# Paths are relative to their root; the same input gives the same bytes.
set -eu
LC_ALL=C
export LC_ALL

out=$1
shift
mkdir -p "$out/assets"

content_type() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.json) echo 'application/json' ;;
	*.webmanifest) echo 'application/manifest+json' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.png) echo 'image/png' ;;
	*.ico) echo 'image/x-icon' ;;
	*.woff2) echo 'font/woff2' ;;
	*.txt) echo 'text/plain; charset=utf-8' ;;
	*) echo "embed.sh: $1: no content type for this kind of file" >&2; return 1 ;;
	esac
}

# "URL-path<TAB>file" of everything served, sorted by path.
list() {
	for root in "$@"; do
		find "$root" -name node_modules -prune -o -type f -printf '/%P\t%p\n' | grep -E '^/([^/]+\.(html|ico|svg|webmanifest)|(js|css|i18n|icons|vendor)/.*)	' |
			grep -vE '^/[^	]*(\.d\.ts|\.test\.m?js|~|/\.[^	]*)	' || true
	done | sort -t '	' -k 1,1
}

length() { wc -c <"$1" | tr -d ' '; }

list "$@" >"$out/assets/list"
n=0
: >"$out/assets.S.new"
{
	echo '/* made by web/tools/embed.sh */'
	echo '#include "api/assets.h"'
} >"$out/assets.c.new"
: >"$out/assets/table"
printf '\t.section .rodata\n' >>"$out/assets.S.new"
while IFS='	' read -r path file; do
	type=$(content_type "$file")
	packed=$out/assets/$n.gz
	gzip -9 -n -c "$file" >"$packed"
	etag=$(sha256sum "$file" | cut -c 1-32)
	printf '\t.balign 16\n\t.global asset_plain_%d\nasset_plain_%d:\n\t.incbin "%s"\n' $n $n "$file" >>"$out/assets.S.new"
	echo "extern const unsigned char asset_plain_$n[];" >>"$out/assets.c.new"
	gz="0, 0"
	if [ "$(length "$packed")" -lt "$(length "$file")" ]; then
		printf '\t.balign 16\n\t.global asset_gz_%d\nasset_gz_%d:\n\t.incbin "%s"\n' $n $n "$packed" >>"$out/assets.S.new"
		echo "extern const unsigned char asset_gz_$n[];" >>"$out/assets.c.new"
		gz="asset_gz_$n, $(length "$packed")"
	fi
	printf '\t{"%s", "%s", asset_plain_%d, %s, %s, "%s"},\n' \
		"$path" "$type" $n "$(length "$file")" "$gz" "$etag" >>"$out/assets/table"
	n=$((n + 1))
done <"$out/assets/list"
printf '\t.section .note.GNU-stack,"",@progbits\n' >>"$out/assets.S.new"
{
	echo
	echo 'const struct asset asset_table[] = {'
	cat "$out/assets/table"
	echo '};'
	echo "const size_t asset_count = $n;"
} >>"$out/assets.c.new"
[ $n -gt 0 ] || { echo "embed.sh: nothing to embed below $*" >&2; exit 1; }
mv "$out/assets.S.new" "$out/assets.S"
mv "$out/assets.c.new" "$out/assets.c"
