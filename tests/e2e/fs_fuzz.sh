#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Small filesystems, each in hundreds of damaged variants, end with a map or a reason. "make fuzz"
# looks for more.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.fat mkfs.exfat mkfs.xfs xfs_db xfs_repair mke2fs mkfs.btrfs mkfs.ntfs mkfs.f2fs sload.f2fs
need mkswap python3
LSAN_OPTIONS=suppressions=$top_srcdir/tests/fuzz/lsan.supp:print_suppressions=0
export LSAN_OPTIONS
python3 "$top_srcdir/tests/fuzz/seeds.py" "$dir/seeds"
for seed in "$dir/seeds"/*; do
	"$top_builddir/tests/fuzz/replay_fs" "$seed" || fail "$(basename "$seed")"
done
python3 "$top_srcdir/tests/fuzz/lvm_seeds.py" "$dir/seeds-lvm"
for seed in "$dir/seeds-lvm"/*; do
	"$top_builddir/tests/fuzz/replay_lvm" "$seed" || fail "$(basename "$seed")"
done
