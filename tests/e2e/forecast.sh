#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the converted image will take, now and after: foretold by --estimate --exact, and weighed when
# qemu-img convert has really made it. Old data in a few pieces and scattered over small files, on
# every filesystem, before and after it was reclaimed: off by at most 64 KiB where all was read, and
# no further than the interval is wide where it is a sample.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need qemu-img jq split mke2fs mkswap sfdisk base64 fuser
need_mounts
mkdir mnt
head -c 16M /dev/urandom >random
base64 random >letters

# space FILE: what it takes on its host.
space() {
	stat -c '%b %B' "$1" | awk '{ print $1 * $2 }'
}

# clustered: a few large files. scattered: many of two blocks each. mixed: some can be compressed.
# Half of them go.
fill_clustered() {
	for i in 1 2 3 4 5 6; do
		tail -c +$((i * 777777)) random | head -c 2000000 >mnt/large$i
	done
	sync -f mnt
	rm mnt/large[135]
}

fill_scattered() {
	head -c 6000000 random | (cd mnt && split -d -a 4 -b 6000 - small)
	sync -f mnt
	rm mnt/small*[13579]
}

fill_mixed() {
	for i in 1 2 3 4 5 6 7 8; do
		tail -c +$((i * 77777)) random | head -c 4000000 >mnt/noise$i
		tail -c +$((i * 77777)) letters | head -c 4000000 >mnt/letters$i
	done
	sync -f mnt
	rm mnt/*[1357]
}

# forecast TIME N: of that number in forecast.json, $foretold and how $wide its interval is.
forecast() {
	foretold=$(jq ".targets[0].forecast[$2].$1" forecast.json)
	wide=$(jq ".targets[0].forecast[$2] | .$1_high - .$1_low" forecast.json)
}

# weigh TIME N: the forecast of that number against the file.
weigh() {
	options=$(jq -r ".targets[0].forecast[$2].options" forecast.json)
	# shellcheck disable=SC2086
	qemu-img convert -f raw -O qcow2 $options disk.img out.qcow2
	taken=$(space out.qcow2)
	forecast $1 $2
	off=$((foretold > taken ? foretold - taken : taken - foretold))
	worst=$((off > worst ? off : worst))
	widest=$((wide > widest ? wide : widest))
	# 95 of 100 intervals cover the truth (tests/unit/test_forecast.c); at twice its width, all do.
	[ $off -le $((65536 + wide)) ] || fail "$1, '$options': foretold were $foretold" \
		"in an interval of $wide, it takes $taken"
	[ "$wide" -le $((taken / 20)) ] || fail "$1, '$options': an interval of $wide for $taken"
}

# check NAME N...: those forecasts of disk.img now, and after it was reclaimed.
check() {
	worst=0
	widest=0
	# A read that waits ten seconds behind all that was just written is taken for a dead disk.
	sync -f disk.img
	ends 0 --estimate --json --exact disk.img
	cp out forecast.json
	jq -e '.targets[0].forecast | length == 5' forecast.json >/dev/null || fail "no forecast"
	for n; do
		weigh now $n
	done
	[ "$(jq '.targets[0].forecast[0] | .now - .after' forecast.json)" -ge "$least" ] ||
		fail "nothing would be saved"
	zeroes "${target:-disk.img}"
	for n; do
		weigh after $n
	done
	echo "  off by $worst bytes at most, intervals of at most $widest"
	[ $fill = mixed ] || [ $widest = 0 ] || fail "all was read, but there is an interval"
	[ $fill != mixed ] || [ $widest -gt 0 ] || fail "a sample without an interval"
}

# make TYPE SIZE OPTION...: the filesystem from $offset on, on noise or on holes.
make_fs() {
	type=$1
	size=$2
	shift 2
	case $type in
	ext*) mke2fs -q -F -t "$type" -E "nodiscard,offset=$offset" "$@" disk.img "$size" >log 2>&1 ;;
	xfs) mkfs.xfs -q -K "$@" disk.img >log 2>&1 ;;
	btrfs) mkfs.btrfs -q -K "$@" disk.img >log 2>&1 ;;
	exfat) mkfs.exfat "$@" disk.img >log 2>&1 ;;
	ntfs) mkfs.ntfs -q -Q -F "$@" disk.img >log 2>&1 ;;
	vfat) mkfs.vfat "$@" disk.img >log 2>&1 ;;
	f2fs) mkfs.f2fs -q -f -t 0 "$@" disk.img >log 2>&1 ;;
	hfsplus) python3 "$top_srcdir/tests/fs/hfsplus.py" make files=60 disk.img >log 2>&1 ;;
	esac || fail "mkfs of $type: $(cat log)"
}

# Those that this kernel may not have are filled by their tools, or made with files in them.
mount_fs() {
	case $1 in
	f2fs | hfsplus | vfat) ;;
	exfat)
		attach disk.img
		mount.exfat-fuse "$loop" mnt >log 2>&1 || fail "exfat-fuse: $(cat log)"
		;;
	ntfs) mount_ntfs disk.img mnt ;;
	*) mount -o "loop,offset=$offset" disk.img mnt ;;
	esac
}

umount_fs() {
	case $1 in
	ntfs) umount_ntfs mnt ;;
	exfat)
		umount mnt
		wait_for "exfat-fuse lets go of $loop" is_closed "$loop"
		detach "$loop"
		;;
	f2fs) sload.f2fs -f mnt -t / disk.img >log 2>&1 || fail "sload.f2fs: $(cat log)" ;;
	vfat)
		mmd -i disk.img ::/d && mcopy -n -i disk.img mnt/* ::/d >log 2>&1 </dev/null ||
			fail "mcopy: $(cat log)"
		;;
	hfsplus) ;;
	*) umount mnt && wait_for "disk.img is let go" is_unused disk.img ;;
	esac
}

is_closed() {
	! fuser -s "$1"
}

is_unused() {
	[ -z "$(losetup -j "$1")" ]
}

while read -r type base size fill formats options; do
	case $type in
	xfs) tool=mkfs.xfs ;;
	btrfs) tool=mkfs.btrfs ;;
	exfat) tool=mount.exfat-fuse ;;
	ntfs) tool=ntfs-3g ;;
	f2fs) tool=sload.f2fs ;;
	vfat) tool=mcopy ;;
	hfsplus) tool=python3 ;;
	*) tool=mke2fs ;;
	esac
	command -v $tool >/dev/null || { echo "- no $tool: $type is left out"; continue; }
	proves "$type $options on $base, $fill: the forecast is what qemu-img makes"
	offset=0
	rm -f disk.img
	case $base in
	noise) while [ $(stat -c %s disk.img 2>/dev/null || echo 0) -lt $((size * 1048576)) ]; do cat random >>disk.img; done ;;
	mixed) cat random letters random letters random letters random letters >disk.img ;;
	partly) cat random random >disk.img && truncate -s ${size}M disk.img ;;
	holes) truncate -s ${size}M disk.img ;;
	esac
	# shellcheck disable=SC2086
	make_fs $type ${size}M $options
	mount_fs $type
	fill_$fill
	umount_fs $type
	rm -rf mnt/*
	least=0
	[ $fill = scattered ] || least=3000000
	# shellcheck disable=SC2086
	check $(echo $formats | tr , ' ')
done <<END
ext2 holes 32 clustered 0,1,2,3,4 -b 1024
ext2 noise 32 scattered 0,1,2 -b 1024
ext3 holes 32 scattered 0,1,2 -b 4096
ext4 holes 32 clustered 0,1,2 -b 4096
ext4 holes 32 scattered 0,1,2,3,4 -b 4096
ext4 noise 32 clustered 0,4 -b 1024
xfs holes 320 clustered 0,1
xfs holes 320 scattered 0,1,2,4
btrfs holes 128 clustered 0,2
btrfs holes 128 scattered 0,1,2
ntfs holes 32 clustered 0,1,2
ntfs noise 32 scattered 0,1,3
f2fs partly 128 clustered 0,1
hfsplus noise 32 scattered 0,1
vfat noise 32 scattered 0,1 -F 16 -s 4
vfat noise 9 clustered 0,2 -F 12
vfat partly 64 clustered 0,1 -F 32 -s 1
exfat noise 32 clustered 0,1,2
f2fs partly 128 scattered 0,1
ext4 mixed 150 mixed 0,3,4 -b 4096
END

proves "of a whole disk: what is refused, swap, and what is in no partition count as they are"
rm -f disk.img
cat random random random random >disk.img
printf 'label: gpt\nstart=4096, size=40960\nstart=49152, size=32768\nstart=90112, size=16384\n' |
	sfdisk -q --wipe never disk.img
offset=$((4096 * 512))
make_fs ext4 20M -b 4096
attach -o $((90112 * 512)) --sizelimit 8388608 disk.img
mkswap "$loop" >log 2>&1 || fail "mkswap: $(cat log)"
detach "$loop"
mount -o "loop,offset=$offset,sizelimit=20971520" disk.img mnt
fill_clustered
umount mnt
wait_for "disk.img is let go" is_unused disk.img
least=3000000
fill=clustered
target=disk.img#1
check 0 1 2
[ "$(jq '.targets[0].forecast[1] | .now - .after' forecast.json)" = \
	"$(jq '.targets[0].children[0].stale' forecast.json)" ] ||
	fail "what is saved is not what partition 1 has"
