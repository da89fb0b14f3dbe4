/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_XFS_AG_H
#define ACHICA_FS_XFS_AG_H

#include "base/io.h"
#include "fs/bitmap.h"
#include "fs/xfs_super.h"

/* Where XFS counts are of one allocation group, blocks are counted from its start. */

enum xfs_tree_kind {
	XFS_BY_BLOCK, /* free space in the order of blocks */
	XFS_BY_SIZE,  /* the same in the order of lengths */
};

#define XFS_MOST_LEVELS 9u /* XFS_BTREE_MAXLEVELS; 7 are enough for the worst 1 TiB */

/* An allocation group by its headers, each number in its bounds. */
struct xfs_ag {
	struct io *io; /* not owned */
	const struct xfs_super *super;
	uint32_t number;
	uint32_t blocks;
	uint32_t first;          /* the block after the headers */
	uint32_t root[2];        /* by enum xfs_tree_kind */
	uint32_t levels[2];
	uint32_t free_blocks;    /* in the trees */
	uint32_t longest;        /* free run */
	uint32_t listed;         /* blocks in the free list (AGFL) */
	uint32_t tree_blocks;    /* of free space's trees and the rmap tree, less the roots */
	uint32_t rmap_blocks;    /* of the rmap tree, less its root */
	struct run_list used;    /* blocks from first on that are never free, in no order */
};

/*
 * Reads and checks the headers of a group: the copy of the superblock, AGF, AGI and AGFL. first is
 * the sector of the first superblock, sector is room for one. On success ag->used holds the log,
 * the free list and the roots of the other trees; xfs_ag_free it.
 */
int xfs_ag_read(struct io *io, const struct xfs_super *super, const unsigned char *first,
		uint32_t number, unsigned char *sector, struct xfs_ag *ag, struct error *err);
void xfs_ag_free(struct xfs_ag *ag);

/* WHY_CORRUPT: what, in this group, at one of its blocks. */
int xfs_ag_corrupt(const struct xfs_ag *ag, uint32_t block, const char *what, struct error *err);

/* The byte of one of its blocks in the filesystem. */
uint64_t xfs_ag_byte(const struct xfs_ag *ag, uint32_t block);

/* What a walk through one of the trees of free space has seen. */
struct xfs_tree_sum {
	uint64_t blocks;  /* free ones */
	uint64_t records;
	uint64_t mix;     /* of all records, whatever their order */
	uint32_t longest;
	uint32_t nodes;   /* blocks of the tree itself */
};

typedef int xfs_run_fn(void *arg, struct run run);

/*
 * Calls fn with the records of a tree in its order, checking each block and record on the way. path
 * is room for one block of each level. With nodes, the tree's own blocks are added to it. fn may be
 * NULL; a non-zero of it ends the walk and is returned.
 */
int xfs_tree_walk(const struct xfs_ag *ag, enum xfs_tree_kind kind, unsigned char *path,
		  struct run_list *nodes, xfs_run_fn *fn, void *arg, struct xfs_tree_sum *sum,
		  struct error *err);

#endif
