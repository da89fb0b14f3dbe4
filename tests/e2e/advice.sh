#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every advised command, as it is printed, run by sh with the real qemu-img: whatever the name.
set -eu

. "$top_srcdir/tests/fs/lib.sh"
need qemu-img mkfs.ext4 sfdisk
need_mounts
mkdir "$dir/images" "$dir/here"
cd "$dir/here"
mkfs.ext4 -qF "$dir/ext4.img" 4M

# The commands for $1 run; then there is a whole qcow2 as large as $1 at $2.
run_advice() {
	"$ACHICA" --suggest -- "$1" >"$dir/commands" || fail "no advice for $1"
	sh -e "$dir/commands" >"$dir/output" 2>&1 || {
		cat "$dir/commands" "$dir/output" >&2
		fail "the commands for $1 failed"
	}
	grep -q 'Images are identical' "$dir/output" || fail "$1 was not compared"
	qemu-img info -U "$2" 2>/dev/null | grep -q '^file format: qcow2' ||
		fail "$2 is no qcow2"
	rm -f "$2"
}

# Names as they come. None of them may be taken for something else, or make a shell do anything.
name() {
	path=$dir/images/$1
	cp --sparse=always "$dir/ext4.img" "$path"
	run_advice "$path" "${2-${path%.img}.qcow2}"
	rm -f "$path"
	[ -z "$(find "$dir/images" "$dir/here" -type f)" ] || fail "$1 left something behind"
}
name plain.img
name 'two  words.img'
name ' .img'
name "it's.img"
name 'say "hi".img'
name 'nbd:localhost:10809.img'
name 'json:{"driver":"null-co"}.img'
name '-dash.img'
name '-f,raw,comma=1.img'
name 'opts,if=none.img'
name '$(touch ran).img'
name '`touch ran`;touch ran&.img'
name '*?[a]~.img'
name 'back\slash\n.img'
name 'new
line.img'
name '#1' "$dir/images/#1.qcow2"
name 'disk.img#1' "$dir/images/disk.img#1.qcow2"
name 'ñandú 漢.img'
name "$(printf 'latin\361.img')"
name "$(printf 'tab\tescape\033[31m.img')"
name '!history %PATH% {a,b}.img'

# A raw image that is called qcow2 is not its own copy.
cp "$dir/ext4.img" "$dir/images/raw.qcow2"
run_advice "$dir/images/raw.qcow2" "$dir/images/raw-1.qcow2"
rm "$dir/images/raw.qcow2"

# A partition leads to the whole of its disk.
truncate -s 16M "$dir/images/gpt.img"
printf 'label: gpt\nstart=2048, size=8192\n' | sfdisk -q "$dir/images/gpt.img"
dd if="$dir/ext4.img" of="$dir/images/gpt.img" bs=1M seek=1 conv=notrunc status=none
run_advice "$dir/images/gpt.img#1" "$dir/images/gpt.qcow2"

# A mounted loop device: unmounted and detached, then its file is copied.
cp "$dir/ext4.img" "$dir/images/a b.img"
loop=$(losetup -f --show "$dir/images/a b.img")
loops="$loops $loop"
mount "$loop" "$dir/mnt"
"$ACHICA" --suggest "$loop" >"$dir/by_loop"
"$ACHICA" --suggest "$dir/mnt" >"$dir/by_mount"
"$ACHICA" --suggest "$dir/images/a b.img" >"$dir/by_file"
cmp "$dir/by_loop" "$dir/by_mount" || fail "the mount point is advised otherwise"
cmp "$dir/by_loop" "$dir/by_file" || fail "the image is advised otherwise"
run_advice "$loop" "$dir/images/a b.qcow2"
mountpoint -q "$dir/mnt" && fail "$dir/mnt is still mounted"
losetup "$loop" 2>/dev/null | grep -qF "$dir" && fail "$loop is still attached"
loops=

# mount -o loop: the kernel detaches it by itself.
mount -o loop "$dir/images/a b.img" "$dir/mnt"
run_advice "$dir/mnt" "$dir/images/a b.qcow2"

# The file of a loop device is gone: the device itself is copied, to the folder one is in.
loop=$(losetup -f --show "$dir/images/a b.img")
loops="$loops $loop"
rm "$dir/images/a b.img"
run_advice "$loop" "$dir/here/${loop##*/}.qcow2"

# What is not raw is not advised.
qemu-img create -q -f qcow2 "$dir/images/b.img" 4M
status=0
"$ACHICA" --suggest "$dir/images/b.img" >"$dir/commands" 2>/dev/null || status=$?
[ "$status" = 4 ] || fail "a qcow2 ended with status $status"
[ ! -s "$dir/commands" ] || fail "a qcow2 has commands"
