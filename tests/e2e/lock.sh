#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Locks: who is in the way is named, and nobody gets in while we work.
set -eu
. "$top_srcdir/tests/lib/disk.sh"
need qemu-io qemu-img setsid

truncate -s 16M ext.img
mkfs.ext4 -q -F ext.img
dos_image dos.img
make_fs dos.img 1048576 8
make_fs dos.img 11534336 8

# Free: the lock is had, and is gone with the process.
free exclusive ext.img
free exclusive 'dos.img#5'
locked exclusive ext.img
kill -9 "$holder"
let_go
free exclusive ext.img

# While it is held, QEMU keeps out, and so do we; looking is always possible.
locked exclusive ext.img
if qemu-io -f raw -c 'write 0 512' ext.img >qemu.log 2>&1 && ! grep -q lock qemu.log; then
	fail "qemu-io wrote into a locked image: $(cat qemu.log)"
fi
grep -q 'lock' qemu.log || fail "qemu-io says nothing of a lock: $(cat qemu.log)"
if qemu-img convert -f raw -O qcow2 ext.img copy.qcow2 >qemu.log 2>&1; then
	fail "qemu-img read a locked image"
fi
refused exclusive ext.img locked-qemu "$dir/ext.img"
case $refusal in
*"|$holder|disktool") ;;
*) fail "who has it: $refusal" ;;
esac
free look ext.img
let_go
qemu-io -f raw -c 'write 0 512' ext.img >/dev/null
mkfs.ext4 -q -F ext.img

# QEMU has it: writing. One that only reads, and lets others write, is not in the way.
hold qemu-io -f raw ext.img
echo length >&3
said
refused exclusive ext.img locked-qemu "$dir/ext.img"
case $refusal in
*"|$holder|qemu-io") ;;
*) fail "who has it: $refusal" ;;
esac
[ "$refused_status" = 4 ] || fail "a refusal is exit status 4"
free look ext.img
let_go
hold qemu-io -f raw -r ext.img
echo length >&3
said
free exclusive ext.img
let_go

# libvirt's byte 0.
if command -v python3 >/dev/null; then
	hold python3 -c 'if 1:
		import fcntl, sys
		f = open("ext.img", "r+b")
		fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
		print("locked", flush=True)
		sys.stdin.read()'
	said
	refused exclusive ext.img locked-qemu
	case $refusal in
	*"|$holder|python3"*) ;;
	*) fail "who has it: $refusal" ;;
	esac
	let_go
fi

# Somebody writes to it, without any lock.
hold sh -c 'exec 5>>ext.img; echo open; read -r x'
said
refused exclusive ext.img image-open "$dir/ext.img"
case $refusal in
*"|$holder|sh") ;;
*) fail "who has it: $refusal" ;;
esac
let_go
hold sh -c 'exec 5<ext.img; echo open; read -r x'
said
free exclusive ext.img
let_go

# A loop device over the file, or over the partition alone.
attach loop dos.img
refused exclusive 'dos.img#5' loop "$loop"
free exclusive "$loop#5"
attach second dos.img
refused exclusive "$loop#5" loop "$second"
detach "$second"
attach second -o 1048576 --sizelimit 8388608 dos.img
refused exclusive "$loop#1" loop "$second"
free exclusive "$loop#5"
detach "$second"

# A loop device locks its file too, and the other way round.
locked exclusive "$loop#5"
if qemu-io -f raw -c 'write 0 512' dos.img >qemu.log 2>&1 && ! grep -q lock qemu.log; then
	fail "qemu-io wrote under a locked loop device"
fi
refused exclusive "$loop#5" busy
case $refusal in
*"|$holder|disktool") ;;
*) fail "who has it: $refusal" ;;
esac
let_go
hold qemu-io -f raw -r dos.img
echo length >&3
said
free exclusive "$loop#5"
let_go
hold qemu-io -f raw dos.img
echo length >&3
said
refused exclusive "$loop#5" locked-qemu "$dir/dos.img"
let_go

# Mounted, swapped on, opened exclusively, flocked.
partx -a "$loop"
mkdir mnt
mount "${loop}p5" mnt
refused exclusive "${loop}p5" mounted "$dir/mnt"
free exclusive "${loop}p1"
free mounted "${loop}p5"
refused mounted "${loop}p1" not-mounted
mount -o remount,ro mnt
refused mounted "${loop}p5" mounted-read-only
umount mnt
mkswap -q "${loop}p6" >/dev/null
if swapon "${loop}p6" 2>/dev/null; then
	refused exclusive "${loop}p6" swap-active "${loop}p6"
	swapoff "${loop}p6"
fi
hold flock -x "$loop" sh -c 'echo locked; read -r x'
said
refused exclusive "${loop}p1" busy "$loop"
case $refusal in
*"|flock" | *"|sh") ;;
*) fail "who has it: $refusal" ;;
esac
let_go
hold sh -c "exec 5<>${loop}p1; echo open; read -r x"
said
refused exclusive "${loop}p1" busy "${loop}p1"
free exclusive "${loop}p5"
let_go
locked exclusive "${loop}p1"
if mount "${loop}p1" mnt 2>/dev/null; then
	fail "a locked partition was mounted"
fi
if flock -n "$loop" true; then
	fail "the whole disk is not flocked"
fi
refused exclusive "${loop}p5" busy "$loop"
let_go
mount "${loop}p1" mnt
umount mnt
partx -d "$loop"
detach "$loop"

# A loop device without a name for its file any more.
cp ext.img gone.img
attach loop gone.img
rm gone.img
free exclusive "$loop"
detach "$loop"

# Read-only, by the device and by the file.
attach loop -r ext.img
refused exclusive "$loop" read-only
detach "$loop"
if chattr +i ext.img 2>/dev/null; then
	refused exclusive ext.img read-only "$dir/ext.img"
	chattr -i ext.img
fi

# The size on the host, of a file and of what a loop device shows of it.
attach loop ext.img
[ "$("$disktool" allocated "$loop")" = "$(($(stat -c %b ext.img) * 512))" ] || fail "allocated, loop"
[ "$("$disktool" allocated ext.img)" = "$(($(stat -c %b ext.img) * 512))" ] || fail "allocated, file"

# Who works in a mounted filesystem.
mount "$loop" mnt
[ "$("$disktool" users mnt)" = nobody ] || fail "users of an idle filesystem"
for way in 'cd mnt' 'exec 5>mnt/f' 'exec 5<mnt'; do
	hold sh -c "$way; echo there; read -r x"
	said
	[ "$("$disktool" users mnt)" = users ] || fail "nobody noticed: $way"
	let_go
done
cp "$(command -v cat)" mnt/cat
hold mnt/cat
echo here >&3
said
[ "$("$disktool" users mnt)" = users ] || fail "nobody noticed a running program"
let_go
truncate -s 1M mnt/inner.img
attach inner mnt/inner.img
[ "$("$disktool" users mnt)" = users ] || fail "nobody noticed a loop device"
detach "$inner"
mkdir mnt/low 'mnt/a b' mnt-over
if mount -t overlay -o "lowerdir=$dir/mnt/low:$dir/mnt/a b" overlay mnt-over 2>/dev/null; then
	[ "$("$disktool" users mnt)" = users ] || fail "nobody noticed an overlay"
	umount mnt-over
fi
# An NFS server has no process; what it serves is in a list.
exported() {
	unshare -m sh -c 'mount -t tmpfs etab /var/lib && mkdir /var/lib/nfs &&
		printf "%s\t*(rw)\n" "$1" >/var/lib/nfs/etab && "$2" users mnt' sh "$1" "$disktool"
}
[ "$(exported "$dir/mnt/a\\040b")" = users ] || fail "nobody noticed an exported folder"
[ "$(exported "$dir")" = nobody ] || fail "a folder elsewhere counts"
[ "$("$disktool" users mnt)" = nobody ] || fail "users that have gone"
umount mnt
detach "$loop"

# The same of btrfs, whose subvolumes have device numbers of their own, told by its mounts: wherever
# it is mounted, in whatever namespace, and nobody's who is in another btrfs.
if command -v mkfs.btrfs >/dev/null && grep -qw btrfs /proc/filesystems; then
	there() {
		[ "$("$disktool" users mnt)" = "$1" ] || fail "btrfs: not $1: $2"
	}
	truncate -s 120M btrfs.img other.img
	mkfs.btrfs -q -f btrfs.img >/dev/null 2>&1
	mkfs.btrfs -q -f other.img >/dev/null 2>&1
	attach loop btrfs.img
	attach inner other.img
	mkdir mnt-other mnt-sub
	mount "$loop" mnt
	mount "$inner" mnt-other
	btrfs -q subvolume create mnt/sub
	mount -o subvol=sub "$loop" mnt-sub
	there nobody "idle"
	cp "$(command -v cat)" mnt/sub/cat
	for way in 'cd mnt' 'cd mnt-sub' 'exec 5>mnt/f' 'exec 5<mnt/sub' 'exec 5>mnt-sub/g'; do
		hold sh -c "$way; echo there; read -r x"
		said
		there users "$way"
		let_go
	done
	for way in 'cd mnt-other' 'exec 5<mnt-other' 'exec 5</dev/shm'; do
		hold sh -c "$way; echo there; read -r x"
		said
		there nobody "$way"
		let_go
	done
	hold mnt-sub/cat
	echo here >&3
	said
	there users "a running program"
	let_go
	# A mapping whose file is closed; memory, a process and a namespace, which are on no mount.
	hold python3 -c 'import mmap, sys
f = open("mnt/sub/cat", "rb"); m = mmap.mmap(f.fileno(), 4096, prot=mmap.PROT_READ); f.close()
print("there", flush=True); sys.stdin.readline()'
	said
	there users "a mapping"
	let_go
	hold python3 -c 'import os, sys
fds = [os.memfd_create("x"), os.pidfd_open(os.getpid()), os.open("/proc/self/ns/net", 0), os.pipe()]
print("there", flush=True); sys.stdin.readline()'
	said
	there nobody "what is on no mount"
	let_go
	# A namespace of its own; and a mount that no table has any more, of whatever filesystem.
	hold unshare -m sh -c 'cd mnt-sub; echo there; read -r x'
	said
	there users "in another namespace"
	let_go
	hold unshare -m sh -c 'umount mnt mnt-sub; cd mnt-other; echo there; read -r x'
	said
	there nobody "elsewhere in another namespace"
	let_go
	hold sh -c 'cd mnt-other; echo there; read -r x'
	said
	umount -l mnt-other
	there users "a mount that cannot be told"
	let_go
	there nobody "its end"
	truncate -s 1M mnt/sub/inner.img
	attach deep mnt/sub/inner.img
	there users "a loop device"
	detach "$deep"
	mkdir tmpfs
	mount -t tmpfs tmpfs tmpfs
	truncate -s 1M tmpfs/gone.img
	attach deep tmpfs/gone.img
	rm tmpfs/gone.img
	there nobody "a loop device over a file in memory that has no name any more"
	detach "$deep"
	umount tmpfs
	mkdir mnt/low
	if mount -t overlay -o "lowerdir=$dir/mnt/low:$dir/mnt/sub" overlay mnt-over 2>/dev/null; then
		there users "an overlay"
		umount mnt-over
	fi
	[ "$(exported "$dir/mnt/sub")" = users ] || fail "btrfs: nobody noticed an exported folder"
	[ "$(exported "$dir/mnt-other")" = nobody ] || fail "btrfs: a folder elsewhere counts"
	there nobody "users that have gone"
	umount mnt-sub
	umount mnt
	detach "$inner"
	detach "$loop"
fi
