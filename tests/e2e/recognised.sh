#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What achica recognises and does not read is refused by name, with what can be done instead, and
# is not touched: containers, filesystems of others, those that have no free space.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need jq python3 mkfs.ext4 mkfs.vfat

new() {
	noise disk.img $((${1-16} * 1048576))
}

# refused CODE WHAT REMEDY: pieces of the reason and of what helps.
refused() {
	# Blocks that are still to be allocated would count as a change.
	sync -f disk.img
	state disk.img >before
	ends 4 --zero --yes --json -- disk.img
	jq -r '.targets[0].refusal | .code, .reason, .remedy' "$work/out" >.refusal
	{ read -r code && read -r reason && read -r remedy; } <.refusal
	[ "$code" = "$1" ] || fail "$(cat .refusal), not $1"
	case $reason in *"$2"*) ;; *) fail "the reason: $reason" ;; esac
	case $remedy in *"$3"*) ;; *) fail "the remedy: $remedy" ;; esac
	[ "$remedy" != null ] || fail "no remedy"
	state disk.img >after
	same "the image" before after
}

# has TOOL: not every machine has the tools of all of them.
has() {
	command -v "$1" >/dev/null && return
	echo "- $1 is not installed"
	return 1
}

# made COMMAND...
made() {
	"$@" >log 2>&1 || fail "$*: $(tail -3 log)"
}

# header SCRIPT [MIB]: python with the image as f, to write what no tool here makes.
header() {
	new "${2-16}"
	python3 -c '
import struct, sys
f = open("disk.img", "r+b")
def put(at, data):
    f.seek(at)
    f.write(data)
exec(sys.argv[1])' "$1"
}

proves "LUKS, 1 and 2"
if has cryptsetup; then
	for type in luks1 luks2; do
		new 24
		made sh -c "echo secret | cryptsetup luksFormat -q --type $type --pbkdf pbkdf2 \
			--pbkdf-force-iterations 1000 disk.img -"
		refused container LUKS "cryptsetup open --allow-discards $work/disk.img NAME"
	done
fi

proves "BitLocker"
header '
put(0, b"\xeb\x58\x90-FVE-FS-\0\2\x08" + bytes(146))
put(160, bytes.fromhex("3bd67649292ed84a8399f6a339e3d001"))
put(176, struct.pack("<QQQ", 65536, 131072, 196608))
put(65536, b"-FVE-FS-" + struct.pack("<HH", 64, 2))'
refused container BitLocker 'Optimize-Volume'

proves "a member of a Linux RAID"
header '
b = bytearray(256)
struct.pack_into("<III", b, 0, 0xa92b4efc, 1, 0)
b[16:32] = bytes(range(16))
b[32:36] = b"name"
struct.pack_into("<IIQ", b, 72, 1, 0, 16384)
struct.pack_into("<I", b, 92, 2)
struct.pack_into("<QQQ", b, 128, 2048, 30720, 8)
total = sum(struct.unpack("<64I", b))
struct.pack_into("<I", b, 216, (total & 0xffffffff) + (total >> 32) & 0xffffffff)
put(4096, b)'
refused container 'Linux RAID' 'mdadm --assemble --scan'

proves "a member of a ZFS pool"
header '
put(0, bytes(262144))
for i in range(128):
    put(131072 + 1024 * i, struct.pack("<QQQ", 0x00bab10c, 5000, i))' 72
refused container ZFS 'zpool trim'

proves "bcache"
header '
put(4096, bytes(4096))
b = bytearray(256)
struct.pack_into("<QQQ", b, 0, 0, 8, 1)
b[24:40] = bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81")
b[40:56] = bytes(range(16))
struct.pack_into("<Q", b, 208, 16)
crc = 0xffffffffffffffff
for byte in b[8:208]:
    crc ^= byte << 56
    for _ in range(8):
        crc = (crc << 1 ^ (0x42f0e1eba9ea3693 if crc >> 63 else 0)) & 0xffffffffffffffff
struct.pack_into("<Q", b, 0, crc ^ 0xffffffffffffffff)
put(4096, b)'
refused container bcache '/dev/bcache'

proves "ReFS, APFS and UFS, with what their own systems offer"
header 'put(0, b"\0\0\0ReFS\0\0\0\0")'
refused unknown-fs ReFS 'Optimize-Volume'
header '
put(0, bytes(4096))
put(8, struct.pack("<QQHHI", 1, 1, 1, 0x8000, 0) + b"NXSB" + struct.pack("<IQ", 4096, 4096))'
refused unknown-fs APFS 'diskutil'
header '
put(65536, bytes(8192))
put(65536 + 1372, struct.pack("<I", 0x19540119))'
refused unknown-fs UFS 'file of zeros'

proves "JFS, ReiserFS and NILFS can be mounted"
if has mkfs.jfs; then
	new
	made mkfs.jfs -q disk.img
	refused unknown-fs JFS 'mount it'
fi
if has mkreiserfs; then
	new 40
	made mkreiserfs -q -f disk.img
	refused unknown-fs ReiserFS 'mount it'
fi
# It wants to see what is mounted.
if has mkfs.nilfs2 && [ -e /etc/mtab ]; then
	new 160
	made mkfs.nilfs2 -q -f disk.img
	refused unknown-fs NILFS 'mount it'
fi

proves "squashfs and ISO 9660 have nothing to reclaim"
mkdir files
head -c 300000 "$work/random" >files/a
if has mksquashfs; then
	rm -f disk.img
	made mksquashfs files disk.img -quiet -no-progress
	refused write-once squashfs 'as it is'
fi
if has xorriso; then
	rm -f disk.img
	made xorriso -as mkisofs -o disk.img files
	refused write-once 'ISO 9660' 'as it is'
fi

proves "several signatures, none of which is known to be the right one"
new 64
made mkfs.vfat -F 32 disk.img
head -c 1024 disk.img >boot
made mkfs.ext4 -q -F disk.img
dd if=boot of=disk.img conv=notrunc status=none
refused ambiguous 'ext4' "wipefs $work/disk.img"

proves "one of them in a partition has a device of its own in what helps"
if has cryptsetup && has sfdisk; then
	new 24
	made sh -c "echo secret | cryptsetup luksFormat -q --pbkdf pbkdf2 \
		--pbkdf-force-iterations 1000 disk.img -"
	mv disk.img luks.img
	new 32
	echo 'start=2048, size=49152, type=83' | sfdisk -q --wipe always disk.img
	dd if=luks.img of=disk.img bs=1M seek=1 conv=notrunc status=none
	ends 4 --zero --yes --json -- 'disk.img#1'
	jq -r '.. | .remedy? | strings' "$work/out" | grep -qF -- \
		"--offset 1048576 --sizelimit 25165824 $work/disk.img)\" NAME" ||
		fail "the remedy: $(cat "$work/out")"
fi
