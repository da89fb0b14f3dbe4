/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_BTRFS_H
#define ACHICA_TESTS_LIB_BTRFS_H

#include "base/io.h"

/* Small btrfs in memory by mkfs.btrfs, to be spoilt. The superblock is at BTRFS_SUPER. */
#define BTRFS_SMALL (UINT64_C(40) << 20)
#define BTRFS_LARGE (UINT64_C(120) << 20)
#define BTRFS_SUPER (UINT64_C(64) << 10)
#define BTRFS_NODE 4096u
#define BTRFS_MOST_EXTENTS 64u

struct btrfs_map {
	struct extent extents[BTRFS_MOST_EXTENTS];
	size_t n;
};

/* Mixed, with tree blocks of BTRFS_NODE, "a label", and no copy of the superblock. Skips the test
   without mkfs.btrfs. */
struct io *btrfs_small(void);

/* As by default: metadata twice, tree blocks of 16 KiB, a copy of the superblock at 64 MiB. */
struct io *btrfs_large(const char *sum);

/* Opens and walks twice, the sum against the counter; frees all. 0 and the map, or the failure. */
int btrfs_use(struct io *io, struct btrfs_map *map, struct error *err);

/* Mends the checksum (crc32c) of a tree block or superblock. */
void btrfs_sum_again(unsigned char *block, size_t len);

/* Where the block that a tree starts with is, by its owner; the newest, the first of its copies. */
uint64_t btrfs_root(struct io *io, uint64_t owner);

#endif
