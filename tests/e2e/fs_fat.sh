#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# FAT12, FAT16 and FAT32 by mkfs.fat and mtools, of many sizes of sectors and clusters, fresh, aged,
# full and in single clusters, and exFAT aged through FUSE: the free map is all that no file lies in,
# partclone's, and as much as dump.exfat counts; after achica --zero nothing else is changed, fsck
# has nothing to say, and the files are as they were. What is dirty, faulty, not mirrored or leads
# into the void is refused. What a kernel writes is in fs_kernel.sh.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.fat fsck.fat mcopy mdel python3 mkfs.exfat fsck.exfat dump.exfat partclone.vfat
need partclone.exfat
image=$work/image
MTOOLS_SKIP_CHECK=1
export MTOOLS_SKIP_CHECK
method=punch

oracle() {
	python3 "$top_srcdir/tests/fs/fat.py" "$@"
}

# poke BYTE OCTAL...: into the image.
poke() {
	poke_at=$1
	shift
	# shellcheck disable=SC2059
	printf "$(printf '\\%s' "$@")" | dd of="$image" bs=1 seek="$poke_at" conv=notrunc status=none
}

# Partclone's log of a map: POSITION SIZE ?, which is free, in hexadecimal. Of FAT12 it is wrong in
# 0.3.23.
partclone_agrees() {
	case $options in *"-F 12"*) return ;; esac
	rm -f domain
	"partclone.$type" -D -q -s "$image" -o domain >log 2>&1 || fail "$1: partclone: $(cat log)"
	while read -r position size state; do
		[ "$state" != '?' ] || echo "$((position)) $((size))"
	done <domain | join_extents >theirs
	same "$1: partclone's map" map theirs
}

# dump.exfat's count of free clusters.
count_agrees() {
	dump.exfat "$image" >log 2>&1 || fail "$1: dump.exfat: $(cat log)"
	awk '/^Cluster size:/ { size = $3 } /^Free Clusters:/ { print $3 * size }' log >theirs
	awk '{ sum += $2 } END { print sum + 0 }' map >joined
	same "$1: dump.exfat's count" theirs joined
}

maps_agree() {
	"$freemap" "$type" "$image" >ours 2>log || fail "$1: $(cat log)"
	oracle map "$image" | join_extents >map
	join_extents <ours >joined
	same "$1: the free map" map joined
	[ $type != exfat ] || count_agrees "$1"
}

fsck() {
	case $type in
	vfat) fsck.fat -n "$image" >log 2>&1 || fail "$1: fsck.fat: $(cat log)" ;;
	exfat) fsck.exfat -n "$image" >log 2>&1 || fail "$1: fsck.exfat: $(cat log)" ;;
	esac
}

# reclaim WHAT: all that must hold when achica zeroes it.
reclaim() {
	maps_agree "$1"
	fsck "$1"
	cp "$image" before
	zeroes "$image" --method=$method
	only_free_zeroed map 0 before "$image"
	fsck "$1 after $method"
	case $method in punch) method=write ;; *) method=punch ;; esac
}

# age COUNT BYTES: files of which half go again, so that the rest is in pieces.
age() {
	mkdir -p files
	write_files files "$1" "$2"
	mmd -i "$image" ::/folder ::/folder/deeper
	mcopy -i "$image" files/* ::/folder 2>log || fail "mcopy: $(cat log)"
	mdel -i "$image" '::/folder/file*[13579]'
	mcopy -i "$image" files/file"$1" ::/folder/deeper/again
	rm -r files
}

files_of() {
	mkdir got
	mcopy -s -i "$image" ::/folder got 2>log || fail "mcopy: $(cat log)"
	sums got
	rm -r got
}

type=vfat
while read -r mib bytes options; do
	proves "mkfs.fat $options, $mib MiB"
	noise "$image" $((mib * 1048576))
	# shellcheck disable=SC2086
	mkfs.fat $options "$image" >log 2>&1 || fail "$(cat log)"
	reclaim "fresh"
	# What mtools does not take for FAT32.
	[ "$bytes" != - ] || continue
	noise "$image" $((mib * 1048576))
	# shellcheck disable=SC2086
	mkfs.fat $options "$image" >log 2>&1
	age 24 "$bytes"
	files_of >kept
	reclaim "aged"
	partclone_agrees "aged"
	files_of >now
	same "the files" kept now
done <<END
1 900 -F 12
8 9000 -F 12 -f 1 -s 4
16 9000 -F 12 -S 1024 -r 1024
16 9000 -F 16
24 9000 -F 16 -s 1 -R 7
36 33333 -F 16 -S 4096 -s 1 -f 1 -a
140 - -F 16 -s 64
40 33333 -F 32
36 33333 -F 32 -s 1 -f 1 -R 33 -a
40 - -F 32 -S 4096 -s 1
40 - -F 32 -s 8 -h 63
END

proves "full, and then in single clusters, with the first and the last"
noise "$image" 4194304
mkfs.fat -F 12 -s 4 -f 2 -r 4096 "$image" >log
mkdir files
for i in $(seq 2200); do
	tail -c +$((i * 2048)) random | head -c 2048 >files/f$i
done
mcopy -i "$image" files/* :: 2>log && fail "it is not full" || :
rm -r files
maps_agree full
[ ! -s map ] || fail "something is free when it is full"
mdel -i "$image" '::/f*[02468]' 2>log || fail "mdel: $(cat log)"
reclaim "full of holes"
[ "$(wc -l <map)" -gt 500 ] || fail "there are only $(wc -l <map) holes"

proves "clusters marked bad stay as they are"
noise "$image" 41943040
printf '%s\n' 5000 5001 9000 >blocks
mkfs.fat -F 32 -s 1 -l blocks "$image" >log
oracle map "$image" | join_extents >map
"$freemap" vfat "$image" | join_extents >joined
same "the free map" map joined
[ "$(wc -l <map)" = 3 ] || fail "$(wc -l <map) runs"

proves "FAT that is not clean, not alone or not plausible is refused"
sound() {
	cp sound.img "$image"
}
mkfs.fat -F 32 -s 1 "$image" >log
cp "$image" sound.img
table=16384
poke $((table + 7)) 007
poke $((table + 806912 + 7)) 007
refused corrupt vfat "$image"
sound
size=$((512 * $(od -An -tu4 -j36 -N4 "$image")))
poke $((table + 7)) 007
poke $((table + size + 7)) 007
refused dirty vfat "$image"
poke $((table + 7)) 013
poke $((table + size + 7)) 013
refused errors vfat "$image"
sound
poke 65 001
refused dirty vfat "$image"
sound
poke 40 200
refused feature vfat "$image"
sound
poke 42 001
refused feature vfat "$image"
sound
poke $((table + 400)) 001
refused corrupt vfat "$image"
poke $((table + size + 400)) 001
refused corrupt vfat "$image"
poke $((table + 400)) 377 000
poke $((table + size + 400)) 377 000
refused corrupt vfat "$image"
sound
truncate -s 30M "$image"
refused outside vfat "$image"
sound
poke 510 000
refused corrupt vfat "$image"
sound
ends 0 --free-map "$image"

type=exfat
while read -r mib options; do
	proves "mkfs.exfat $options, $mib MiB, fresh"
	noise "$image" $((mib * 1048576))
	# shellcheck disable=SC2086
	mkfs.exfat $options "$image" >log 2>&1 || fail "mkfs.exfat $options: $(cat log)"
	reclaim fresh
	noise "$image" $((mib * 1048576))
	# shellcheck disable=SC2086
	mkfs.exfat $options "$image" >log 2>&1
	maps_agree fresh
done <<END
16
16 -c 512
32 -c 4K -L label
32 -c 1M
32 -b 64K --pack-bitmap
END

proves "exFAT that is not clean or not plausible is refused"
cp "$image" sound.img
poke 106 002
refused dirty exfat "$image"
poke 106 004
refused errors exfat "$image"
poke 106 001
refused feature exfat "$image"
sound
poke 110 002
refused feature exfat "$image"
sound
poke 105 002
refused feature exfat "$image"
sound
poke 4000 001
refused corrupt exfat "$image"
sound
truncate -s 20M "$image"
refused outside exfat "$image"
sound
oracle bad "$image" 20 21 300
"$freemap" exfat "$image" | join_extents >joined
[ "$(wc -l <joined)" = 3 ] || fail "bad clusters are free: $(cat joined)"

need_mounts
[ -e /dev/fuse ] || skip "there is no FUSE"
need mount.exfat-fuse fuser
mount_exfat() {
	attach "$image"
	mount.exfat-fuse "$loop" mnt >log 2>&1 || fail "exfat-fuse: $(cat log)"
}
umount_exfat() {
	umount mnt
	wait_for "exfat-fuse lets go of $loop" sh -c "! fuser -s $loop"
	detach "$loop"
}
for options in "-c 512" "-c 32K"; do
	proves "mkfs.exfat $options, aged through FUSE"
	noise "$image" 67108864
	# shellcheck disable=SC2086
	mkfs.exfat $options "$image" >log 2>&1
	mount_exfat
	mkdir mnt/folder
	write_files mnt/folder 40 33333
	delete_half mnt/folder
	i=0
	while [ $i -lt 300 ]; do
		head -c 5000 random >mnt/small$i
		i=$((i + 1))
	done
	rm mnt/small*[02468]
	sums mnt >kept
	umount_exfat
	reclaim "aged"
	partclone_agrees "aged"
	[ "$(wc -l <map)" -gt 20 ] || fail "only $(wc -l <map) runs"
	mount_exfat
	sums mnt >now
	umount_exfat
	same "the files" kept now
done
