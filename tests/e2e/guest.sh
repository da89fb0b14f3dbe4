#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A whole disk like a real guest's, on old data everywhere: GPT with an EFI system partition, /boot,
# a volume group with root (XFS), home (btrfs) and swap, free extents in it and gaps around it; files
# written and half of them deleted. One run of achica reclaims all of it; the printed command makes
# an image that takes no more than what is used, within 2 %, and boots to a shell, by the kernel and
# initramfs of its /boot, which finds every file as it was.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need sfdisk lvm mkfs.vfat mcopy mkfs.ext4 mkfs.xfs mkfs.btrfs mkswap debugfs qemu-img python3
need_mounts
need_boot

MIB=1048576
ESP=$MIB ESP_SIZE=$((40 * MIB))
BOOT=$((45 * MIB)) BOOT_SIZE=$((96 * MIB))
PV=$((159 * MIB)) PV_SIZE=$((768 * MIB))
ROOT_SIZE=$((320 * MIB)) HOME_SIZE=$((160 * MIB)) SWAP_SIZE=$((64 * MIB))

# pv_tool NAME ARGUMENT...: of LVM, on $pv alone. It does not look for a device-mapper, which the
# kernel of the tests may not have.
pv_tool() {
	tool=$1
	shift
	LVM_SUPPRESS_FD_WARNINGS=1 lvm "$tool" --config "
		devices { filter=[\"a|^$pv\$|\",\"r|.*|\"] use_devicesfile=0
			obtain_device_list_from_udev=0 }
		global { activation=0 event_activation=0 use_lvmpolld=0 }
		backup { backup=0 archive=0 }" "$@" 2>"$work/lvm.log" ||
		fail "lvm $tool: $(cat "$work/lvm.log")"
}

# volume NAME BYTES: makes it; $at is where it begins in the disk.
volume() {
	pv_tool lvcreate -an -Zn -Wn -y -n "$1" -L "$2b" guest >log
	first=$(pv_tool lvs --noheadings -o seg_pe_ranges "guest/$1" | sed 's/.*:\([0-9]*\)-.*/\1/')
	at=$((PV + MIB + first * 4 * MIB))
}

make_disk() {
	noise disk.img $((1024 * MIB))
	sfdisk -q --wipe never disk.img <<-END
		label: gpt
		start=$((ESP / 512)), size=$((ESP_SIZE / 512)), type=uefi
		start=$((BOOT / 512)), size=$((BOOT_SIZE / 512)), type=linux
		start=$((PV / 512)), size=$((PV_SIZE / 512)), type=lvm
	END
	attach -o $PV --sizelimit $PV_SIZE disk.img
	pv=$loop
	pv_tool pvcreate -q -ff -y "$pv" >log
	pv_tool vgcreate -s 4M guest "$pv" >log
	pv_tool pvs --noheadings --nosuffix --units m -o pe_start "$pv" | grep -q ' 1\.00$' ||
		fail "the extents do not begin at 1 MiB"
	volume root $ROOT_SIZE
	ROOT=$at
	volume home $HOME_SIZE
	HOME_AT=$at
	volume swap $SWAP_SIZE
	SWAP=$at
	detach "$pv"
}

# on OFFSET BYTES COMMAND...: with a loop device over that part of the disk as its last argument.
on() {
	attach -o "$1" --sizelimit "$2" disk.img
	shift 2
	"$@" "$loop" >log 2>&1 || fail "$* $loop: $(cat log)"
}

# fill_volume FOLDER BYTES SUMS: files of which half are deleted.
fill_volume() {
	write_files "$1" 14 "$2"
	delete_half "$1"
	sums "$1" >"$3"
}

# What the initramfs of the guest does: root from the volume group, and on to its init.
make_initramfs() {
	boot_begin
	boot_modules dm-mod xfs ext4 btrfs vfat nls_cp437 nls_ascii
	boot_program lvm
	boot_init <<-'END'
		dmesg -n 1
		lvm vgchange -ay --config 'activation { udev_sync=0 udev_rules=0 }' guest
		mount -t xfs /dev/mapper/guest-root /mnt
		for folder in dev proc sys; do
			mount --move /$folder /mnt/$folder
		done
		exec switch_root /mnt /init
	END
	boot_end initrd
}

# The root of the guest: busybox, and an init which looks at everything and ends in a shell.
make_root() {
	mkdir "$1/bin" "$1/boot" "$1/dev" "$1/home" "$1/proc" "$1/sums" "$1/srv" "$1/sys"
	cp "$(command -v busybox)" "$1/bin"
	cat >"$1/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t ext4 /dev/vda2 /boot
		mount -t vfat /dev/vda1 /boot/efi
		mount -t btrfs /dev/mapper/guest-home /home
		swapon /dev/mapper/guest-swap && echo "swap on"
		for at in boot home srv; do
			(cd /$at && sha256sum -c -s /sums/$at && cp /init . && sync) && echo "$at kept"
		done
		echo "the shell:"
		exec sh
	END
	chmod +x "$1/init"
}

fill_disk() {
	mkdir mnt
	on $ESP $ESP_SIZE mkfs.vfat -F 32 -n ESP
	detach "$loop"
	head -c 3333333 random >loader
	mmd -i disk.img@@$ESP ::/EFI
	mcopy -i disk.img@@$ESP loader ::/EFI/old.efi
	mcopy -i disk.img@@$ESP loader ::/EFI/loader.efi
	mdel -i disk.img@@$ESP ::/EFI/old.efi

	on $BOOT $BOOT_SIZE mkfs.ext4 -q -E nodiscard
	mount "$loop" mnt
	cp "$boot_kernel" mnt/vmlinuz
	cp initrd mnt/initrd
	mkdir mnt/efi
	write_files mnt 8 300000
	delete_half mnt
	sums mnt >boot
	(cd mnt/efi && echo "$(sha256sum <"$work/loader" | cut -c-64)  ./efi/EFI/loader.efi") >>boot
	umount mnt
	detach "$loop"

	on $HOME_AT $HOME_SIZE mkfs.btrfs -q -f -K
	mount "$loop" mnt
	fill_volume mnt 700000 home
	umount mnt
	detach "$loop"

	on $ROOT $ROOT_SIZE mkfs.xfs -q -f -K
	mount "$loop" mnt
	make_root mnt
	fill_volume mnt/srv 2000000 srv
	cp boot home srv mnt/sums
	umount mnt
	detach "$loop"

	on $SWAP $SWAP_SIZE mkswap
	detach "$loop"
}

boots() {
	qemu-img convert -f qcow2 -O raw copy.qcow2 copy.img
	for file in vmlinuz initrd; do
		debugfs -R "dump /$file $file.copy" "copy.img?offset=$BOOT" >log 2>&1
		[ -s $file.copy ] || fail "/boot has no $file: $(cat log)"
	done
	rm copy.img
	boot_kernel=$work/vmlinuz.copy
	: >.serial
	{
		for _ in $(seq 1200); do
			! grep -q 'the shell:' .serial || break
			sleep 0.1
		done
		echo 'echo "it says $((6 * 7))"; sync; poweroff -f'
	} | boot initrd.copy -drive file=copy.qcow2,format=qcow2,if=virtio
	for line in 'swap on' 'boot kept' 'home kept' 'srv kept' 'it says 42'; do
		grep -q "^$line\$" boot.out || fail "not \"$line\": $(cat boot.out)"
	done
}

make_initramfs
make_disk
fill_disk

proves "one run reclaims the whole disk"
ends 0 --zero --yes --progress=none --gaps --swap disk.img

proves "the printed command makes an image of what is used"
printed_commands >commands
sed 's/disk\.qcow2/copy.qcow2/g' commands | sh -eu >log 2>&1 || fail "$(cat commands log)"
used=$(used_bytes disk.img)
size=$(stat -c %s copy.qcow2)
echo "used $used, qcow2 $size"
[ "$size" -le $((used + used / 50)) ] || fail "$size is more than $used and 2 %"

proves "it boots to a shell, with every file as it was"
boots
