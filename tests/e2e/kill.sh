#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments, of each method, 200 times in all (ACHICA_KILLS): the filesystem is
# clean, its files are intact, no file and no lock is left, and one more run ends the work. The
# moments come from a seed (ACHICA_SEED), so that a failure can be met again.
set -eu
. "$top_srcdir/tests/lib/reclaim.sh"
need mke2fs e2fsck sha256sum awk
need_mounts

KILLS=${ACHICA_KILLS:-200}
SEED=${ACHICA_SEED:-1}

random_image new.img 48
mke2fs -q -F -t ext4 -b 4096 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 new.img
attach new.img
mount "$loop" mnt
write_files mnt 60 400
sync
delete_half mnt
sums mnt >want.sums
umount mnt
detach "$loop"
killed=0

# Half of the moments lie in the first 8 ms of work, the rest in the 60 ms which follow: a run
# takes about that long here. The program's own start comes before.
moment() {
	awk -v n="$1" -v seed="$SEED" 'BEGIN { srand(seed * 100003 + n)
		printf "%.4f\n", rand() < 0.5 ? 0.005 + rand() * 0.025 : 0.03 + rand() * 0.12 }'
}

# kill_run N ARGUMENT...: starts achica, kills it at the n-th moment. Counts who was hit at work.
kill_run() {
	kill_n=$1
	shift
	"$ACHICA" --zero --yes --progress=none "$@" >/dev/null 2>&1 &
	kill_pid=$!
	sleep "$(moment "$kill_n")"
	kill -9 $kill_pid 2>/dev/null && killed=$((killed + 1)) || :
	wait $kill_pid 2>/dev/null || :
}

intact() {
	e2fsck -fn "$1" >e2fsck.log 2>&1 || fail "$2: e2fsck: $(cat e2fsck.log)"
	attach "$1"
	mount "$loop" mnt
	sums mnt >got.sums
	left=$(find mnt -name '.achica*' -o -name '.fuse_hidden*')
	umount mnt
	detach "$loop"
	cmp -s want.sums got.sums || fail "$2: files changed"
	[ -z "$left" ] || fail "$2: left behind: $left"
}

each=$((KILLS / 4))
for method in punch write; do
	cp new.img disk.img
	for n in $(seq $each); do
		[ $((n % 8)) != 0 ] || cp new.img disk.img
		kill_run "$n" --method=$method disk.img
		e2fsck -fn disk.img >e2fsck.log 2>&1 || fail "$method $n: $(cat e2fsck.log)"
		[ $((n % 5)) != 0 ] || intact disk.img "$method, kill $n"
	done
	intact disk.img "$method, after $each kills"
	cp new.img disk.img
	kill_run 3 --method=$method disk.img
	status=0
	"$ACHICA" --zero --yes --method=$method disk.img >out 2>err || status=$?
	[ $status = 0 ] || [ $status = 3 ] || fail "$method: a run after it: $(cat out err)"
	run 0 --estimate --exact --json disk.img
	[ "$(jq '.targets[0].stale' out)" = 0 ] || fail "$method: a run after it left stale space"
	intact disk.img "$method, ended"
	proves "$method: $each kills, clean and intact, and one more run ends the work"
done

for method in trim fill; do
	for n in $(seq $each); do
		if [ $((n % 8)) = 1 ]; then
			cp new.img disk.img
		fi
		attach disk.img
		mount "$loop" mnt
		before=$(stat -f -c %f mnt)
		kill_run "$n" --method=$method mnt
		# The kernel gives the claimed blocks back when the last descriptor is gone.
		after=
		for _ in $(seq 100); do
			sync -f mnt
			after=$(stat -f -c %f mnt)
			[ "$after" -lt "$before" ] || break
			sleep 0.02
		done
		[ "$after" -ge "$before" ] || fail "$method $n: free blocks $before, then $after"
		[ -z "$(ls -A mnt | grep -v -e files -e lost+found)" ] || fail "$method $n: $(ls -A mnt)"
		umount mnt
		detach "$loop"
		e2fsck -fn disk.img >e2fsck.log 2>&1 || fail "$method $n: $(cat e2fsck.log)"
		[ $((n % 5)) != 0 ] || intact disk.img "$method, kill $n"
	done
	attach disk.img
	mount "$loop" mnt
	status=0
	"$ACHICA" --zero --yes --method=$method mnt >out 2>err || status=$?
	[ $status = 0 ] || [ $status = 3 ] || fail "$method: a run after it: $(cat out err)"
	umount mnt
	detach "$loop"
	run 0 --estimate --exact --json disk.img
	stale=$(jq '.targets[0].stale' out)
	# ext4 hands the last 2 % out to nobody (/sys/fs/ext4/*/reserved_clusters), and writes a
	# little itself when it is unmounted.
	[ "$stale" -le $((48 * 20972 + 262144)) ] || fail "$method: a run after it left $stale bytes stale"
	intact disk.img "$method, ended"
	proves "$method: $each kills, clean and intact, and one more run ends the work"
done
[ $killed -ge $((each * 2)) ] || fail "only $killed of $((each * 4)) runs were still at work when killed"
proves "$killed runs were killed at work"
