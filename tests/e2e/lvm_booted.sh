#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Logical volumes that are active, in Debian's kernel in a virtual machine: each is listed once, as
# its device, and reclaimed through that, also while it is mounted; those of a busy physical volume
# that are not active are refused; when all are inactive they are read out of their partitions. And
# what only a kernel with device-mapper lets LVM make (RAID, mirror, thin, a snapshot) is refused.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/lvm.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.ext4 e2fsck debugfs dumpe2fs python3 jq
need_lvm
need_boot

PART=67108864
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
sgdisk -n "1:2048:+64M" -n "2:0:+64M" disk.img >log
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
detach_pvs

boot_begin
boot_modules dm-mod dm-raid dm-mirror dm-thin-pool dm-snapshot raid1 ext4
boot_program lvm "$ACHICA"
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
lvm lvchange -ay vg0/home vg0/wide >/tmp/log 2>&1 || cat /tmp/log
say all achica --list --json
say named achica --list --json /dev/vda
say excluded achica --list --json --exclude=/dev/vda
say idle achica --zero --yes --progress=none '/dev/vda#vg0/idle'
say active achica --zero --yes --progress=none --verify /dev/vg0/wide
mount /dev/vg0/home /mnt
say mounted achica --list --json
say fill achica --zero --yes --progress=none /dev/mapper/vg0-home
umount /mnt
lvm vgchange -an vg0 >/tmp/log 2>&1 || cat /tmp/log
say inactive achica --list --json
say read achica --zero --yes --progress=none --verify '/dev/vda#vg0/home' '/dev/vda#vg0/idle'
for options in '-Wn -Zn --type raid1 -m 1 -n twice -l 4 vg0' \
	'-Wn -Zn --type mirror -m 1 --mirrorlog core -n old -l 4 vg0' \
	'-Zn --type thin-pool -n pool -l 4 --poolmetadatasize 4M vg0' \
	'-V 16M --thinpool pool -n thin vg0' '-s -n snap -l 2 vg0/idle'; do
	lvm lvcreate -y $options >/tmp/log 2>&1 || cat /tmp/log
done
lvm vgchange -an vg0 >/tmp/log 2>&1 || cat /tmp/log
sync
echo '@ the end'
poweroff -f
END
boot_end initrd
boot initrd -drive file=disk.img,format=raw,if=virtio </dev/null

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
heard fill 0

proves "when none is active they are read out of their partitions"
heard inactive 0
has_rows '.name | startswith("/dev/mapper")' 0
has_rows '.name == "/dev/vda#vg0/home" and .refusal == null and .fstype == "ext4"' 1
has_rows '.name == "/dev/vda#vg0/wide" and .refusal == null' 1
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

proves "what needs device-mapper is refused"
ends 0 --list --json disk.img
cp out heard
has_rows '(.name | endswith("#vg0/twice")) and .refusal.code == "lv-type"' 1
has_rows '(.name | endswith("#vg0/old")) and .refusal.code == "lv-type"' 1
has_rows '(.name | endswith("#vg0/pool")) and .refusal.code == "lv-type"' 1
has_rows '(.name | endswith("#vg0/thin")) and .refusal.code == "lv-type"' 1
has_rows '(.name | endswith("#vg0/idle")) and .refusal.code == "lv-snapshot"' 1
has_rows '(.name | endswith("#vg0/snap")) and .refusal.code == "lv-snapshot"' 1
has_rows '(.name | endswith("#vg0/home")) and .refusal == null' 1
