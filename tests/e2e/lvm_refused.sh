#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What LVM makes and achica cannot read as it lies is refused with its reason, each made by LVM
# itself; and what is left of a group is cleared by consent alone.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/lvm.sh"
need mkfs.ext4 mkswap dumpe2fs jq python3
need_lvm

PART=41943040
P1=1048576
P2=$((P1 + PART))

# new_disk: vg0 over both partitions of disk.img, with an ext4 in vg0/home.
new_disk() {
	rm -f disk.img
	truncate -s $((P2 + PART + 1048576)) disk.img
	sgdisk -n "1:2048:+40M" -n "2:0:+40M" disk.img >log
	attach_pvs disk.img $P1 $PART $P2 $PART
	# shellcheck disable=SC2086
	run_lvm vgcreate -y -s 1M vg0 $pvs
	make_lv -n home -l 8 vg0
	segments vg0/home >home.pieces
	read -r start length <home.pieces
	[ -e home.fs ] || { truncate -s "$length" home.fs && mkfs.ext4 -q -F home.fs; }
	dd if=home.fs of=disk.img bs=1M seek=$((start / 1048576)) conv=notrunc status=none
}

# refuses VG/LV CODE REASON
refuses() {
	detach_pvs
	refuses_quietly "$@"
}

refuses_quietly() {
	sha256sum disk.img >sum
	ends 0 --list --json disk.img
	code=$(jq -r --arg name "$work/disk.img#$1" \
		'.. | objects | select(.name == $name) | .refusal.code' out)
	[ "$code" = "$2" ] || fail "$1 is $code: $(cat out)"
	ends 4 --zero --yes "disk.img#$1"
	grep -q "$3" err || fail "$(cat err)"
	grep -q 'what helps:' err || fail "no remedy: $(cat err)"
	sha256sum -c --status sum || fail "something was written"
}

proves "a group that is what it should be is served"
new_disk
detach_pvs
zeroes disk.img#vg0/home

proves "a volume that is not plain, or not in all its parts"
new_disk
make_lv -n broken --type error -l 2 vg0
make_lv -n nothing --type zero -l 2 vg0
make_lv -n mixed -l 2 vg0
run_lvm lvextend --type error -l +2 vg0/mixed
detach_pvs
for lv in 'broken error' 'nothing zero' 'mixed error'; do
	refuses_quietly "vg0/${lv% *}" lv-type "neither linear nor striped: ${lv#* }"
done
zeroes disk.img#vg0/home

proves "a volume that is read-only"
new_disk
run_lvm lvchange --permission r vg0/home
refuses vg0/home read-only "vg0/home is read-only"

proves "an exported group"
new_disk
run_lvm vgexport vg0
refuses vg0/home vg-state "speaks against it: exported"

proves "a group with a physical volume on another disk"
new_disk
run_lvm lvextend -l +40 vg0/home
detach_pvs
cp disk.img whole.img
sgdisk -d 2 disk.img >log
sgdisk -d 1 whole.img >log
refuses_quietly vg0/home vg-missing "is not on this disk"
ends 4 --zero --yes disk.img whole.img
[ "$(grep -c 'is not on this disk' err)" = 2 ] || fail "$(cat err)"
sha256sum -c --status sum || fail "something was written"

proves "a group that was changed while one was away, and is there again"
new_disk
make_lv -n other -l 2 vg0 "${pvs##* }"
detach_pvs
attach_pvs disk.img $P1 $PART
run_lvm vgchange --addtag changed vg0
refuses vg0/home vg-state "speaks against it: missing"
grep -q 'vgextend --restoremissing' err || fail "$(cat err)"

proves "two physical volumes with one UUID"
new_disk
detach_pvs
dd if=disk.img of=disk.img bs=1M skip=1 seek=$((P2 / 1048576)) count=$((PART / 1048576)) \
	conv=notrunc status=none
refuses_quietly vg0/home pv-duplicate "the same UUID"

proves "metadata that is damaged in all its copies"
new_disk
detach_pvs
for p in $P1 $P2; do
	printf 'X' | dd of=disk.img bs=1 seek=$((p + 4096 + 30)) conv=notrunc status=none
done
ends 0 --list --json disk.img
[ "$(jq '[.. | objects | select(.refusal.code? == "corrupt")] | length' out)" = 2 ] ||
	fail "the damage is not told: $(cat out)"
ends 1 --zero --yes disk.img#vg0/home

proves "one copy that is damaged does no harm"
new_disk
detach_pvs
printf 'X' | dd of=disk.img bs=1 seek=$((P1 + 4096 + 30)) conv=notrunc status=none
zeroes disk.img#vg0/home

proves "what no volume has is cleared by consent alone"
new_disk
make_lv -n gone -l 2 vg0
segments vg0/gone >gone.pieces
read -r start length <gone.pieces
head -c "$length" /dev/urandom |
	dd of=disk.img bs=1M seek=$((start / 1048576)) conv=notrunc status=none
run_lvm lvremove -y vg0/gone
detach_pvs
cp disk.img before.img
ends 4 --zero --yes disk.img#vg0/-gap
cmp -s before.img disk.img || fail "cleared without consent"
zeroes disk.img#vg0/-gap --gaps --verify
cmp -n $length -i "$start:0" disk.img /dev/zero || fail "old data is left"
cmp -s before.img disk.img && fail "nothing was cleared"
dd if=/dev/zero of=before.img bs=1M seek=$((start / 1048576)) count=$((length / 1048576)) \
	conv=notrunc status=none
cmp before.img disk.img || fail "more than the rest was changed"

proves "a deleted filesystem in the rest wants its name"
dd if=home.fs of=disk.img bs=1M seek=$((start / 1048576)) conv=notrunc status=none
ends 0 --list --json disk.img
[ "$(jq -r '.. | objects | select(.name? and (.name | endswith("-gap"))) | .refusal.code' out)" = \
	remains ] || fail "traces are not seen: $(cat out)"

proves "so does the rest behind a volume that is smaller than what is in it"
new_disk
read -r start length <home.pieces
truncate -s "$length" swap
mkswap swap >log 2>&1 || fail "$(cat log)"
dd if=swap of=disk.img bs=1M seek=$((start / 1048576)) conv=notrunc status=none
run_lvm lvreduce -f -l 4 vg0/home
detach_pvs
cp disk.img before.img
ends 4 --zero --yes --gaps --swap disk.img
ends 0 --list --json disk.img
[ "$(jq -r '.. | objects | select(.name? and (.name | endswith("-gap"))) | .refusal.code' out)" = \
	remains ] || fail "what hangs over is not seen: $(cat out)"
cmp before.img disk.img

# within OFFSET LENGTH NAME: that row is a disk itself, and what helps does: given to achica as such,
# the free space of the ext4 at 1 MiB of it becomes zero, and no other byte of disk.img changes.
within() {
	noise inner.img "$2"
	sgdisk -n 1:2048:+20M -n 2:0:+8M inner.img >log
	mkfs.ext4 -q -F -E nodiscard,offset=1048576 inner.img 20M 2>log || fail "$(cat log)"
	dumpe2fs_map inner.img 1048576 >inner.map
	dd if=inner.img of=disk.img bs=1M seek=$(($1 / 1048576)) conv=notrunc status=none
	cp disk.img before.img
	refuses_quietly "$3" inner-disk "it is a disk itself, of a virtual machine perhaps: GPT"
	remedy=$(sed -n 's/^.*what helps: //p' err)
	achica() {
		"$ACHICA" --zero --yes --progress=none "$@" >out 2>err
	}
	eval "$remedy" || fail "$remedy: $(cat err)"
	only_free_zeroed inner.map $(($1 + 1048576)) before.img disk.img
}

proves "a volume that is the disk of a virtual machine is refused, and done as a disk"
new_disk
make_lv -n guest -l 31 vg0 "${pvs##* }"
segments vg0/guest >guest.pieces
[ "$(wc -l <guest.pieces)" = 1 ] || fail "$(cat guest.pieces)"
detach_pvs
# shellcheck disable=SC2046
within $(cat guest.pieces) vg0/guest

proves "so is a partition"
rm disk.img
truncate -s 40M disk.img
sgdisk -n 1:2048:+32M disk.img >log
within 1048576 33554432 1

proves "a physical volume within a volume too; one in several pieces wants to be active"
new_disk
make_lv -n guest -l 12 vg0 "${pvs##* }"
make_lv -n wide -i 2 -l 24 vg0
segments vg0/guest >guest.pieces
segments vg0/wide >wide.pieces
detach_pvs
truncate -s 12582912 inner.img
attach_pvs inner.img 0 12582912
# shellcheck disable=SC2086
run_lvm vgcreate -y -s 1M vg1 $pvs
detach_pvs
read -r start length <guest.pieces
dd if=inner.img of=disk.img bs=1M seek=$((start / 1048576)) conv=notrunc status=none
refuses_quietly vg0/guest inner-disk "a virtual machine perhaps: LVM"
rm inner.img
truncate -s 25165824 inner.img
sgdisk -n 1:2048:+20M inner.img >log
python3 "$top_srcdir/tests/fs/pieces.py" put disk.img wide.pieces inner.img
refuses_quietly vg0/wide inner-disk "a virtual machine perhaps: GPT"
grep -q 'vgchange -ay vg0 && achica /dev/vg0/wide; vgchange -an vg0' err || fail "$(cat err)"
