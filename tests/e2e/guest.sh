#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A whole disk like a real guest's, on old data everywhere: GPT with an EFI system partition, /boot,
# a volume group with root, home and swap, free extents in it and gaps around it; files written and
# half of them deleted. One run of achica reclaims all of it; the converted image takes no more
# than what is used, within 2 %, and boots to a shell with every file as it was.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need sfdisk lvm mkfs.vfat mcopy mkfs.ext4 mkfs.xfs mkfs.btrfs mkswap debugfs qemu-img jq
need_mounts
need_boot

MIB=1048576
ESP=1048576 ESP_SIZE=$((40 * MIB))
BOOT=$((45 * MIB)) BOOT_SIZE=$((96 * MIB))
PV=$((159 * MIB)) PV_SIZE=$((768 * MIB))

# Nothing here talks to a device-mapper, which this kernel may not have.
pv_tool() {
	tool=$1
	shift
	LVM_SUPPRESS_FD_WARNINGS=1 lvm "$tool" --config "
		devices { filter=[\"a|^$pv\$|\",\"r|.*|\"] use_devicesfile=0
			obtain_device_list_from_udev=0 }
		global { activation=0 event_activation=0 use_lvmpolld=0 }
		backup { backup=0 archive=0 }" "$@" 2>>"$work/lvm.log" ||
		fail "lvm $tool: $(cat "$work/lvm.log")"
}

# volume NAME SIZE: makes it; $at is where it begins in the disk.
volume() {
	pv_tool lvcreate -an -Zn -Wn -y -n "$1" -L "$2" guest >/dev/null
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
	pv_tool pvcreate -q -ff -y "$pv" >/dev/null
	pv_tool vgcreate -s 4M guest "$pv" >/dev/null
	volume root 320M
	ROOT=$at
	volume home 160M
	HOME_AT=$at
	volume swap 64M
	SWAP=$at
	pv_tool pvs --noheadings --nosuffix --units m -o pe_start "$pv" | grep -q ' 1\.00$' ||
		fail "extents do not begin at 1 MiB"
	detach "$pv"
}

# on OFFSET SIZE COMMAND...: with the loop device over that part as its last argument.
on() {
	attach -o "$1" --sizelimit "$2" disk.img
	shift 2
	"$@" "$loop" >log 2>&1 || fail "$* $loop: $(cat log)"
}

# used_by FOLDER COUNT BYTES: files, of which half go again.
used_by() {
	write_files "$1" "$2" "$3"
	delete_half "$1"
}

fill_disk() {
	mkdir mnt
	on $ESP $ESP_SIZE mkfs.vfat -F 32 -s 1 -n ESP
	mmd -i "$loop" ::/EFI
	head -c 3333333 random >loader
	mcopy -i "$loop" loader ::/EFI/loader.efi
	mcopy -i "$loop" loader ::/EFI/old.efi
	mdel -i "$loop" ::/EFI/old.efi
	detach "$loop"

	on $BOOT $BOOT_SIZE mkfs.ext4 -q -L boot
	mount "$loop" mnt
	boot_kernel >mnt/vmlinuz
	boot_initramfs guest_init lvm virtio_pci virtio_blk dm_mod xfs btrfs vfat nls_cp437 \
		nls_ascii ext4 crc32c_generic >mnt/initrd
	used_by mnt 30 55555
	umount mnt
	detach "$loop"

	on $HOME_AT $((160 * MIB)) mkfs.btrfs -q -f -L home
	mount "$loop" mnt
	used_by mnt 30 123456
	sums mnt >home.sums
	umount mnt
	detach "$loop"

	on $ROOT $((320 * MIB)) mkfs.xfs -q -f -L root
	mount "$loop" mnt
	root_tree mnt
	used_by mnt/srv 30 123456
	(cd mnt/srv && sha256sum file*) >mnt/root/srv.sums
	cp home.sums mnt/root
	umount mnt
	detach "$loop"

	on $SWAP $((64 * MIB)) mkswap -L swap
	detach "$loop"
}
