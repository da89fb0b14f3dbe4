# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's kernel in a virtual machine, for what the kernel of the tests may not have: filesystems
# and device-mapper. To be sourced after img.sh.
#
#	need_boot
#	boot_begin
#	boot_modules xfs dm-mod
#	boot_program lvm
#	boot_file sums /sums
#	boot_init <<'END' ... END      what the machine does, by busybox; it ends with "poweroff -f"
#	boot_end initrd
#	boot initrd -drive file=disk.qcow2,format=qcow2,if=virtio
. "$top_srcdir/tests/lib/package.sh"
boot_cache=$top_builddir/tests/boot

# Leaves the kernel in $boot_kernel and its modules below $boot_cache.
need_boot() {
	need qemu-system-x86_64 busybox cpio depmod modprobe apt-cache
	once "$boot_cache" get_kernel
	boot_release=$(cat "$boot_cache/release")
	boot_kernel=$boot_cache/boot/vmlinuz-$boot_release
}

get_kernel() {
	boot_package=$(apt-cache depends linux-image-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -n "$boot_package" ] || skip "apt knows no linux-image-amd64"
	unpack "$boot_package" "$1"
	rm -r "${1:?}/usr"
	depmod -b "$1" "${boot_package#linux-image-}"
	echo "${boot_package#linux-image-}" >"$1/release"
}

boot_begin() {
	boot_root=$work/.boot
	mkdir "$boot_root"
	mkdir "$boot_root/bin" "$boot_root/dev" "$boot_root/modules" "$boot_root/proc" \
		"$boot_root/run" "$boot_root/sys" "$boot_root/tmp" "$boot_root/mnt"
	cp "$(command -v busybox)" "$boot_root/bin"
	: >"$boot_root/modules/order"
	boot_modules virtio_pci virtio_blk
}

# boot_modules NAME...: with all that they need.
boot_modules() {
	for boot_module; do
		modprobe -d "$boot_cache" -S "$boot_release" -D "$boot_module" 2>"$work/log" ||
			fail "modprobe $boot_module: $(cat "$work/log")"
	done >"$work/.modules"
	while read -r boot_how boot_path _; do
		[ "$boot_how" = insmod ] || continue
		boot_file=${boot_path##*/}
		[ ! -e "$boot_root/modules/$boot_file" ] || continue
		cp "$boot_path" "$boot_root/modules"
		echo "$boot_file" >>"$boot_root/modules/order"
	done <"$work/.modules"
}

# boot_program NAME...: with the libraries that they are linked with.
boot_program() {
	for boot_program; do
		boot_path=$(command -v "$boot_program") || fail "there is no $boot_program"
		cp -L "$boot_path" "$boot_root/bin"
		ldd "$boot_path" | sed -n 's/.*=> \(.*\) (.*/\1/p; s/^[[:space:]]*\(\/.*\) (.*/\1/p' |
			while read -r boot_library; do
				mkdir -p "$boot_root${boot_library%/*}"
				cp -L "$boot_library" "$boot_root$boot_library"
			done
	done
}

# boot_file FILE PATH: a copy, where the machine has it.
boot_file() {
	mkdir -p "$boot_root${2%/*}"
	cp "$1" "$boot_root$2"
}

boot_init() {
	cat - >"$boot_root/main"
	cat >"$boot_root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		while read -r module; do
			# What needs another processor is not missed: what needs the module will say.
			insmod "/modules/$module" 2>/dev/null || :
		done </modules/order
		# The firmware has not ended its line.
		echo
		. /main
	END
	chmod +x "$boot_root/init"
}

# boot_end FILE: the initramfs.
boot_end() {
	(cd "$boot_root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$1"
	rm -r "$boot_root"
}

# boot INITRAMFS [QEMU OPTION...]: what the machine said is in the file boot.out; what it hears is
# standard input.
boot() {
	boot_initrd=$1
	shift
	timeout 180 qemu-system-x86_64 -accel tcg -m 512 -nographic -no-reboot -nodefaults \
		-serial stdio -kernel "$boot_kernel" -initrd "$boot_initrd" \
		-append "console=ttyS0 quiet panic=-1" "$@" >"$work/.serial" 2>"$work/log" ||
		fail "the virtual machine: $(cat "$work/log") $(tail -n 20 "$work/.serial")"
	tr -d '\r' <"$work/.serial" >"$work/boot.out"
}
