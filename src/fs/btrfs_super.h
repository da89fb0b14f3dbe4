/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BTRFS_SUPER_H
#define ACHICA_FS_BTRFS_SUPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"
#include "achica/extent.h"
#include "base/io.h"

#define BTRFS_SUPER_SIZE 4096u
#define BTRFS_SUPER_COPIES 3u
#define BTRFS_UUID_SIZE 16u
#define BTRFS_SYSTEM_SIZE 2048u
#define BTRFS_DEV_ITEM_SIZE 98u
#define BTRFS_LEVELS 8u

/* Nothing below this is ever given to files by a mkfs.btrfs since 2015. */
#define BTRFS_START (UINT64_C(1) << 20)

/* What achica needs of the superblock, checked as far as it can be by itself. */
struct btrfs_super {
	uint64_t generation;
	uint64_t root;             /* of the root tree, logical */
	uint64_t chunk_root;
	uint64_t chunk_root_generation;
	uint64_t used;             /* bytes of all extents, each counted once */
	unsigned root_level;
	unsigned chunk_root_level;
	unsigned sum_type;
	uint32_t sector_size;      /* bytes; the unit of data */
	uint32_t node_size;        /* bytes of a tree block */
	bool skinny;               /* metadata items without a length */
	bool mixed;                /* data and metadata share block groups */
	bool group_tree;           /* block groups have a tree of their own */
	unsigned char block_id[BTRFS_UUID_SIZE]; /* the fsid in tree blocks */

	/* The only device. */
	uint64_t device;           /* its number */
	uint64_t device_size;      /* bytes, whole sectors, inside the window */
	uint64_t device_used;      /* bytes of it that belong to chunks */
	unsigned char device_item[BTRFS_DEV_ITEM_SIZE];
	unsigned char device_id[BTRFS_UUID_SIZE];

	uint32_t system_size;      /* bytes of system in use */
	unsigned char system[BTRFS_SYSTEM_SIZE]; /* keys and chunks of type SYSTEM */

	char label[64];
	char uuid[40];
};

/* Where the copy is (0 is the first), rounded out to whole sectors. */
struct extent btrfs_super_copy(const struct btrfs_super *s, unsigned copy);

/*
 * Reads the superblock and its copies and refuses what is not clean, not understood or impossible:
 * features by their names, a log tree, several devices, a copy that tells something else.
 * *super only on success.
 */
int btrfs_super_read(struct io *io, struct btrfs_super *super, struct error *err);

#endif
