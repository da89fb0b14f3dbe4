#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who begins to use a disk in the middle of the work, in a way that no lock prevents, loses nothing:
# achica stops before it writes another byte, and says who it was. Who only reads is let in.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 e2fsck
need_mounts
mkdir mnt

# begin [loop]: a slow run in the middle of its work, on an image or on a loop device over it.
begin() {
	rm -f out err
	noise disk.img 67108864
	mkfs.ext4 -q -F -E nodiscard disk.img
	target=disk.img
	if [ "${1-}" = loop ]; then
		attach disk.img
		target=$loop
	fi
	"$ACHICA" --zero --yes --method=write --max-rate=8M --progress=json -- "$target" \
		>out 2>err </dev/null &
	worker=$!
	pids="$pids $worker"
	wait_for "the work to begin" grep -qs '"reclaimed":[1-9]' err
}

# stopped STATUS CODE: it ended so, for a reason in which the words are.
stopped() {
	ended=0
	wait "$worker" || ended=$?
	[ "$ended" = "$1" ] || fail "ended with $ended, not $1: $(cat out err)"
	grep -q "$2" out err || fail "the reason is not \"$2\": $(cat out err)"
}

# use_mount: new files, which read the same afterwards.
use_mount() {
	write_files mnt 9 1000000
	sums mnt >kept
	umount mnt
}

intact() {
	e2fsck -fn disk.img >log 2>&1 || fail "e2fsck: $(cat log)"
	mount -o loop,ro disk.img mnt
	sums mnt >found
	umount mnt
	same "files written in the middle of the work" kept found
}

proves "an image that is mounted in the middle of the work"
begin
mount -o loop disk.img mnt
use_mount
stopped 1 'process\|loop'
intact
rm -f kept

proves "the file below a loop device that is being worked on"
begin loop
second=$(losetup -f --show disk.img)
loops="$loops $second"
stopped 1 "$second"
detach "$second"
detach "$loop"

proves "who opened it for writing, even if he is gone at once"
begin
: >>disk.img
stopped 1 "open for writing"

proves "an image that is opened for writing, and left alone by who opened it"
begin
exec 5>>disk.img
stopped 1 "process $$"
exec 5>&-

proves "readers do not stop it, and hardly wait"
begin
for i in 1 2 3; do
	timeout 5 head -c 4096 disk.img >/dev/null || fail "reading waits"
done
stopped 0 zeroed

proves "another achica waits for a moment, and says who has it"
begin
status=0
"$ACHICA" --zero --yes disk.img >out2 2>err2 </dev/null || status=$?
[ "$status" = 4 ] || fail "the other one ended with $status: $(cat err2)"
grep -q "another program is using .*achica, process $worker" err2 || fail "$(cat err2)"
stopped 0 zeroed
