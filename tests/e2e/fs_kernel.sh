#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# F2FS and HFS Plus as Debian's kernel leaves them, in a virtual machine because the kernel of the
# tests may have no driver for them: aged, full of holes, and stopped while mounted, F2FS after a sync
# and after an fsync. The free map is that of the files; what was not cleanly unmounted is refused,
# also where only blocks behind the last checkpoint tell of it; and after achica --zero the kernel
# finds every file as it was, writes to it and has nothing to complain of.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.f2fs dump.f2fs fsck.f2fs python3
need_boot
f2fs="python3 $top_srcdir/tests/fs/f2fs.py"
hfsplus="python3 $top_srcdir/tests/fs/hfsplus.py"
size=67108864

# The disks of the machine: NAME COMMAND.
disks() {
	cat <<-END
		f2fs-aged mkfs.f2fs -f -t 0
		f2fs-full mkfs.f2fs -f -t 0 -O extra_attr,inode_checksum,sb_checksum,compression
		f2fs-sync mkfs.f2fs -f -t 0
		f2fs-fsync mkfs.f2fs -f -t 0
		hfsplus-aged $hfsplus make files=30 map=9
		hfsplus-full $hfsplus make block=1024 x=yes
		hfsplus-stopped $hfsplus make
		f2fs-paused mkfs.f2fs -f -t 0
	END
}

make_disks() {
	drives=
	disks >"$dir/disks"
	noise "$dir/noise" $size
	while read -r name command; do
		cp "$dir/noise" "$dir/$name"
		$command "$dir/$name" >"$dir/log" 2>&1 || fail "$command: $(cat "$dir/log")"
		drives="$drives -drive file=$dir/$name,format=raw,if=virtio"
	done <"$dir/disks"
}

# run FILE: a machine with the disks does what standard input says; what it found is in FILE.
run() {
	boot_begin
	boot_modules f2fs hfsplus nls_utf8
	boot_file "$dir/disks" /disks
	cat - >"$dir/main"
	boot_file "$dir/main" /task
	boot_init <<-'END'
		dmesg -n 1
		head -c 300000 /dev/urandom >/tmp/random
		letters=abcdefgh
		next() {
			read -r name command || return 1
			disk=/dev/vd${letters%"${letters#?}"}
			letters=${letters#?}
			type=${name%-*}
			at=/mnt/$name
			mkdir "$at"
			mount -t "$type" "$disk" "$at"
		}
		sums() {
			(cd "$at" && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum) |
				sed "s/^/kept $name /"
		}
		. /task
		dmesg | grep -iE 'corrupt|error|inconsisten' | grep -v 'RAS:' | sed 's/^/fault /'
		poweroff -f -n
	END
	boot_end "$dir/initrd"
	# shellcheck disable=SC2086
	boot "$dir/initrd" $drives </dev/null
	grep -E '^(kept|done|fault) ' "$work/boot.out" >"$1" || :
	! grep '^fault' "$1" || fail "the kernel complains"
	while read -r name command; do
		grep -qx "done $name" "$1" || fail "not done: $name: $(cat "$work/boot.out")"
	done <"$dir/disks"
}

# $image is clean, with the map that its files tell.
check() {
	"$freemap" "${name%-*}" "$image" >"$dir/ours" 2>"$dir/log" ||
		fail "refused: $(cat "$dir/log")"
	[ -s "$dir/ours" ] || fail "an empty map"
	case $name in
	f2fs-*)
		fsck.f2fs --dry-run "$image" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
		! grep -F '[Fail]' "$dir/log" || fail "fsck.f2fs"
		$f2fs map "$image" | join_extents >"$dir/theirs"
		same_map "dump.f2fs" "$dir/theirs" "$dir/ours"
		$f2fs nodes "$image" >"$dir/theirs"
		;;
	*)
		! command -v fsck.hfsplus >/dev/null ||
			fsck.hfsplus -n -f "$image" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
		$hfsplus files "$image" >"$dir/theirs"
		;;
	esac
	join_extents <"$dir/theirs" >"$dir/joined"
	same_map "the files" "$dir/joined" "$dir/ours"
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
	rm "$at"/d/*[123456] "$at"/fill*[01235678]
}
while next; do
	case $name in
	*-aged) age ;;
	*-full) fill ;;
	*) files "$at/d" 20 1000 ;;
	esac
	case $name in
	*-sync)
		sync -f "$at"
		;;
	*-paused)
		mount -o remount,checkpoint=disable "$at"
		;;
	*-fsync)
		umount "$at"
		mount -t "$type" "$disk" "$at"
		dd if=/tmp/random of="$at/d/20" bs=4096 seek=5 conv=fsync,notrunc 2>/dev/null
		;;
	esac
	sums
	case $name in
	*sync | *-stopped) ;;
	*) umount "$at" ;;
	esac
	echo "done $name"
done </disks
END

for name in f2fs-aged f2fs-full hfsplus-aged hfsplus-full; do
	proves "$name: the free map is that of the files"
	image=$dir/$name
	check
	cp "$dir/ours" "$dir/free"
	cp --sparse=always "$image" "$dir/before"
	case $name in *-aged) method=punch ;; *) method=write ;; esac
	zeroes "$image" --method=$method
	only_free_zeroed "$dir/free" 0 "$dir/before" "$image"
	check
	same "the map before and after" "$dir/free" "$dir/ours"
done
proves "f2fs-sync: stopped after a checkpoint that is not of an unmount"
refused unclean f2fs "$dir/f2fs-sync"
proves "f2fs-fsync: stopped after an fsync that has only added to the last checkpoint"
fsck.f2fs --dry-run "$dir/f2fs-fsync" | grep -q 'checkpoint state.* unmount' ||
	fail "the kernel has written a checkpoint"
refused journal f2fs "$dir/f2fs-fsync"
proves "hfsplus-stopped: stopped while mounted, which only its fsck mends"
refused unclean hfsplus "$dir/hfsplus-stopped"
proves "f2fs-paused: unmounted without checkpoints"
refused feature f2fs "$dir/f2fs-paused"
sed -i '/stopped/d; /paused/d' "$dir/disks"

proves "the kernel finds every file as it was, what was not written out too, and writes"
run "$dir/second" <<'END'
while next; do
	sums
	cp /tmp/random "$at/new" && cp "$at/new" "$at/again" && cmp "$at/new" "$at/again" &&
		umount "$at" && echo "done $name"
done </disks
END
grep '^kept' "$dir/first" | grep -v 'stopped\|paused' >"$dir/kept"
grep '^kept' "$dir/second" >"$dir/now"
same "the files" "$dir/kept" "$dir/now"
while read -r name command; do
	proves "$name: served after it was mounted and unmounted"
	image=$dir/$name
	check
done <"$dir/disks"
