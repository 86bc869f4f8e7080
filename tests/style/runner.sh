#!/bin/sh
# runner.sh - tests/run counts what suites say, and never takes a failure for a pass
. "$(dirname "$0")/lib.sh"

run=$(cd "$(dirname "$0")/.." && pwd)/run

check() { :; } # the runner is the thing under test

# closes "LINE" STATUS SUITE... - runs the suites and compares the closing line and the exit status
closes() {
	line=$1 wanted=$2
	shift 2
	status=0
	LOGS=logs LIMIT=${LIMIT:-20} "$run" -j 2 "$@" >out 2>&1 || status=1
	if [ "$(tail -n 1 out)" != "$line" ] || [ $status -ne "$wanted" ]; then
		printf 'wanted "%s" and %s, got %s and:\n' "$line" "$wanted" "$status"
		cat out
		exit 1
	fi
}

suite() { # NAME LINE...
	name=$1
	shift
	put "tests/x/$name" '#!/bin/sh' "$@"
	chmod +x "tests/x/$name"
}

self_test() {
	suite good.sh 'echo fine'
	suite bad.sh 'echo oh; exit 3'
	suite skip.sh 'echo no network; exit 77'
	suite own.sh 'echo "4 passed, 0 failed, 2 skipped"'
	suite cmocka.sh 'echo "[  PASSED  ] 5 test(s)."; echo "[  FAILED  ] 2 test(s), listed below:"; exit 2'
	suite liar.sh 'echo "7 passed, 0 failed"; exit 1'
	suite hangs.sh 'sleep 30'
	closes '1 passed, 0 failed' 0 tests/x/good.sh
	closes '1 passed, 1 failed, 1 skipped' 1 tests/x/good.sh tests/x/bad.sh tests/x/skip.sh
	closes '9 passed, 2 failed, 2 skipped' 1 tests/x/own.sh tests/x/cmocka.sh
	closes '7 passed, 1 failed' 1 tests/x/liar.sh
	closes '1 passed, 1 failed' 1 tests/x/good.sh tests/x/no-such-suite.sh
	LIMIT=1 closes '0 passed, 1 failed' 1 tests/x/hangs.sh
	closes '0 passed, 0 failed, 1 skipped' 1 tests/x/skip.sh
}

style_main "$@"
