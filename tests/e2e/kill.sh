#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments, of each method on ext4 and NTFS, 200 times in all (ACHICA_KILLS): the
# filesystem is clean, its files are intact, no file and no lock is left, and one more run ends the
# work. The moments come from a seed (ACHICA_SEED), which a failure names.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 dumpe2fs e2fsck timeout
need_ntfs
each=$(((${ACHICA_KILLS-200} + 6) / 7))
seed=${ACHICA_SEED-$$}
mkdir mnt

# Many small extents, so that punching takes a while too.
make_disk() {
	noise before.img 16777216
	if [ $fs = ext4 ]; then
		mkfs.ext4 -q -F -b 1024 -N 2048 -E nodiscard before.img
	else
		mkfs.ntfs --fast --force before.img >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
	fi
	mount_disk before.img
	write_files mnt 20 8000
	for i in $(seq 200); do
		head -c 5000 random >"mnt/small$i"
	done
	sync -f mnt
	rm mnt/small*[02468]
	delete_half mnt
	sums mnt >kept
	umount_disk
	map_of before.img >map
	all=$(stale_bytes map 0 before.img)
}

map_of() {
	case $fs in
	ext4) dumpe2fs_map "$1" ;;
	ntfs) ntfs_map "$1" ;;
	esac
}

mount_disk() {
	case $fs in
	ext4) mount -o loop "$1" mnt ;;
	ntfs) mount_ntfs "$1" mnt ;;
	esac
}

umount_disk() {
	case $fs in
	ext4) umount mnt ;;
	ntfs) umount_ntfs mnt ;;
	esac
}

is_clean() {
	case $fs in
	ext4) e2fsck -fn disk.img >log 2>&1 || fail "kill $n: e2fsck: $(cat log)" ;;
	ntfs) ntfsfix -n disk.img >log 2>&1 || fail "kill $n: ntfsfix: $(cat log)" ;;
	esac
}

# So long a run takes, in seconds.
longest() {
	from=$(date +%s%N)
	"$ACHICA" --zero --yes --progress=none "$@" >log 2>&1 || fail "$(cat log)"
	awk -v ns=$(($(date +%s%N) - from)) 'BEGIN { printf "%.4f\n", ns * 1e-9 }'
}

# killed_run ARGUMENT...: achica, killed at a moment from 0 to $longest.
killed_run() {
	moment=$(awk -v n="$n" -v seed="$seed" -v longest="$longest" \
		'BEGIN { srand(seed * 1009 + n); rand(); printf "%.4f\n", 0.001 + rand() * longest }')
	status=0
	timeout -s KILL "$moment" "$ACHICA" --zero --yes --progress=none "$@" >log 2>&1 || status=$?
	case $status in
	137) killed=$((killed + 1)) ;;
	0) longest=$(awk -v s="$longest" 'BEGIN { print s * 0.9 }') ;; # it goes faster now
	*) fail "kill $n: it ended with $status: $(cat log)" ;;
	esac
}

# Whether another one is to be killed; those which end by themselves do not count.
next_run() {
	n=$((n + 1))
	if [ $n -gt $((each * 5)) ]; then
		[ $killed -ge $((each / 2)) ] || fail "only $killed of $n were running when killed"
		return 1
	fi
	[ $killed -lt $each ]
}

# The run after the killed one: nothing stands in its way.
run_again() {
	status=0
	"$ACHICA" --zero --yes --progress=none "$@" >log 2>&1 || status=$?
	[ $status = 0 ] || [ $status = 3 ] || fail "kill $n: the next run ended with $status: $(cat log)"
}

unmounted_kills() {
	cp before.img disk.img
	longest=$(longest --method=$method $slow disk.img)
	while next_run; do
		cp before.img disk.img
		killed_run --method=$method $slow disk.img
		compare map 0 before.img disk.img
		[ "$stale" = 0 ] || [ "$stale" = "$all" ] || amid=$((amid + 1))
		is_clean
		run_again --method=$method disk.img
		only_free_zeroed map 0 before.img disk.img
	done
}

free_of() {
	stat -f -c %f mnt
}

# FUSE hears of the end of a process, and lets its nameless files go, a little later.
is_given_back() {
	sync -f mnt
	ls -A mnt >names
	[ "$(free_of)" -ge "$free" ] && [ "$(grep -c -v lost+found names)" = 110 ]
}

mounted_kills() {
	cp before.img disk.img
	mount_disk disk.img
	longest=$(longest --method=$method $slow mnt)
	umount_disk
	while next_run; do
		cp before.img disk.img
		mount_disk disk.img
		# NTFS: the first file that is made adds to the MFT.
		[ $fs = ext4 ] || { : >mnt/first && rm mnt/first; }
		free=$(free_of)
		killed_run --method=$method $slow mnt
		wait_for "the space to be given back, and no file left behind" is_given_back
		run_again --method=$method mnt
		sums mnt >now
		umount_disk
		same "kill $n: the files" kept now
		is_clean
		map_of disk.img >now
		stale=$(stale_bytes now 0 disk.img)
		[ "$stale" -le $spared ] || fail "kill $n: $stale of $all bytes are stale after the next run"
	done
}

while read -r fs method slow; do
	proves "$method on $fs, killed $each times (seed $seed): clean, intact, and the next run ends it"
	n=0
	killed=0
	amid=0
	make_disk
	case $method in
	punch | write)
		unmounted_kills
		echo "  $killed of $n runs, $amid amid the zeroing"
		[ $amid -gt 0 ] || [ $each -lt 10 ] || fail "none was hit amid the zeroing"
		;;
	*)
		# What a mounted filesystem gives to nobody, and what it writes itself.
		spared=$((all / 10))
		mounted_kills
		echo "  $killed of $n runs"
		;;
	esac
done <<END
ext4 punch
ntfs punch
ext4 write --max-rate=300M
ntfs write --max-rate=300M
ext4 trim
ext4 fill --max-rate=300M
ntfs fill --max-rate=300M
END
