#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# F2FS, HFS Plus, FAT, exFAT and ext4 as Debian's kernel leaves them, in a virtual machine because the
# kernel of the tests may have no driver for them: aged, full, full of holes of one block, and stopped
# while mounted, F2FS also in other ways. The free map is that of the files; what was not
# cleanly unmounted is refused, also where only blocks behind the last checkpoint tell of it; and
# after achica --zero the kernel finds every file as it was, writes to it and has nothing to complain
# of.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.f2fs dump.f2fs fsck.f2fs mkfs.fat fsck.fat mkfs.exfat fsck.exfat mkfs.ext4 python3
need_boot
need_hfsprogs
f2fs="python3 $top_srcdir/tests/fs/f2fs.py"
fat="python3 $top_srcdir/tests/fs/fat.py"
hfsplus="python3 $top_srcdir/tests/fs/hfsplus.py"
largest=64

# The disks of the machine: TYPE-STATE MIB COMMAND. What is full of holes has small blocks, and few.
disks() {
	cat <<-END
		f2fs-aged 64 mkfs.f2fs -f -t 0
		f2fs-full 64 mkfs.f2fs -f -t 0 -O extra_attr,inode_checksum,sb_checksum,compression
		f2fs-holes 64 mkfs.f2fs -f -t 0
		f2fs-sync 64 mkfs.f2fs -f -t 0
		f2fs-fsync 64 mkfs.f2fs -f -t 0
		f2fs-paused 64 mkfs.f2fs -f -t 0
		f2fs-orphans 64 mkfs.f2fs -f -t 0
		f2fs-marked 64 mkfs.f2fs -f -t 0
		hfsplus-aged 32 $hfsplus make files=30 map=9
		hfsplus-aged-x 32 mkfs.hfsplus -s -b 16384
		hfsplus-full 16 mkfs.hfsplus -b 1024
		hfsplus-packed 8 mkfs.hfsplus
		hfsplus-holes 2 mkfs.hfsplus -b 512
		hfsplus-stopped 16 mkfs.hfsplus
		vfat-aged 40 mkfs.fat -F 32 -s 1
		vfat-full 16 mkfs.fat -F 16
		vfat-packed 4 mkfs.fat -F 12 -s 2
		vfat-holes 8 mkfs.fat -F 16 -s 1
		vfat-stopped 16 mkfs.fat -F 16
		vfat-stopped-32 40 mkfs.fat -F 32 -s 1
		exfat-aged 32 mkfs.exfat
		exfat-full 16 mkfs.exfat -c 32K
		exfat-packed 8 mkfs.exfat -c 4K
		exfat-holes 8 mkfs.exfat -c 512
		exfat-stopped 16 mkfs.exfat
		ext4-aged 32 mkfs.ext4 -q -F -E nodiscard
	END
}

make_disks() {
	disks >"$dir/disks"
	noise "$dir/noise" $((largest * 1048576))
	while read -r name mib command; do
		head -c $((mib * 1048576)) "$dir/noise" >"$dir/$name"
		$command "$dir/$name" >"$dir/log" 2>&1 || fail "$command: $(cat "$dir/log")"
		# A flag that the other one forgets, and which the kernel minds.
		case $name in hfsplus-*-x) fsck.hfsplus -fy "$dir/$name" >"$dir/log" 2>&1 ;; esac
	done <"$dir/disks"
}

# run FILE: a machine with the disks does what standard input says; what it found is in FILE.
run() {
	boot_begin
	boot_modules f2fs hfsplus nls_utf8 vfat nls_cp437 nls_ascii exfat ext4
	boot_program f2fs_io
	boot_file "$dir/disks" /disks
	cat - >"$dir/main"
	boot_file "$dir/main" /task
	boot_init <<-'END'
		dmesg -n 1
		head -c 300000 /dev/urandom >/tmp/random
		letters=abcdefghijklmnopqrstuvwxyz
		next() {
			read -r name mib command || return 1
			disk=/dev/vd${letters%"${letters#?}"}
			letters=${letters#?}
			type=${name%%-*}
			state=${name#*-}
			at=/mnt/$name
			mkdir "$at"
			mount -t "$type" -o noatime "$disk" "$at"
		}
		sums() {
			(cd "$at" && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum) |
				sed "s/^/kept $name /"
		}
		. /task
		dmesg | grep -iE 'corrupt|error|inconsisten|as dirty' | grep -v 'RAS:' |
			sed 's/^/fault /'
		poweroff -f -n
	END
	boot_end "$dir/initrd"
	drives=$(sed "s|^\([^ ]*\).*|-drive file=$dir/\1,format=raw,if=virtio,cache=unsafe|" \
		"$dir/disks")
	# shellcheck disable=SC2086
	boot "$dir/initrd" $drives </dev/null
	grep -E '^(kept|done|fault) ' "$work/boot.out" >"$1" || :
	! grep '^fault' "$1" || fail "the kernel complains"
	while read -r name _; do
		grep -qx "done $name" "$1" || fail "not done: $name: $(cat "$work/boot.out")"
	done <"$dir/disks"
}

# judge PROGRAM...: which checks a filesystem and finds it clean.
judge() {
	"$@" "$image" >"$dir/log" 2>&1 || fail "$*: $(cat "$dir/log")"
}

# Linux leaves what was in a node of a tree when the node is no longer used, inside of the tree's file,
# and that is all that Apple's fsck may find.
judge_hfsplus() {
	fsck.hfsplus -fn "$image" >"$dir/log" 2>&1 && return
	! grep -v '^\*\* \|^   Executing fsck_hfs\|^   The volume name is\|^   Unused node is not erased' \
		"$dir/log" || fail "fsck.hfsplus: $(cat "$dir/log")"
}

# The free map by other programs in $dir/theirs, after they have found $image clean.
their_map() {
	case $type in
	f2fs)
		judge fsck.f2fs --dry-run
		! grep -F '[Fail]' "$dir/log" || fail "fsck.f2fs"
		$f2fs nodes "$image" | join_extents >"$dir/nodes"
		$f2fs map "$image" | join_extents >"$dir/theirs"
		same_map "dump.f2fs and the nodes" "$dir/nodes" "$dir/theirs"
		;;
	hfsplus)
		judge_hfsplus
		$hfsplus files "$image" | join_extents >"$dir/theirs"
		;;
	vfat | exfat)
		judge "fsck.${type#v}" -n
		$fat map "$image" | join_extents >"$dir/theirs"
		;;
	ext4)
		judge e2fsck -fn
		dumpe2fs_map "$image" >"$dir/theirs"
		;;
	esac
}

check() {
	type=${name%%-*}
	image=$dir/$name
	"$freemap" "$type" "$image" >"$dir/ours" 2>"$dir/log" || fail "refused: $(cat "$dir/log")"
	their_map
	same_map "the files" "$dir/theirs" "$dir/ours"
}

make_disks
proves "what the kernel has written is read"
run "$dir/first" <<'END'
files() { # FOLDER COUNT BYTES: file N has N times as many
	mkdir "$1"
	awk -v folder="$1" -v count="$2" -v bytes="$3" 'BEGIN {
		for (i = 1; i <= count; i++) {
			text = folder i rand()
			while (length(text) < i * bytes)
				text = text text
			printf "%s", substr(text, 1, i * bytes) >(folder "/" i)
			close(folder "/" i)
		}
	}'
}
age() {
	for round in 1 2; do
		files "$at/d$round" 40 1777
		files "$at/d$round/e" 200 3
		sync -f "$at"
		rm "$at/d$round"/*[13579] "$at/d$round/e"/*[02468]
		dd if=/tmp/random of="$at/d$round/40" bs=4096 count=3 seek=2 conv=notrunc 2>/dev/null
		sync -f "$at"
	done
	for i in 1 2 3 4 5; do cat /tmp/random; done >"$at/large"
	dd if=/tmp/random of="$at/sparse" bs=4096 count=2 seek=300 2>/dev/null
	fallocate -l 2000000 "$at/promised" 2>/dev/null
	dd if=/tmp/random of="$at/promised" bs=4096 count=2 seek=7 conv=notrunc 2>/dev/null
	rm -r "$at/d1"
}
fill() {
	n=0
	files "$at/d" 40 4000
	while cp /tmp/random "$at/fill$n" 2>/dev/null; do n=$((n + 1)); done
}
# Nothing is left, not one block.
pack() {
	fill
	n=0
	while echo "$n" 2>/dev/null >"$at/d/small$n"; do n=$((n + 1)); done
}
# Of small files side by side every other one goes, after they have found their places.
holes() {
	mkdir "$at/d"
	awk -v folder="$at/d" 'BEGIN {
		for (i = 0; i < 600; i++) {
			printf "%0400d", i >(folder "/" i)
			close(folder "/" i)
		}
	}'
	sync -f "$at"
	rm "$at/d"/*[13579]
}
while next; do
	case $state in
	aged*) age ;;
	full) fill; rm "$at"/d/*[123456] "$at"/fill*[01235678] ;;
	packed) pack ;;
	holes) holes ;;
	*) files "$at/d" 20 1000 ;;
	esac
	case $state in
	sync)
		sync -f "$at"
		;;
	paused)
		mount -o remount,checkpoint=disable "$at"
		;;
	orphans)
		exec 5<"$at/d/20"
		rm "$at/d/20"
		sync -f "$at"
		;;
	marked)
		# Its flag stays, and that checkpoints are off does not.
		f2fs_io shutdown 4 "$at" >/dev/null
		umount "$at"
		mount -t "$type" "$disk" "$at"
		;;
	fsync)
		umount "$at"
		mount -t "$type" "$disk" "$at"
		echo 100000 >"/sys/fs/f2fs/${disk#/dev/}/cp_interval" # s; no checkpoint of its own
		dd if=/tmp/random of="$at/d/20" bs=4096 seek=5 conv=fsync,notrunc 2>/dev/null
		;;
	esac
	sums
	case $state in
	*sync | stopped* | orphans) ;;
	*) umount "$at" ;;
	esac
	echo "done $name"
done </disks
END

method=punch
for name in $(sed -n 's/^\([^ ]*-\(aged\|full\|packed\|holes\)[^ ]*\).*/\1/p' "$dir/disks"); do
	proves "$name: the free map is that of the files, by $method"
	check
	cp "$dir/ours" "$dir/free"
	runs=$(wc -l <"$dir/free")
	case $name in
	*-packed) [ "$runs" = 0 ] || fail "$runs runs are free" ;;
	*-holes) [ "$runs" -ge 200 ] || fail "there are only $runs holes" ;;
	*) [ "$runs" -ge 3 ] || fail "there are only $runs holes" ;;
	esac
	cp --sparse=always "$image" "$dir/before"
	case $name in
	*-packed)
		ends 3 --zero --yes --method=$method "$image"
		cmp "$image" "$dir/before" || fail "it has changed"
		;;
	*)
		zeroes "$image" --method=$method
		only_free_zeroed "$dir/free" 0 "$dir/before" "$image"
		;;
	esac
	check
	same "the map before and after" "$dir/free" "$dir/ours"
	case $method in punch) method=write ;; *) method=punch ;; esac
done
proves "f2fs-holes: the first and the last block of the main area are free"
main=$((4096 * $(od -An -tu4 -j1116 -N4 "$dir/f2fs-holes")))
"$freemap" f2fs "$dir/f2fs-holes" >"$dir/ours"
awk -v first="$main" 'NR == 1 && $1 != first { exit 1 } { end = $1 + $2 }
	END { exit end != 67108864 }' "$dir/ours" || fail "$(cat "$dir/ours")"
proves "f2fs-sync: stopped after a checkpoint that is not of an unmount"
refused unclean f2fs "$dir/f2fs-sync"
proves "f2fs-fsync: stopped after an fsync that has only added to the last checkpoint"
fsck.f2fs --dry-run "$dir/f2fs-fsync" | grep -q 'checkpoint state.* unmount' ||
	fail "the kernel has written a checkpoint"
refused journal f2fs "$dir/f2fs-fsync"
proves "f2fs-orphans: stopped while a file that was deleted is open"
dump.f2fs -d 1 "$dir/f2fs-orphans" 2>&1 | grep -q 'checkpoint state.* orphan' ||
	fail "the kernel has noted no orphan"
refused unclean f2fs "$dir/f2fs-orphans"
proves "f2fs-marked: the kernel wants it checked"
refused errors f2fs "$dir/f2fs-marked"
proves "hfsplus-stopped: stopped while mounted"
refused unclean hfsplus "$dir/hfsplus-stopped"
proves "vfat-stopped, vfat-stopped-32, exfat-stopped: stopped while mounted"
refused dirty vfat "$dir/vfat-stopped"
refused dirty vfat "$dir/vfat-stopped-32"
refused dirty exfat "$dir/exfat-stopped"
proves "f2fs-paused: unmounted without checkpoints"
refused feature f2fs "$dir/f2fs-paused"

while read -r name command; do
	proves "$name: served after $command"
	cp --sparse=always "$dir/$name" "$dir/$name-mended"
	name=$name-mended
	$command "$dir/$name" >"$dir/log" 2>&1 || [ $? = 1 ] || fail "$(cat "$dir/log")"
	check
	[ -s "$dir/ours" ] || fail "an empty map"
done <<END
hfsplus-stopped fsck.hfsplus -fy
vfat-stopped fsck.fat -a
vfat-stopped-32 fsck.fat -a
exfat-stopped fsck.exfat -p
f2fs-sync fsck.f2fs -f
f2fs-marked fsck.f2fs -f
END
proves "f2fs-orphans: fsck.f2fs leaves the deleted file for the next mount to finish"
fsck.f2fs -f "$dir/f2fs-orphans" >"$dir/log" 2>&1 || [ $? = 1 ] || fail "$(cat "$dir/log")"
refused orphans f2fs "$dir/f2fs-orphans"
sed -i '/stopped/d; /paused/d; /marked/d' "$dir/disks"

proves "the kernel finds every file as it was, what was not written out too, and writes"
run "$dir/second" <<'END'
while next; do
	sums
	# Of those that are packed one file makes room.
	[ "$state" != packed ] || rm "$at/fill0" "$at/fill1"
	cp /tmp/random "$at/new" && umount "$at" && mount -t "$type" -o ro "$disk" "$at" &&
		cmp "$at/new" /tmp/random && umount "$at" && echo "done $name"
done </disks
END
grep '^kept' "$dir/first" | grep -v 'stopped\|paused\|marked' >"$dir/kept"
grep '^kept' "$dir/second" >"$dir/now"
same "the files" "$dir/kept" "$dir/now"
while read -r name _; do
	proves "$name: served after it was mounted and unmounted"
	check
done <"$dir/disks"
