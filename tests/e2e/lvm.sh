#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Logical volumes in a disk image, made by LVM itself: a plain one, one in several segments and one
# in stripes over two partitions, on old data. Where they lie is what lvs says: the free map is that
# of the volume put together from there, nothing but those bytes is changed, and e2fsck and the files
# are as before. Also a physical volume that is the whole image, and metadata that goes around its
# ring.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/lvm.sh"
need mkfs.ext4 e2fsck debugfs dumpe2fs qemu-img jq python3
need_lvm

PART=67108864
P1=1048576
P2=$((P1 + PART))
volumes="plain pieces wide"
noise noise 33554432

pieces() {
	python3 "$top_srcdir/tests/fs/pieces.py" "$@"
}

# make_fs LV: an ext4 on old data, with files of which half are deleted, in a file of its own; and
# from there into the image.
make_fs() {
	segments "vg0/$1" >"$1.pieces"
	head -c "$(awk '{ n += $2 } END { print n }' "$1.pieces")" noise >"$1.fs"
	mkfs.ext4 -q -F -E nodiscard -L "$1" "$1.fs"
	for i in 1 2 3 4 5 6; do
		tail -c +$((i * 7777)) noise | head -c $((i * 55555)) >"file$i"
		echo "write file$i file$i"
	done >commands
	echo "rm file1
rm file3
rm file5" >>commands
	debugfs -w -f commands "$1.fs" >log 2>&1 || fail "debugfs: $(cat log)"
	e2fsck -fn "$1.fs" >log 2>&1 || fail "e2fsck: $(cat log)"
	dumpe2fs_map "$1.fs" >"$1.map"
	pieces put disk.img "$1.pieces" "$1.fs"
}


# is_clean LV: put together again, the files are those of before.
is_clean() {
	pieces get disk.img "$1.pieces" after.fs
	e2fsck -fn after.fs >log 2>&1 || fail "e2fsck $1: $(cat log)"
	for i in 2 4 6; do
		debugfs -R "cat file$i" after.fs 2>/dev/null | cmp -s - "file$i" || fail "$1: file$i"
	done
	only_free_zeroed "$1.map" 0 "$1.fs" after.fs
}

proves "volumes of two partitions are found, and lie where lvs says"
noise disk.img $((P2 + PART + 1048576))
sgdisk -n "1:2048:+64M" -n "2:0:+64M" -t 1:8e00 -t 2:8e00 disk.img >log
attach_pvs disk.img $P1 $PART $P2 $PART
# shellcheck disable=SC2086
run_lvm pvcreate -ff -y $pvs
# shellcheck disable=SC2086
run_lvm vgcreate -s 1M vg0 $pvs
make_lv -n plain -l 9 vg0
make_lv -n pieces -l 5 vg0
make_lv -n between -l 1 vg0
run_lvm lvextend -l +4 vg0/pieces
make_lv -n more -l 1 vg0
run_lvm lvextend -l +6 vg0/pieces
make_lv -n wide -i 2 -I 16 -l 12 vg0
run_lvm lvremove -y vg0/between
for lv in $volumes; do
	make_fs $lv
	[ -s $lv.map ] || fail "dumpe2fs has no map of $lv"
done
free_extents vg0 >free.map
[ "$(wc -l <free.map)" -gt 2 ] || fail "what is free lies in $(cat free.map)"
[ "$(wc -l <pieces.pieces)" -gt 1 ] && [ "$(wc -l <wide.pieces)" -gt 100 ] || fail "in one piece"
detach_pvs
cp disk.img before.img
ends 0 --list --json disk.img
jq -r '.. | objects | select(.kind == "lv") | [.name, .fstype, .label, .size] | join(" ")' out >rows
for lv in $volumes; do
	size=$(stat -c %s $lv.fs)
	grep -q "disk.img#vg0/$lv ext4 $lv $size\$" rows || fail "$lv is not in $(cat rows)"
	ends 0 --free-map "disk.img#vg0/$lv"
	join_extents <out >ours
	same "the free map of $lv" $lv.map ours
done

proves "one volume is zeroed, and nothing else of the disk changes"
for method in punch write; do
	cp before.img disk.img
	for lv in $volumes; do
		cp disk.img one.img
		pieces map $lv.pieces <$lv.map | join_extents >disk.map
		zeroes "disk.img#vg0/$lv" --method=$method --verify
		only_free_zeroed disk.map 0 one.img disk.img
		is_clean $lv
	done
	ends 3 --zero --yes --method=write disk.img#vg0/plain disk.img#vg0/pieces disk.img#vg0/wide
done

proves "what is free in the group is what pvs says, to the byte"
cp before.img disk.img
ends 4 --estimate --exact --json 'disk.img#vg0/-gap'
total=$(awk '{ n += $2 } END { print n }' free.map)
jq -e ".targets[0] | .. | objects | select(.kind == \"gap\") | .size == $total and .stale == $total" \
	out >/dev/null || fail "$total is not what it says: $(cat out)"
zeroes 'disk.img#vg0/-gap' --gaps --verify
only_free_zeroed free.map 0 before.img disk.img
attach_pvs disk.img $P1 $PART $P2 $PART
run_lvm vgck vg0
free_extents vg0 >now.map
same "what pvs says" free.map now.map
detach_pvs

proves "PATH alone is all that is in it, and its copy takes what was foretold"
cp before.img disk.img
ends 0 --estimate --exact --json disk.img
foretold=$(jq '.targets[0].forecast[] | select(.options == "") | .after' out)
zeroes disk.img
for lv in $volumes; do
	is_clean $lv
done
qemu-img convert -f raw -O qcow2 disk.img copy.qcow2
copied=$(stat -c %s copy.qcow2)
[ $((copied - foretold)) -lt 262144 ] && [ $((foretold - copied)) -lt 262144 ] ||
	fail "a copy takes $copied, not $foretold"
rm copy.qcow2
cp before.img disk.img
zeroes disk.img#1
is_clean plain
ends 1 --zero --yes disk.img#vg0/none
grep -q 'disk.img#vg0/none' err || fail "the name is not told: $(cat err)"

proves "an overlay leaves out what is free in volumes too, and leaves the disk as it is"
cp before.img disk.img
ends 0 --convert=overlaid.qcow2 disk.img
cmp before.img disk.img || fail "the source was changed"
[ "$(stat -c %s overlaid.qcow2)" -le $((copied + 65536)) ] || fail "it takes $(stat -c %s overlaid.qcow2)"
qemu-img convert -f qcow2 -O raw overlaid.qcow2 disk.img
for lv in $volumes; do
	is_clean $lv
done
rm overlaid.qcow2

proves "the estimate knows what is where"
ends 0 --estimate --exact --json before.img
stale=$(jq '[.. | objects | select(.kind == "lv") | .stale // 0] | add' out)
counted=$(for lv in $volumes; do stale_bytes $lv.map 0 $lv.fs; done | awk '{ n += $1 } END { print n }')
[ $((counted - stale)) -lt 1048576 ] && [ "$stale" -le $((counted + 1048576)) ] ||
	fail "$stale bytes are stale, not $counted"

proves "an image that is a physical volume itself, its metadata around the ring"
noise pv.img 50331648
attach_pvs pv.img 0 50331648
# shellcheck disable=SC2086
run_lvm pvcreate -ff -y --metadatasize 32k --dataalignment 4k $pvs
# shellcheck disable=SC2086
run_lvm vgcreate -s 1M vg1 $pvs
make_lv -n a -l 8 vg1
wrapped=
for i in $(seq 60); do
	run_lvm vgchange --addtag "a_tag_as_long_as_it_takes_to_fill_the_ring_$i" vg1
	head=$(python3 -c '
import struct, sys
f = open("pv.img", "rb")
f.seek(4096 + 32)
size, at, length = struct.unpack("<QQQ", f.read(24))
print("yes" if at + length > size else "no")')
	[ "$head" = no ] || { wrapped=$i; break; }
done
[ "$wrapped" ] || fail "the metadata never went around"
segments vg1/a >a.pieces
head -c 8388608 noise >a.fs
mkfs.ext4 -q -F -E nodiscard a.fs
dumpe2fs_map a.fs >a.map
pieces put pv.img a.pieces a.fs
detach_pvs
cp pv.img before.img
ends 0 --free-map pv.img#vg1/a
join_extents <out >ours
same "the free map" a.map ours
zeroes pv.img#vg1/a
pieces map a.pieces <a.map | join_extents >disk.map
only_free_zeroed disk.map 0 before.img pv.img
