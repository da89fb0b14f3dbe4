/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BTRFS_CHECK_H
#define ACHICA_FS_BTRFS_CHECK_H

#include "fs/btrfs_tree.h"

/* The trees of which the free map is made. */
struct btrfs_trees {
	struct btrfs_volume volume;
	struct btrfs_cursor roots;
	struct btrfs_cursor chunks;
	struct btrfs_cursor devices;
	struct btrfs_cursor groups;  /* block groups: the extent tree, or a tree of their own */
	struct btrfs_cursor extents;
};

/* A run of the device that belongs to a chunk: one of its copies. */
struct btrfs_piece {
	struct extent physical;
	uint64_t logical;
};

/* What the filesystem's own counters say. */
struct btrfs_counts {
	uint64_t used;      /* bytes of the device that extents take, each copy counted */
	uint64_t allocated; /* bytes of the device in chunks */
	bool low;           /* something is allocated below BTRFS_START: an old mkfs */
};

/*
 * Reads the superblock, opens the trees and checks that they agree with each other and that nothing
 * is under way: a balance, the replacement of a device. Extents themselves are not looked at.
 * btrfs_trees_close also after a failure; t is zeroed before.
 */
int btrfs_trees_open(struct btrfs_trees *t, struct io *io, struct btrfs_counts *counts,
		     struct error *err);
void btrfs_trees_close(struct btrfs_trees *t);

/* The device extents in the order of the device: from = true starts over. 0, 1 at the end. */
int btrfs_trees_next_piece(struct btrfs_trees *t, bool first, struct btrfs_piece *piece,
			   struct error *err);

/* The chunk that starts at that logical byte; WHY_CORRUPT if none does. */
int btrfs_trees_chunk(struct btrfs_trees *t, uint64_t logical, struct btrfs_chunk *chunk,
		      struct error *err);

/* The bytes in use by the counter of the chunk's block group. */
int btrfs_trees_group_used(struct btrfs_trees *t, const struct btrfs_chunk *chunk, uint64_t *used,
			   struct error *err);

/* Whether the item tells of an extent, and then which; a refusal if it cannot be true. */
int btrfs_trees_extent(const struct btrfs_trees *t, const struct btrfs_item *item, bool *is_extent,
		       struct extent *extent, struct error *err);

#endif
