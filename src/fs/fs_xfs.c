/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * XFS, version 4 and 5, by a reader of our own. xfs_super.c judges the superblock, xfs_log.c the
 * log, xfs_ag.c the headers of each allocation group, xfs_tree.c walks the trees. The map is the
 * tree of free space by block of each group in turn. Before anything of a group is handed on, both
 * its trees have been read and compared with each other and with the group's counters; and no free
 * block may be one of the headers, the log, the free list (AGFL), the two trees or the roots of the
 * others.
 *
 * The free list is nobody's, but XFS takes from it without asking the trees: it is never free here.
 * fs->free is the sum of agf_freeblks. The superblock's counter also has the free lists and the
 * blocks of the trees besides their roots, which come and go with free space: it must be the sum
 * of agf_freeblks, agf_flcount and agf_btreeblks (xfs_initialize_perag_data) where the filesystem
 * keeps the last (lazy-count, always on V5).
 *
 * Blocks that a reflink filesystem had set aside for copies on write, or deleted files that were
 * still open, may be in use without an owner until the next mount: they stay as they are.
 *
 * Memory: 16 bytes for each block of both trees of one group: 64 KiB for a million free runs at
 * 4 KiB blocks, at most 8 MiB; two sectors, and one block of each level (576 KiB at most).
 *
 * Source: XFS Algorithms & Data Structures; Linux, fs/xfs/libxfs/xfs_format.h, and xfs_sb.c for
 * the superblock's counter.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/drivers.h"
#include "fs/xfs_ag.h"
#include "fs/xfs_log.h"
#include "fs/xfs_super.h"

struct xfs {
	struct fs fs;
	struct xfs_super super;
	unsigned char *first;  /* the superblock's sector */
	unsigned char *sector; /* room for another */
	unsigned char *path;   /* room for a block of each level of a tree */
};

static int xfs_read_super(struct xfs *x, struct error *err)
{
	struct io *io = x->fs.io;
	size_t len = io->size < XFS_MOST_SECTOR ? (size_t)io->size : XFS_MOST_SECTOR;
	int rc;

	if (len < XFS_LEAST_SECTOR)
		return error_set_at(err, WHY_OUTSIDE, 0, XFS_LEAST_SECTOR, "xfs");
	rc = io_read(io, 0, x->first, len);
	if (rc)
		return io_report(io, WHY_READ, -rc, err);
	return xfs_super_parse(x->first, len, io->size, &x->super, err);
}

static int xfs_read_ag(struct xfs *x, uint32_t number, struct xfs_ag *ag, struct error *err)
{
	return xfs_ag_read(x->fs.io, &x->super, x->first, number, x->sector, ag, err);
}

/* The headers of all groups, and their counters against the superblock's. */
static int xfs_sum_up(struct xfs *x, struct error *err)
{
	uint64_t free_blocks = 0;
	uint64_t others = 0;

	for (uint32_t i = 0; i < x->super.ag_count; i++) {
		struct xfs_ag ag;
		int rc = xfs_read_ag(x, i, &ag, err);

		if (rc)
			return rc;
		free_blocks += ag.free_blocks;
		others += ag.listed + ag.tree_blocks;
		xfs_ag_free(&ag);
	}
	if (x->super.lazy && free_blocks + others != x->super.free_blocks)
		return error_set_at(err, WHY_MAP_TOTAL, 0,
				    (free_blocks + others) * x->super.block_size, "xfs");
	x->fs.free = free_blocks * x->super.block_size;
	return 0;
}

static void xfs_set_facts(struct xfs *x)
{
	const struct xfs_super *s = &x->super;

	x->fs.type = "xfs";
	x->fs.size = s->blocks * s->block_size;
	x->fs.unit = s->block_size;
	snprintf(x->fs.label, sizeof x->fs.label, "%s", s->label);
	snprintf(x->fs.uuid, sizeof x->fs.uuid, "%s", s->uuid);
}

static void xfs_close(struct fs *fs)
{
	struct xfs *x = (struct xfs *)fs;

	free(x->first);
	free(x->sector);
	free(x->path);
	free(x);
}

static int xfs_open(struct io *io, struct fs **fs, struct error *err)
{
	struct xfs *x = calloc(1, sizeof *x);
	int rc;

	if (!x)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	x->fs.driver = &fs_xfs;
	x->fs.io = io;
	x->first = malloc(XFS_MOST_SECTOR);
	x->sector = malloc(XFS_MOST_SECTOR);
	if (!x->first || !x->sector) {
		rc = error_set(err, WHY_MEMORY, ENOMEM, io->name);
		goto out;
	}
	if ((rc = xfs_read_super(x, err)))
		goto out;
	xfs_set_facts(x);
	if ((rc = xfs_log_check(io, &x->super, err)) || (rc = xfs_sum_up(x, err)))
		goto out;
	x->path = malloc((size_t)XFS_MOST_LEVELS * x->super.block_size);
	if (!x->path) {
		rc = error_set(err, WHY_MEMORY, ENOMEM, io->name);
		goto out;
	}
	*fs = &x->fs;
	return 0;
out:
	xfs_close(&x->fs);
	return rc;
}

/* Hands the free runs of a group on. */
struct emitter {
	const struct xfs_ag *ag;
	size_t next; /* the first of ag->used that may lie behind */
	extent_fn *fn;
	void *arg;
	struct error *err;
};

static int emit(void *arg, struct run run)
{
	struct emitter *e = arg;
	const struct run_list *used = &e->ag->used;
	uint64_t unit = e->ag->super->block_size;

	while (e->next < used->n &&
	       used->runs[e->next].first + used->runs[e->next].count <= run.first)
		e->next++;
	if (e->next < used->n && used->runs[e->next].first < run.first + run.count)
		return xfs_ag_corrupt(e->ag, (uint32_t)run.first, "metadata in the free space",
				      e->err);
	return e->fn(e->arg, (struct extent){ xfs_ag_byte(e->ag, (uint32_t)run.first),
					      run.count * unit });
}

/* Reads both trees, and compares them with each other and with the counters. */
static int xfs_check_trees(struct xfs *x, struct xfs_ag *ag, struct error *err)
{
	struct xfs_tree_sum by_block, by_size;
	int rc;

	if ((rc = xfs_tree_walk(ag, XFS_BY_SIZE, x->path, &ag->used, NULL, NULL, &by_size, err)) ||
	    (rc = xfs_tree_walk(ag, XFS_BY_BLOCK, x->path, &ag->used, NULL, NULL, &by_block, err)))
		return rc;
	if (by_block.records != by_size.records || by_block.blocks != by_size.blocks ||
	    by_block.mix != by_size.mix)
		return xfs_ag_corrupt(ag, ag->root[XFS_BY_SIZE], "free space by size", err);
	if (by_block.blocks != ag->free_blocks || by_block.longest != ag->longest)
		return xfs_ag_corrupt(ag, 0, "free block count", err);
	if (x->super.lazy &&
	    by_block.nodes - 1 + by_size.nodes - 1 + ag->rmap_blocks != ag->tree_blocks)
		return xfs_ag_corrupt(ag, 0, "count of tree blocks", err);
	if (!run_list_sort(&ag->used))
		return xfs_ag_corrupt(ag, 0, "a block used twice", err);
	return 0;
}

static int xfs_walk_ag(struct xfs *x, uint32_t number, extent_fn *fn, void *arg, struct error *err)
{
	struct xfs_tree_sum sum;
	struct xfs_ag ag;
	struct emitter e = { .ag = &ag, .fn = fn, .arg = arg, .err = err };
	int rc = xfs_read_ag(x, number, &ag, err);

	if (rc)
		return rc;
	rc = xfs_check_trees(x, &ag, err);
	if (rc == 0)
		rc = xfs_tree_walk(&ag, XFS_BY_BLOCK, x->path, NULL, emit, &e, &sum, err);
	xfs_ag_free(&ag);
	return rc;
}

static int xfs_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct xfs *x = (struct xfs *)fs;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < x->super.ag_count; i++)
		rc = xfs_walk_ag(x, i, fn, arg, err);
	return rc;
}

static const char *const xfs_types[] = { "xfs", NULL };

const struct fs_driver fs_xfs = {
	.name = "xfs",
	.types = xfs_types,
	.open = xfs_open,
	.walk = xfs_walk,
	.close = xfs_close,
};
