#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of btrfs is what btrfs-progs tells of its trees, for every layout, fresh and aged;
# nothing that any tree points to is in it; and achica --zero leaves a filesystem which passes its
# own check, scrub included, with all files as they were.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.btrfs btrfs btrfstune btrfs-convert mkfs.ext4 python3
need_mounts
image=$dir/image
achica=$top_builddir/achica

oracle() {
	python3 "$top_srcdir/tests/fs/btrfs.py" "$@"
}

check() {
	"$freemap" btrfs "$image" >"$dir/ours" 2>"$dir/log" || fail "$1: $(cat "$dir/log")"
	oracle map "$image" >"$dir/theirs" || fail "$1: the oracle failed"
	same_map "$1" "$dir/theirs" "$dir/ours"
	[ -s "$dir/ours" ] || fail "$1: an empty map"
	oracle apart "$image" "$dir/ours" || fail "$1: in use and called free"
	ACHICA_FREEMAP=facts "$freemap" btrfs "$image" | grep -q '^free ' || fail "$1: no counter"
}

make_fs() {
	random_image "$image" "$1"
	truncate -s "$2M" "$image"
	shift 2
	mkfs.btrfs -q -f -K "$@" "$image" >"$dir/log" 2>&1 || fail "mkfs.btrfs $*: $(cat "$dir/log")"
}

mount_image() {
	mount -o "loop${1:+,$1}" "$image" "$dir/mnt" || fail "cannot mount: $1"
}

# The loop device goes a moment later, and mount would take it again as it was, read-only or not.
unmount() {
	umount "$dir/mnt"
	tries=0
	while [ -n "$(losetup -j "$image")" ]; do
		tries=$((tries + 1))
		[ $tries -lt 5000 ] || fail "the loop device stays"
	done
}

# Files of all kinds: many small and inline, large, sparse, preallocated, cloned, in subvolumes and
# snapshots, half of them deleted again, written over a few commits.
age() {
	mount_image "$1"
	m=$dir/mnt
	btrfs -q subvolume create "$m/sub"
	btrfs -q subvolume create "$m/doomed"
	for d in 1 2 3 4 5 6; do
		mkdir "$m/sub/d$d"
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			head -c $((i * i * d * $2)) "$dir/random" >"$m/sub/d$d/f$i"
			echo "$i" >"$m/sub/d$d/inline$i"
		done
		cp --reflink=always "$m/sub/d$d/f20" "$m/sub/d$d/clone" 2>/dev/null ||
			fail "no reflink"
		sync -f "$m"
		rm "$m/sub/d$d"/f*[1357]
		# Single blocks in the middle of an extent: it stays whole, and new ones appear.
		for block in 1 3 8; do
			dd if="$dir/random" of="$m/sub/d$d/f20" bs=4096 count=1 seek=$block \
				conv=notrunc status=none
		done
	done
	btrfs -q subvolume snapshot -r "$m/sub" "$m/snap"
	fallocate -l 300K "$m/prealloc"
	dd if="$dir/random" of="$m/prealloc" bs=4096 count=3 seek=5 conv=notrunc status=none
	truncate -s 100M "$m/sparse"
	dd if="$dir/random" of="$m/sparse" bs=4096 count=2 seek=700 conv=notrunc status=none
	yes compressible | head -c 500K >"$m/even"
	rm -r "$m/sub/d2" "$m/sub/d5"
	head -c 200K "$dir/random" >"$m/doomed/file"
	sync -f "$m"
	btrfs -q subvolume delete "$m/doomed"
	unmount
	# Once more, so that what the deletion left to be cleaned is, which waits for a commit.
	mount_image commit=1
	btrfs -q subvolume sync "$m"
	unmount
}

sums() {
	mount_image ro
	(cd "$dir/mnt" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
	unmount
}

# All that must hold after achica wrote to it.
zero() {
	sums >"$dir/files"
	oracle outside "$image" "$dir/ours" >"$dir/before"
	cp "$dir/ours" "$dir/free"
	"$achica" --zero --yes --method="$2" -q "$image" >"$dir/log" 2>&1 ||
		fail "$1: --zero --method=$2: $(cat "$dir/log")"
	oracle outside "$image" "$dir/free" | cmp -s - "$dir/before" ||
		fail "$1: $2 changed what is in use"
	oracle zero "$image" "$dir/free" || fail "$1: $2 left something"
	btrfs check --check-data-csum "$image" >"$dir/log" 2>&1 ||
		fail "$1: btrfs check: $(cat "$dir/log")"
	check "$1 after $2"
	sums | cmp -s - "$dir/files" || fail "$1: files differ after $2"
	mount_image ""
	btrfs scrub start -B "$dir/mnt" >"$dir/log" 2>&1 || fail "$1: scrub: $(cat "$dir/log")"
	grep -q 'Error summary: *no errors found' "$dir/log" || fail "$1: scrub: $(cat "$dir/log")"
	head -c 3M "$dir/random" >"$dir/mnt/new"
	unmount
	check "$1 written again"
}

method=punch
while read -r mib bytes mount options; do
	case $mount in -) mount= ;; esac
	case $options in
	*block-group-tree | *squota)
		if ! mkfs.btrfs -O list-all 2>&1 | grep -q "^${options##* } "; then
			echo "left out, unknown to this mkfs.btrfs: $options"
			continue
		fi
		;;
	esac
	# shellcheck disable=SC2086
	make_fs 48 "$mib" -L "label of btrfs" $options
	check "fresh $options"
	age "$mount" "$bytes"
	check "aged $options"
	zero "$options" $method
	case $method in punch) method=write ;; *) method=punch ;; esac
done <<EOF
300 331 -
300 331 - -m single -d single
300 331 compress=zstd -n 4096
300 331 compress=zlib -n 65536 -d dup
300 331 compress-force=lzo -m dup -d single -O ^no-holes
300 331 - -O ^skinny-metadata -n 8192
300 331 space_cache=v1 -R ^free-space-tree
300 331 - -R quota
300 331 - -m raid0 -d raid0 -n 32768
120 150 - -M
40 60 - -M -n 4096 -m single -d single
300 150 - -M -m dup -d dup
300 331 - --csum xxhash
300 331 - --csum sha256
300 331 - --csum blake2
3000 331 nodatacow
3000 331 - -O extref
300 331 - -O block-group-tree
300 331 - -m single -n 4096 -O block-group-tree
300 331 - -O squota
EOF

# Sectors that this kernel may not be able to mount: what mkfs.btrfs writes by itself.
mkdir "$dir/root"
for i in 1 2 3 4 5 6 7 8 9; do
	head -c $((i * i * 33333)) "$dir/random" >"$dir/root/file$i"
done
for options in "-s 65536 -n 65536" "-s 8192 -n 16384" "-s 16384 -n 65536"; do
	# shellcheck disable=SC2086
	make_fs 48 300 $options --rootdir "$dir/root"
	check "$options"
done

# Thousands of blocks, every second one free.
make_fs 48 300 -m single
mount_image ""
python3 - "$dir/mnt" "$dir/random" <<'END'
import os, sys
folder, data = sys.argv[1], open(sys.argv[2], "rb").read(4096)
for i in range(6000):
    with open(f"{folder}/{i}", "wb") as file:
        file.write(data)
os.sync()
for i in range(0, 6000, 2):
    os.unlink(f"{folder}/{i}")
END
unmount
check "free in single blocks"
[ "$(grep -c ' 4096$' "$dir/ours")" -gt 2000 ] || fail "$(wc -l <"$dir/ours") free runs"
zero "free in single blocks" punch

# Full, in many pieces, and the mirror at 64 MiB in the middle of a chunk.
make_fs 48 300 -M
mount_image ""
i=0
while head -c 700K "$dir/random" >"$dir/mnt/fill$i" 2>/dev/null; do
	i=$((i + 1))
	[ $((i % 20)) != 0 ] || sync -f "$dir/mnt"
done
unmount
check full
left=$(awk '{ n += $2 } END { printf "%d", n }' "$dir/ours")
[ "$left" -lt 16777216 ] || fail "$left bytes are free in a full one"
mount_image ""
rm -f "$dir"/mnt/fill*[02468]
unmount
check "full of holes"
zero "full of holes" write

# Converted to other profiles, shrunk, with other UUIDs.
make_fs 48 400
age "" 331
mount_image ""
btrfs balance start -f -dconvert=dup -mconvert=single "$dir/mnt" >/dev/null 2>&1 ||
	fail "balance: $?"
btrfs -q filesystem resize 350M "$dir/mnt" >/dev/null
unmount
check "balanced and shrunk"
btrfstune -f -u "$image" >/dev/null 2>&1 || fail "btrfstune -u"
check "another fsid"
btrfstune -f -m "$image" >/dev/null 2>&1 || fail "btrfstune -m"
check "another metadata UUID"
zero converted punch

# From ext4, with its image of before kept and then deleted.
random_image "$image" 48
truncate -s 300M "$image"
mkfs.ext4 -q -F -b 4096 -d "$dir/root" "$image"
btrfs-convert "$image" >"$dir/log" 2>&1 || fail "btrfs-convert: $(cat "$dir/log")"
check "converted from ext4"
zero "converted from ext4" write
mount_image commit=1
btrfs -q subvolume delete "$dir/mnt/ext2_saved"
btrfs -q subvolume sync "$dir/mnt"
unmount
check "without the ext4 of before"
zero "without the ext4 of before" punch

# A chunk at 0, as mkfs.btrfs had it until 2015: the first MiB stays all the same.
make_fs 48 120 -M -m single -d single
oracle low "$image"
btrfs check "$image" >"$dir/log" 2>&1 || fail "low: $(cat "$dir/log")"
"$freemap" btrfs "$image" >"$dir/ours" || fail "low: refused"
oracle map "$image" >"$dir/theirs"
same_map low "$dir/theirs" "$dir/ours"
oracle apart "$image" "$dir/ours"
zero_free=$(head -1 "$dir/ours" | cut -d' ' -f1)
[ "$zero_free" -ge 1048576 ] || fail "low: $zero_free is free"
