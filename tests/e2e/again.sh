#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A second run finds nothing to do, says so with exit status 3, and changes no byte.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 mkfs.ntfs

# again NAME IMAGE METHOD: free blocks smaller than the host's are where it is hard.
again() {
	status=0
	"$ACHICA" --zero --yes -q --method="$3" "$2" >"$dir/first" 2>&1 || status=$?
	[ $status = 0 ] || fail "$1: the first run ended with $status: $(cat "$dir/first")"
	before=$(sha256sum <"$2")
	"$ACHICA" --zero --yes -q --method="$3" "$2" >"$dir/second" 2>&1 || status=$?
	[ $status = 3 ] || fail "$1: the second run ended with $status: $(cat "$dir/second")"
	[ "$before" = "$(sha256sum <"$2")" ] || fail "$1: the second run changed something"
}

image=$dir/image
for method in punch write; do
	for block in 1024 4096; do
		random_image "$image" 20
		mkfs.ext4 -qF -b $block -E nodiscard "$image"
		again "ext4, blocks of $block, $method" "$image" $method
	done
	random_image "$image" 10
	mkfs.ntfs --fast --force --quiet --cluster-size 512 "$image" >/dev/null 2>&1
	again "NTFS, clusters of 512, $method" "$image" $method
done
