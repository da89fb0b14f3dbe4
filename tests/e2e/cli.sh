#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line as a script meets it: exit codes, what is on stdout, JSON, hostile names.
set -u

for tool in jq mke2fs e2fsck debugfs qemu-img; do
	command -v $tool >/dev/null || { echo "$tool is needed"; exit 77; }
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

# is WHAT EXPECTED GOT
is()
{
	[ "$2" = "$3" ] && return
	echo "$1: expected '$2', got '$3'"
	failed=1
}

# ends STATUS ARGUMENT...: runs achica and keeps its streams in out and err.
ends()
{
	want=$1
	shift
	"$ACHICA" "$@" >out 2>err </dev/null
	is "achica $*" "$want" $?
	grep -v '^achica: ' err >others
	case " $* " in
	*" --zero "* | *" -z "* | *" --progress"*) ;;
	*) is "stderr of achica $* without its name" '' "$(cat others)" ;;
	esac
}

# image FILE: an ext4 in which a large file was deleted, so that it has stale space.
image()
{
	truncate -s 8M -- "$1"
	mke2fs -q -F -t ext4 -b 1024 -- "$1" || exit 1
	head -c 2000000 /dev/urandom >big
	printf 'write big big\nwrite out small\n' | debugfs -w -f - -- "$1" >/dev/null 2>&1
	printf 'rm big\n' | debugfs -w -f - -- "$1" >/dev/null 2>&1
}

: >out
image a.img
image dirty.img
debugfs -w -R 'feature needs_recovery' dirty.img >/dev/null 2>&1
cp dirty.img dirty.before
truncate -s 1M nothing.img

# Usage: nothing on stdout, the reason on stderr.
for arguments in '--no-such' '--convert=x' '--zero' '--zero --yes' '--list --zero a.img' \
	'--method=no -z a.img' '-l 7' '--free-map' '--free-map a.img b.img' '--json' 'a.img'; do
	# shellcheck disable=SC2086
	ends 2 $arguments
	is "stdout of $arguments" '' "$(cat out)"
	is "reason of $arguments" yes "$(test -s err && echo yes)"
done
ends 2 --zero a.img
ends 1 --list no-such.img
ends 0 --version
ends 0 --help

# Help fits in 80 columns, in each language.
for language in en es xx; do
	LANGUAGE=$language "$ACHICA" --help >out
	is "width of --help in $language" yes "$(test "$(wc -L <out)" -le 80 && echo yes)"
	grep -q -- '--free-map' out || is "--help in $language" '--free-map' none
done
LANGUAGE=es "$ACHICA" --help >out
grep -q '^Uso: ' out || is "--help in Spanish" 'Uso:' "$(head -n 1 out)"

# JSON is one valid object, and nothing else is on stdout.
ends 0 --list --json a.img
is 'kind' image "$(jq -r '.targets[0].kind' out)"
is 'fstype' ext4 "$(jq -r '.targets[0].fstype' out)"
is 'version' 1 "$(jq .version out)"
is 'size' 8388608 "$(jq '.targets[0].size' out)"
ends 0 --estimate --exact --json a.img
is 'exact' true "$(jq '.targets[0].exact' out)"
is 'sum' true "$(jq '.targets[0] | .free == .hole + .zero + .stale' out)"
is 'stale' true "$(jq '.targets[0].stale > 1000000' out)"

# The free map is the same in lines and in JSON, and its sum is the estimate's free.
free=$(jq '.targets[0].free' out)
ends 0 --free-map a.img
is 'sum of the free map' "$free" "$(awk '{ sum += $2 } END { print sum + 0 }' out)"
cp out map
ends 0 --free-map --json a.img
jq -r '.extents[] | "\(.start) \(.len)"' out >map2
cmp -s map map2 || is 'map in JSON' 'the map in lines' 'another one'

# Refused: 4, reason and remedy, and not a byte changed.
ends 4 --zero --yes dirty.img
grep -q 'e2fsck -f .*dirty.img' err || is 'remedy' 'e2fsck -f' "$(cat err)"
ends 4 --zero --yes --json dirty.img
is 'code of the refusal' journal "$(jq -r '.targets[0].refusal.code' out)"
ends 4 --estimate dirty.img
ends 4 --free-map --json dirty.img
is 'stdout of a refused map' '' "$(cat out)"
cmp -s dirty.img dirty.before || is 'refused image' unchanged changed
ends 4 --zero --yes nothing.img

# A dry run writes nothing; a run makes all free space zero; a second one finds nothing to do.
cp a.img a.before
ends 0 --zero --dry-run --method=write a.img
cmp -s a.img a.before || is 'dry run' unchanged changed
ends 1 --zero --yes --dry-run --progress=none --log=/dev/full a.img
grep -q '/dev/full: it could not be written' err || fail "a lost log is not told: $(cat err)"
ends 0 --zero --yes --verify --json --progress=none --log=log a.img
is 'stderr of --progress=none' '' "$(grep -v '^achica will\|^ 1\.\|^Files\|^after' err)"
is 'result' 'done' "$(jq -r '.targets[0].result' out)"
is 'reclaimed' true "$(jq '.targets[0].reclaimed > 1000000' out)"
is 'verified' true "$(jq '.targets[0].verified' out)"
is 'program of the commands' qemu-img "$(jq -r '.targets[0].commands[0][0]' out)"
is 'log' yes "$(test -s log && echo yes)"
ends 0 --estimate --exact --json a.img
is 'stale after a run' 0 "$(jq '.targets[0].stale' out)"
ends 3 --zero --yes --method=write a.img

# A log is a text: an image in its place is left as it is.
cp a.before log.img
ends 1 --zero --yes --progress=none --log=log.img a.img
cmp -s log.img a.before || is 'image as a log' unchanged changed
grep -q 'log.img exists already' err || is 'why' 'log.img exists already' "$(cat err)"
head -n 1 log | grep -q . || is 'log' 'a first line' none

# Named and refused makes it 4, though the other was done.
cp a.before a.img
ends 4 --zero --yes a.img dirty.img
ends 0 --estimate --exact --json a.img
is 'stale of the one that could be done' 0 "$(jq '.targets[0].stale' out)"

# So does a disk in which nothing can be done, and a partition that was named besides its disk.
if command -v sfdisk >/dev/null; then
	truncate -s 24M disk.img
	printf 'start=2048, size=16384\nstart=18432, size=16384\n' | sfdisk -q disk.img
	dd if=dirty.img of=disk.img bs=1M seek=1 conv=notrunc status=none
	cp a.before a.img
	ends 4 --zero --yes a.img disk.img
	dd if=a.before of=disk.img bs=1M seek=9 conv=notrunc status=none
	ends 0 --zero --yes a.img disk.img
	ends 4 --zero --yes disk.img 'disk.img#1'
fi

# Progress is on stderr, in its four ways.
cp a.before a.img
ends 0 --zero --yes --progress=gauge a.img
is 'gauge' 100 "$(tail -n 1 err)"
is 'gauge: numbers alone' '' "$(grep -vx '[0-9]*' err)"
cp a.before a.img
ends 0 --zero --yes --progress=json a.img
is 'json progress' 'done' "$(jq -r .phase err | tail -n 1)"

# A signal ends it with its number, at once, and the summary is printed.
for signal in INT:130 TERM:143 HUP:129; do
	cp a.before a.img
	rm -f err
	"$ACHICA" --zero --yes --method=write --max-rate=100K --progress=json -q a.img \
		>out 2>err </dev/null &
	pid=$!
	tries=100
	until grep -q '"phase":"working"' err 2>/dev/null || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	kill -USR1 $pid
	kill -"${signal%:*}" $pid
	wait $pid
	is "status at SIG${signal%:*}" "${signal#*:}" $?
	grep -q 'a.img: STOPPED' out || is "summary at SIG${signal%:*}" STOPPED "$(cat out)"
	e2fsck -fn a.img >/dev/null 2>&1 || is "filesystem after SIG${signal%:*}" clean damaged
done

# The output cannot be written: 1, also with the descriptor closed; the image is not harmed.
cp a.before a.img
"$ACHICA" --list a.img >/dev/full 2>err
is 'full stdout' 1 $?
"$ACHICA" --list --json a.img >/dev/full 2>err
is 'full stdout, JSON' 1 $?
"$ACHICA" --help >/dev/full 2>err
is 'full stdout, help' 1 $?
"$ACHICA" --list a.img >&- 2>err
is 'closed stdout' 1 $?
"$ACHICA" --estimate --exact a.img >&- 2>&- <&-
is 'all closed' 1 $?
cmp -s a.img a.before || is 'image with closed streams' unchanged changed

# Names: spaces, quotes, newline, colon, comma, hyphen, bytes that are no UTF-8.
count=0
# shellcheck disable=SC2016 # nothing is to be expanded in a name
for name in 'a b.img' "it's \"b\".img" 'new
line.img' 'file:b.img' 'a,b=c.img' '-b.img' "$(printf 'b\377\302.img')" '$(b) `c` *.img' 'b\x41.img' \
	'ñandú.img' 'b#1.img'; do
	count=$((count + 1))
	cp a.before "./$name"
	ends 0 --zero --yes --json --progress=none -- "$name"
	is "json of name $count" 1 "$(jq '.targets | length' out)"
	is "result of name $count" 'done' "$(jq -r '.targets[0].result' out)"
	ends 0 --suggest -- "$name"
	sh -e out >converted 2>&1 || is "commands of name $count" run "$(cat out converted)"
	find . -name '*.qcow2' | grep -q . || is "copy of name $count" made missing
	rm -f -- ./*.qcow2
	ends 0 --list -- "$name"
	is "control characters of name $count" '' "$(LC_ALL=C tr -d '[:print:]\n\200-\377' <out)"
	rm -- "./$name"
done
cp a.before ./7
ends 0 --list ./7

exit $failed
