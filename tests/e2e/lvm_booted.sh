#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Logical volumes that are active, in Debian's kernel in a virtual machine: each is listed once, as
# its device, and reclaimed through that, also while it is mounted; those of a busy physical volume
# that are not active are refused; when all are inactive they are read out of their partitions. And
# what only a kernel with device-mapper lets LVM make is refused, each by its name: RAID, mirror,
# thin, caches, a snapshot, a move that was interrupted, a group that machines share; and the disk of
# a system that was hibernated. VDO is not shown: Debian's kernel has no kvdo.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/lvm.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.ext4 mkswap e2fsck debugfs dumpe2fs python3 jq
need_lvm
need_boot
need_lvmlockd

PART=134217728
P1=1048576
P2=$((P1 + PART))

pieces() {
	python3 "$top_srcdir/tests/fs/pieces.py" "$@"
}

make_fs() {
	segments "vg0/$1" >"$1.pieces"
	head -c "$(awk '{ n += $2 } END { print n }' "$1.pieces")" /dev/urandom >"$1.fs"
	mkfs.ext4 -q -F -E nodiscard -L "$1" "$1.fs"
	head -c 900000 /dev/urandom >"$1.file"
	debugfs -w -R "write $1.file kept" "$1.fs" >log 2>&1
	e2fsck -fn "$1.fs" >log 2>&1 || fail "e2fsck: $(cat log)"
	dumpe2fs_map "$1.fs" >"$1.map"
	pieces put disk.img "$1.pieces" "$1.fs"
}

truncate -s $((P2 + PART + 1048576)) disk.img
sgdisk -n "1:2048:+128M" -n "2:0:+128M" disk.img >log
attach_pvs disk.img $P1 $PART $P2 $PART
# shellcheck disable=SC2086
run_lvm vgcreate -y -s 1M vg0 $pvs
make_lv -n home -l 8 vg0
make_lv -n idle -l 4 vg0
run_lvm lvextend -l +4 vg0/home
make_lv -n wide -i 2 -I 16 -l 8 vg0
for lv in home idle wide; do
	make_fs $lv
done
for lv in cached pooled late early outer; do
	make_lv -n $lv -l 4 vg0
done
make_lv -n fast -l 12 vg0
make_lv -n guest -l 12 vg0
segments vg0/guest >guest.pieces
head -c 12582912 /dev/urandom >guest.fs
sgdisk -n 1:2048:+10M guest.fs >log 2>&1
mkfs.ext4 -q -F -E nodiscard,offset=1048576 guest.fs 10M 2>log || fail "$(cat log)"
dumpe2fs_map guest.fs 1048576 >guest.map
pieces put disk.img guest.pieces guest.fs
run_lvm lvchange -pr vg0/outer
detach_pvs

# A group to be moved, a disk for one that is shared, and one on which a system hibernates.
truncate -s 64M moved.img shared.img
attach_pvs moved.img 0 67108864
# shellcheck disable=SC2086
run_lvm vgcreate -y -s 1M vg1 $pvs
make_lv -n data -l 31 vg1
detach_pvs
truncate -s 532M slept.img
sgdisk -n "1:2048:+18M" -n "2:0:+512M" slept.img >log
mkfs.ext4 -q -F -E offset=1048576 slept.img 18M 2>log || fail "$(cat log)"
attach -o 19922944 --sizelimit 536870912 slept.img
mkswap -q -L sleep "$loop"
detach "$loop"

boot_begin
boot_modules dm-mod dm-raid dm-mirror dm-thin-pool dm-snapshot dm-cache dm-cache-smq dm-writecache \
	dm-integrity raid0 raid1 raid10 raid456 ext4
boot_program lvm lvmlockd "$ACHICA"
for library in "$lockd_cache"/usr/lib/*/*.so.?; do
	boot_file "$library" "/lib/${library##*/}"
done
boot_file "$ACHICA" /bin/achica
cat >lvm.conf <<'END_CONF'
activation {
	udev_sync = 0
	udev_rules = 0
	monitoring = 0
}
devices {
	use_devicesfile = 0
	scan = ["/dev"]
}
global {
	event_activation = 0
	use_lvmpolld = 0
	thin_check_executable = ""
	cache_check_executable = ""
}
backup {
	backup = 0
	archive = 0
}
END_CONF
boot_file lvm.conf /etc/lvm/lvm.conf
boot_init <<'END'
dmesg -n 1
export DM_DISABLE_UDEV=1 LVM_SUPPRESS_FD_WARNINGS=1 LC_ALL=C
mkdir -p /run/lock/lvm /run/lvm
ln -s /proc/self/mounts /etc/mtab
say() {
	echo "@ $1"
	shift
	"$@" </dev/null 2>&1
	echo "@ ended $?"
}
lvm lvchange -ay vg0/home vg0/wide vg0/guest >/tmp/log 2>&1 || cat /tmp/log
say all achica --list --json
say named achica --list --json /dev/vda
say excluded achica --list --json --exclude=/dev/vda
say idle achica --zero --yes --progress=none '/dev/vda#vg0/idle'
say active achica --zero --yes --progress=none --verify /dev/vg0/wide
say guest achica --zero --yes --progress=none --verify /dev/vg0/guest
mount /dev/vg0/home /mnt
say mounted achica --list --json
say trim achica --zero --yes --progress=none /dev/mapper/vg0-home
umount /mnt
lvm vgchange -an vg0 >/tmp/log 2>&1 || cat /tmp/log
say inactive achica --list --json
say read achica --zero --yes --progress=none --verify '/dev/vda#vg0/home' '/dev/vda#vg0/idle'
# One process: each costs a second here.
lvm >/tmp/log 2>&1 <<'END_LVM'
lvcreate -y -Wn -Zn --type raid1 -m 1 -n twice -l 4 vg0
lvcreate -y -Wn -Zn --type raid1 -m 1 --raidintegrity y -n sealed -l 4 vg0
lvcreate -y -Wn -Zn --type raid0 -i 2 -n spread -l 4 vg0
lvcreate -y -Wn -Zn --type raid10 -i 2 -m 1 --alloc anywhere -n tenfold -l 4 vg0
lvcreate -y -Wn -Zn --type raid5 -i 2 --alloc anywhere -n five -l 4 vg0
lvcreate -y -Wn -Zn --type raid6 -i 3 --alloc anywhere -n six -l 6 vg0
lvcreate -y -Wn -Zn --type mirror -m 1 --mirrorlog core -n old -l 4 vg0
lvconvert -y --type cache --cachevol fast vg0/cached
lvcreate -y --type cache-pool -n cpool -l 8 --poolmetadatasize 8M vg0
lvconvert -y --type cache --cachepool cpool vg0/pooled
lvconvert -y --type writecache --cachevol early vg0/late
lvcreate -y -Zn --type thin-pool -n pool -l 4 --poolmetadatasize 4M vg0
lvcreate -y -V 16M --thinpool pool -n thin vg0
lvcreate -y -s -n thinner vg0/thin
lvcreate -y -s --thinpool pool -n inner vg0/outer
lvcreate -y -s -n snap -l 2 vg0/idle
vgchange -an vg0
END_LVM
cat /tmp/log
lvmlockd --test --gl-type dlm
shared='--config global{use_lvmlockd=1}'
lvm vgcreate $shared -y --shared -s 1M vg2 /dev/vdc
lvm lvcreate $shared -y -an -Wn -Zn -n common -l 8 vg2
lvm lvchange -ay vg1/data
# Slowly, or it has ended before the machine sleeps.
echo 1 >/sys/module/dm_mirror/parameters/raid1_resync_throttle
lvm pvmove -i 1000 --alloc anywhere /dev/vdb:0-30 /dev/vdb:32-62 </dev/null >/tmp/move 2>&1 &
for i in $(seq 100); do
	[ ! -e /dev/mapper/vg1-pvmove0 ] || break
	usleep 100000
done
[ -e /dev/mapper/vg1-pvmove0 ] || cat /tmp/move
swapon /dev/vdd2
mount -r /dev/vdd1 /mnt
sync
echo '@ the end'
echo shutdown >/sys/power/disk
echo disk >/sys/power/state
echo '@ awake'
poweroff -f
END
boot_end initrd
set --
for disk in disk moved shared slept; do
	set -- "$@" -drive "file=$disk.img,format=raw,if=virtio,discard=unmap"
done
boot initrd "$@" </dev/null

# heard NAME STATUS: what was said under that name, in the file heard.
heard() {
	sed -n "/^@ $1\$/,/^@ ended/p" boot.out | sed 1d >heard
	grep -q "^@ ended $2\$" heard || fail "$1: $(cat heard)"
	sed -i '$d' heard
}

# has_rows JQ COUNT: how many rows are so.
has_rows() {
	counted=$(jq "[.. | objects | select(.name?) | select($1)] | length" heard) ||
		fail "$(cat heard)"
	[ "$counted" = "$2" ] || fail "$1: $counted, not $2: $(cat heard)"
}

proves "an active volume is listed once, as its device"
grep -q '^@ the end' boot.out || fail "$(tail -n 40 boot.out)"
heard all 0
has_rows '.name == "/dev/mapper/vg0-home" and .fstype == "ext4" and .refusal == null' 1
has_rows '.name == "/dev/mapper/vg0-wide" and .refusal == null' 1
has_rows '.name | endswith("#vg0/home")' 0
has_rows '.name | endswith("#vg0/wide")' 0
has_rows '.label == "home"' 1

proves "a disk that is named has them too, and excludes them"
heard named 0
has_rows '.name == "/dev/mapper/vg0-home"' 1
has_rows '.name == "/dev/vda"' 1
heard excluded 0
has_rows '.name | startswith("/dev/mapper")' 0

proves "one that is not active is refused while its physical volume is in use"
heard named 0
has_rows '.name == "/dev/vda#vg0/idle" and .refusal.code == "holder"' 1
heard idle 4
grep -q 'is built upon it' heard || fail "$(cat heard)"

proves "an active one is reclaimed through its device, mounted or not"
heard active 0
heard mounted 0
has_rows '.name == "/dev/mapper/vg0-home" and .mountpoints == ["/mnt"] and .refusal == null' 1
heard trim 0
! grep -q 'could not be reached' heard || fail "$(cat heard)"

proves "one that is the disk of a virtual machine is a disk, with its partitions"
heard all 0
has_rows '.name == "/dev/mapper/vg0-guest" and .kind == "disk"' 1
has_rows '.name == "/dev/mapper/vg0-guest#1" and .fstype == "ext4" and .refusal == null' 1
heard guest 0
pieces get disk.img guest.pieces after.fs
only_free_zeroed guest.map 1048576 guest.fs after.fs

proves "when none is active they are read out of their partitions"
heard inactive 0
has_rows '.name | startswith("/dev/mapper")' 0
has_rows '.name == "/dev/vda#vg0/home" and .refusal == null and .fstype == "ext4"' 1
has_rows '.name == "/dev/vda#vg0/wide" and .refusal == null' 1
has_rows '.name == "/dev/vda#vg0/guest" and .refusal.code == "inner-disk"' 1
heard read 0
for lv in home idle wide; do
	pieces get disk.img $lv.pieces after.fs
	e2fsck -fn after.fs >log 2>&1 || fail "e2fsck $lv: $(cat log)"
	debugfs -R 'cat kept' after.fs 2>/dev/null | cmp -s - $lv.file || fail "the file of $lv"
	dumpe2fs_map after.fs >now.map
	[ "$(stale_bytes now.map 0 after.fs)" -lt 65536 ] || fail "$lv has old data"
done
pieces get disk.img idle.pieces after.fs
only_free_zeroed idle.map 0 idle.fs after.fs

proves "what needs device-mapper is refused, each by its name"
ends 0 --list --json disk.img
cp out heard
has_rows '(.name | endswith("#vg0/home")) and .refusal == null' 1
# refuses IMAGE#VG/LV CODE REASON
refuses() {
	[ "$(jq -r ".. | objects | select(.name == \"$work/$1\") | .refusal.code" heard)" = "$2" ] ||
		fail "$1 is not $2: $(cat heard) $(sed '1,/^@ read/d' boot.out)"
	ends 4 --zero --yes --gaps --swap --progress=none "$1"
	grep -q "$3" err || fail "$1: $(cat err)"
	grep -q 'what helps:' err || fail "$1: no remedy: $(cat err)"
}
sha256sum disk.img moved.img shared.img slept.img >sums
for row in twice:raid1 sealed:raid1 spread:raid0 tenfold:raid10 five:raid5 six:raid6 old:mirror \
	cached:cache pooled:cache late:writecache pool:thin thin:thin thinner:thin inner:thin \
	outer:thin; do
	refuses "disk.img#vg0/${row%:*}" lv-type "neither linear nor striped: ${row#*:}"
done
refuses disk.img#vg0/idle lv-snapshot "is a snapshot or has one"
refuses disk.img#vg0/snap lv-snapshot "is a snapshot or has one"

proves "what none of them has is what pvs says, to the byte, and they are not touched"
attach_pvs disk.img $P1 $PART $P2 $PART
free_extents vg0 >free.map
cp "$work/.segs" pvs.segs
detach_pvs
[ -s free.map ] || fail "nothing is free: $(cat pvs.segs)"
cp disk.img whole.img
head -c "$(awk '{ n += $2 } END { print n }' free.map)" /dev/urandom >noise
pieces put whole.img free.map noise
cp whole.img before.img
zeroes whole.img#vg0/-gap --gaps
only_free_zeroed free.map 0 before.img whole.img

proves "a group that is moved, or shared by machines, is refused as a whole"
ends 0 --list --json moved.img shared.img
cp out heard
refuses moved.img#vg1/data vg-state "speaks against it: pvmove"
refuses shared.img#vg2/common vg-state "speaks against it: shared"

proves "the disk of a system that hibernated is refused, swap and filesystem"
! grep -q '^@ awake' boot.out || fail "the machine did not hibernate: $(tail -n 20 boot.out)"
ends 0 --list --json slept.img
cp out heard
refuses slept.img#1 hibernated "hibernated"
refuses slept.img#2 hibernated "hibernated"

proves "and not a byte of them is written"
sha256sum -c --quiet sums
