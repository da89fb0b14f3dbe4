#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The method overlay: a copy as small as after reclaiming, of a source to which nothing is written,
# nor could be.
set -eu

. "$top_srcdir/tests/lib/img.sh"
need qemu-img mkfs.ext4 mkfs.btrfs sfdisk e2fsck jq
need_ntfs
mkdir mnt

# part OFFSET MIB FILESYSTEM...: a filesystem there, with files, half of them deleted.
part() {
	offset=$1
	size=$(($2 * 1048576))
	shift 2
	attach -o "$offset" --sizelimit $size disk.img
	"$@" "$loop" >/dev/null 2>&1 || fail "$*"
	case $1 in
	mkfs.ntfs) mount_ntfs "$loop" mnt ;;
	*) mount "$loop" mnt ;;
	esac
	write_files mnt 24 30000
	delete_half mnt
	sums mnt >"sums$offset"
	case $1 in
	mkfs.ntfs) umount_ntfs mnt ;;
	*) umount mnt ;;
	esac
	detach "$loop"
}

# A disk with partitions whose blocks are 4 KiB, 1 KiB at an odd place, and those of NTFS and btrfs;
# old data everywhere.
noise disk.img 174063616
printf 'label: dos\nstart=63, size=40960\nstart=43008, size=49152\nstart=92160, size=131072\nstart=223232, size=98304\n' |
	sfdisk -q disk.img
part 32256 20 mkfs.ext4 -qF -b 1024 -E nodiscard
part 22020096 24 mkfs.ntfs -q -Q -F -c 4096
part 47185920 64 mkfs.btrfs -qfK -M
part 114294784 48 mkfs.ext4 -qF -b 4096 -E nodiscard
sync -f disk.img
chmod 640 disk.img
state disk.img >before

proves "the copy is what reclaiming and converting makes, and the source is as it was"
ends 0 --convert=overlaid.qcow2 disk.img
state disk.img >after
same "the source" before after
[ ! -e overlaid.qcow2.overlay.qcow2 ] || fail "the overlay is left"
[ "$(stat -c %a overlaid.qcow2)" = 640 ] || fail "the copy is open to $(stat -c %A overlaid.qcow2)"
cp disk.img twin.img
ends 0 --zero --yes --convert=zeroed.qcow2 twin.img
qemu-img compare -q -f qcow2 -F qcow2 overlaid.qcow2 zeroed.qcow2 || fail "the copies differ"
[ "$(stat -c %s overlaid.qcow2)" = "$(stat -c %s zeroed.qcow2)" ] || fail "the copies' sizes differ"
rm twin.img zeroed.qcow2

proves "the overlay is sound, and the printed commands make the same copy of it"
ends 0 --zero --method=overlay disk.img
qemu-img check -q disk.overlay.qcow2 || fail "it is not sound"
[ "$(stat -c %s disk.overlay.qcow2)" -lt 2097152 ] || fail "it is large"
printed_commands >commands
sh -e commands >log 2>&1 || fail "the commands: $(cat commands log)"
[ ! -e disk.overlay.qcow2 ] || fail "the overlay is left"
cmp -s disk.qcow2 overlaid.qcow2 || fail "not the same copy"
state disk.img >after
same "the source" before after
rm disk.qcow2

proves "every file is in the copy, and its filesystems have no errors"
qemu-img convert -f qcow2 -O raw overlaid.qcow2 copy.img
for at in 32256,20 22020096,24 47185920,64 114294784,48; do
	attach -r -o "${at%,*}" --sizelimit $((${at#*,} * 1048576)) copy.img
	case ${at%,*} in
	22020096) ntfsfix -n "$loop" >log && mount -t ntfs-3g -o ro "$loop" mnt ;;
	47185920) btrfs check --readonly "$loop" >log 2>&1 && mount -o ro "$loop" mnt ;;
	*) e2fsck -fn "$loop" >log 2>&1 && mount -o ro,noload "$loop" mnt ;;
	esac || fail "at $at: $(cat log)"
	sums mnt >files
	umount mnt
	same "files at $at" "sums${at%,*}" files
	detach "$loop"
done
rm copy.img overlaid.qcow2

proves "a dry run makes nothing, and the JSON names the overlay"
ls >list
ends 0 --zero --dry-run --json --method=overlay 'disk.img#4'
[ "$(jq -r '[.. | objects | select(.taken)][0] | .overlay, .taken' out)" = "$(printf 'null\noverlay')" ] ||
	fail "$(cat out)"
ls >after
same "the folder" list after
ends 0 --zero --json --method=overlay 'disk.img#4'
[ "$(jq -r '.targets[0].commands[2][1]' out)" = "$work/disk.overlay.qcow2" ] || fail "$(cat out)"
rm disk.overlay.qcow2

proves "one whose driver refuses it gets none"
attach -o 114294784 --sizelimit 50331648 disk.img
debugfs -w -R 'ssv state 0' "$loop" 2>/dev/null
detach "$loop"
ends 4 --convert=copy.qcow2 'disk.img#4'
[ -z "$(find . -name '*.qcow2*')" ] || fail "left: $(find . -name '*.qcow2*')"
attach -o 114294784 --sizelimit 50331648 disk.img
debugfs -w -R 'ssv state 1' "$loop" 2>/dev/null
detach "$loop"

proves "what is read-only is done so by itself: a device, a file, a mount"
truncate -s 80M host.img
mkfs.ext4 -qF host.img
mkdir host
attach host.img
host=$loop
mount "$host" host
noise host/inner.img 41943040
# No journal: a kernel that has one mounted, even read-only, keeps a counter of it in its memory,
# which is seen through the device.
mkfs.ext2 -qF -E nodiscard host/inner.img
cp --sparse=always host/inner.img inner.img
mount -o remount,ro host
sync -f inner.img
state inner.img >before
ends 0 --zero --yes --convert=file.qcow2 host/inner.img
[ "$(find host -type f)" = host/inner.img ] || fail "written beside it"
ends 0 --zero --yes host/inner.img
printed_commands | sh -e >log 2>&1 || fail "the printed commands: $(cat log out)"
cmp -s inner.qcow2 file.qcow2 || fail "the printed commands made another copy"
rm inner.qcow2
attach -r inner.img
ends 0 --zero --yes --convert=device.qcow2 "$loop"
mount -o ro "$loop" mnt
ends 0 --zero --yes --convert=mount.qcow2 mnt
ends 0 --zero --yes --convert=mounted.qcow2 inner.img
ends 4 --zero --yes --method=punch "$loop"
umount mnt
ends 4 --zero --yes --method=punch "$loop"
detach "$loop"
for copy in device mount mounted; do
	cmp -s file.qcow2 $copy.qcow2 || fail "$copy.qcow2 is another copy"
done
TMPDIR=$work ends 0 --zero --yes host/inner.img
overlay=$(printed_commands | sed -n 's/^rm //p')
[ "${overlay%/*}" = "$work" ] || fail "not among the temporary files: $overlay"
qemu-img check -q "$overlay" || fail "it is not sound"
rm "$overlay"
state inner.img >after
same "the source" before after
umount host
detach "$host"
rm ./*.qcow2

proves "what others may write to is refused"
attach inner.img
mount "$loop" mnt
ends 4 --convert=copy.qcow2 "$loop"
grep -q 'mounted' err || fail "$(cat err)"
ends 4 --convert=copy.qcow2 inner.img
umount mnt
detach "$loop"

proves "and nobody can begin to, while the copy is made"
mkdir bin
cat >bin/qemu-img <<END
#!/bin/sh
case \$1 in
convert)
	${QEMU_IO:-qemu-io} -f raw -c 'write 0 512' "$work/inner.img" >"$work/tried" 2>&1 && exit 3
	;;
esac
exec $(command -v qemu-img) "\$@"
END
chmod +x bin/qemu-img
if command -v qemu-io >/dev/null; then
	PATH=$work/bin:$PATH ends 0 --convert=copy.qcow2 inner.img
	grep -q 'lock' tried || fail "$(cat tried)"
	rm copy.qcow2
fi

proves "without room for the overlay, or stopped, nothing is left"
sync -f inner.img
state inner.img >before
truncate -s 1M tiny.img
mkfs.ext2 -qF -b 1024 tiny.img
attach tiny.img
mkdir tiny
mount "$loop" tiny
head -c 2M /dev/zero >tiny/full 2>/dev/null || :
ends 1 --convert=tiny/copy.qcow2 inner.img
[ "$(ls tiny)" = "$(printf 'full\nlost+found')" ] || fail "left: $(ls tiny)"
umount tiny
detach "$loop"
cat >bin/qemu-img <<END
#!/bin/sh
echo >"$work/ready"
sleep 1000
END
mkfifo ready
PATH=$work/bin:$PATH "$ACHICA" --convert=copy.qcow2 inner.img >out 2>err </dev/null &
achica=$!
pids="$pids $achica"
read -r _ <ready
[ -e copy.qcow2.overlay.qcow2 ] || fail "there is no overlay"
kill -INT $achica
status=0
wait $achica || status=$?
[ $status = 130 ] || fail "ended with $status: $(cat err)"
[ -z "$(find . -name '*.qcow2*')" ] || fail "left: $(find . -name '*.qcow2*')"
state inner.img >after
same "the source" before after
