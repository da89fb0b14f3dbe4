#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An MBR disk like an old guest's, on old data everywhere: NTFS, and logical partitions with FAT16
# and ext4, gaps between them; files written and half of them deleted. One run reclaims all of it:
# each free map is its own tool's, nothing else but the gaps is changed, no gap keeps a stale byte
# between partitions, fsck is content, and the image takes no more than what is used, within 2 %.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need sfdisk mkfs.vfat fsck.vfat mcopy mdel mkfs.ext4 e2fsck dumpe2fs qemu-img python3
need_ntfs

MIB=1048576
NTFS=$MIB NTFS_SIZE=$((60 * MIB))
FAT=$((67 * MIB)) FAT_SIZE=$((40 * MIB))
EXT=$((112 * MIB)) EXT_SIZE=$((60 * MIB))

part() {
	dd if=disk.img of="$1" bs=1M skip=$(($2 / MIB)) count=$(($3 / MIB)) status=none
}

proves "an MBR disk with logical partitions"
mkdir mnt files
noise disk.img $((192 * MIB))
sfdisk -q --wipe never disk.img <<-END
	label: dos
	start=$((NTFS / 512)), size=$((NTFS_SIZE / 512)), type=7
	start=$((65 * MIB / 512)), size=$((115 * MIB / 512)), type=5
	start=$((FAT / 512)), size=$((FAT_SIZE / 512)), type=6
	start=$((EXT / 512)), size=$((EXT_SIZE / 512)), type=83
END

attach -o $NTFS --sizelimit $NTFS_SIZE disk.img
mkfs.ntfs -q -Q -F "$loop" >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
mount_ntfs "$loop" mnt
write_files mnt 10 900000
delete_half mnt
sums mnt >ntfs.sums
umount_ntfs mnt
detach "$loop"

attach -o $FAT --sizelimit $FAT_SIZE disk.img
mkfs.vfat -F 16 "$loop" >log
detach "$loop"
write_files files 10 650000
mcopy -i disk.img@@$FAT files/* ::
mdel -i disk.img@@$FAT '::/file*[13579]'
delete_half files
sums files >fat.sums

attach -o $EXT --sizelimit $EXT_SIZE disk.img
mkfs.ext4 -q -E nodiscard "$loop"
mount "$loop" mnt
write_files mnt 10 900000
delete_half mnt
sums mnt >ext.sums
umount mnt
detach "$loop"

cp disk.img before.img
ntfs_map disk.img $NTFS >ntfs.map
part fat.img $FAT $FAT_SIZE
python3 "$top_srcdir/tests/fs/fat.py" map fat.img | join_extents >fat.map
dumpe2fs_map disk.img $EXT >ext.map
{
	awk -v at=$NTFS '{ print $1 + at, $2 }' ntfs.map
	awk -v at=$FAT '{ print $1 + at, $2 }' fat.map
	awk -v at=$EXT '{ print $1 + at, $2 }' ext.map
} >parts.map

proves "one run reclaims the filesystems, and nothing else is changed"
ends 0 --zero --yes --progress=none disk.img
only_free_zeroed parts.map 0 before.img disk.img

proves "another the gaps: what is between the partitions, and neither tables nor the last MiB"
cp disk.img filesystems.img
ends 0 --zero --yes --progress=none --gaps disk.img
# From the end of a partition to the next table or MiB.
{
	echo $((61 * MIB)) $((4 * MIB))
	echo $((107 * MIB)) $((4 * MIB))
	echo $((172 * MIB)) $((19 * MIB))
} >gaps.map
compare gaps.map 0 filesystems.img disk.img
[ "$stale" = 0 ] || fail "$stale bytes of the gaps are left"
for table in 65 111; do
	cmp -s -n 512 -i $((table * MIB)) before.img disk.img || fail "the table at $table MiB"
done
cmp -s -n $MIB -i $((191 * MIB)) before.img disk.img || fail "the last MiB"

proves "every filesystem is sound, with its files"
part ntfs.img $NTFS $NTFS_SIZE
ntfsfix -n ntfs.img >log 2>&1 || fail "ntfsfix: $(cat log)"
mount_ntfs ntfs.img mnt
sums mnt >now
umount_ntfs mnt
same "files of NTFS" ntfs.sums now
part fat.img $FAT $FAT_SIZE
fsck.vfat -n fat.img >log || fail "fsck.vfat: $(cat log)"
rm -r files
mkdir files
mcopy -i fat.img '::/*' files
sums files >now
same "files of FAT" fat.sums now
part ext.img $EXT $EXT_SIZE
e2fsck -fn ext.img >log 2>&1 || fail "e2fsck: $(cat log)"

proves "the copy takes what is used, within 2 %"
printed_commands >commands
sh -eu commands >log 2>&1 || fail "$(cat commands log)"
used=$(used_bytes disk.img)
size=$(stat -c %s disk.qcow2)
echo "used $used, qcow2 $size"
[ "$size" -le $((used + used / 50)) ] || fail "$size is more than $used and 2 %"
