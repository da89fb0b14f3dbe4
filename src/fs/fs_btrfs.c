/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * btrfs on one device, read natively. The map goes along the device extents, so it ascends on the
 * device: between them nothing is allocated; inside one, its chunk tells which logical bytes it
 * holds, and what the extent tree does not name there is free. Each copy of a chunk is a device
 * extent of its own, so every mirror counts.
 *
 * Never free: the first MiB, and the copies of the superblock at 64 MiB and 256 GiB, wherever they
 * lie. The free space tree and cache are not asked, they repeat the extent tree. The
 * tree blocks of earlier generations which the superblock names as backups lie in free space, as
 * for the kernel, which reuses them.
 *
 * What the extents of a block group take must equal its counter, and all counters that of the
 * superblock. Refusals are in btrfs_super.c, btrfs_chunk.c and btrfs_check.c.
 *
 * Memory: blocks of the trees, 64 KiB each, at most eight for each of six cursors: 3 MiB, whatever
 * the size of the disk.
 *
 * Source: Linux 6.18, include/uapi/linux/btrfs_tree.h; btrfs.readthedocs.io, "On-disk format".
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/btrfs_check.h"
#include "fs/drivers.h"

struct btrfs {
	struct fs fs;
	struct btrfs_trees trees;
	struct extent kept[BTRFS_SUPER_COPIES]; /* never free, ascending */
};

/* While it is walked. */
struct walk {
	struct btrfs *b;
	extent_fn *fn;
	void *arg;
	struct error *err;
};

static int give(const struct walk *w, uint64_t start, uint64_t end)
{
	return start < end ? w->fn(w->arg, (struct extent){ start, end - start }) : 0;
}

/* [start, end) of the device is not in use: all of it is free but what is kept. */
static int give_unused(const struct walk *w, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < BTRFS_SUPER_COPIES; i++) {
		struct extent kept = w->b->kept[i];
		int rc;

		if (extent_end(kept) <= start || kept.start >= end)
			continue;
		rc = give(w, start, kept.start);
		if (rc)
			return rc;
		start = extent_end(kept);
	}
	return give(w, start, end);
}

static int check_kept(const struct walk *w, struct extent physical)
{
	for (unsigned i = 0; i < BTRFS_SUPER_COPIES; i++) {
		struct extent copy = btrfs_super_copy(&w->b->trees.volume.super, i);

		if (extent_overlaps(physical, copy))
			return error_set_at(w->err, WHY_CORRUPT, 0, physical.start,
					    "extent over a superblock");
	}
	return 0;
}

/* A copy of a chunk while its extents go by. */
struct copy {
	struct extent logical;
	uint64_t physical; /* where it starts */
	uint64_t end;      /* logical, of the extent before */
	uint64_t used;
};

static uint64_t physical_of(const struct copy *c, uint64_t logical)
{
	return c->physical + (logical - c->logical.start);
}

static int walk_extent(const struct walk *w, struct copy *c, struct extent e)
{
	uint64_t at = physical_of(c, e.start);
	int rc;

	if (e.start < c->end || e.len > extent_end(c->logical) - e.start)
		return error_set_at(w->err, WHY_CORRUPT, 0, at, "extent over another");
	if ((rc = check_kept(w, (struct extent){ at, e.len })) ||
	    (rc = give_unused(w, physical_of(c, c->end), at)))
		return rc;
	c->end = extent_end(e);
	c->used += e.len;
	return 0;
}

static int walk_item(const struct walk *w, struct copy *c, const struct btrfs_item *item)
{
	struct extent e;
	bool is_extent;
	int rc = btrfs_trees_extent(&w->b->trees, item, &is_extent, &e, w->err);

	return rc || !is_extent ? rc : walk_extent(w, c, e);
}

/* All extents of the copy, and what is behind the last. */
static int walk_copy(const struct walk *w, struct copy *c)
{
	struct btrfs_cursor *extents = &w->b->trees.extents;
	struct btrfs_key start = { .object = c->logical.start };
	struct btrfs_item item;
	int found = btrfs_cursor_seek(extents, start, &item, w->err);
	int rc = 0;

	while (found == 0 && item.key.object < extent_end(c->logical)) {
		rc = walk_item(w, c, &item);
		if (rc)
			return rc;
		found = btrfs_cursor_next(extents, &item, w->err);
	}
	if (found < 0)
		return found;
	return give_unused(w, physical_of(c, c->end), c->physical + c->logical.len);
}

static bool has_copy(const struct btrfs_chunk *chunk, struct extent physical)
{
	bool found = false;

	for (unsigned i = 0; i < chunk->copies; i++)
		found |= chunk->physical[i] == physical.start;
	return found && chunk->logical.len == physical.len;
}

static int walk_piece(const struct walk *w, const struct btrfs_piece *piece)
{
	struct btrfs_trees *t = &w->b->trees;
	struct btrfs_chunk chunk;
	struct copy c;
	uint64_t used;
	int rc;

	if ((rc = btrfs_trees_chunk(t, piece->logical, &chunk, w->err)))
		return rc;
	if (!has_copy(&chunk, piece->physical))
		return error_set_at(w->err, WHY_CORRUPT, 0, piece->physical.start,
				    "device extent without a chunk");
	c = (struct copy){ .logical = chunk.logical, .physical = piece->physical.start,
			   .end = chunk.logical.start };
	if ((rc = btrfs_trees_group_used(t, &chunk, &used, w->err)) || (rc = walk_copy(w, &c)))
		return rc;
	if (c.used != used)
		return error_set_at(w->err, WHY_CORRUPT, 0, c.physical, "use of a block group");
	return 0;
}

static int btrfs_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct btrfs *b = (struct btrfs *)fs;
	struct walk w = { .b = b, .fn = fn, .arg = arg, .err = err };
	struct btrfs_piece piece;
	uint64_t at = 0;
	int found = btrfs_trees_next_piece(&b->trees, true, &piece, err);
	int rc;

	while (found == 0) {
		if (piece.physical.start < at)
			return error_set_at(err, WHY_CORRUPT, 0, at, "device extent");
		if ((rc = give_unused(&w, at, piece.physical.start)) ||
		    (rc = walk_piece(&w, &piece)))
			return rc;
		at = extent_end(piece.physical);
		found = btrfs_trees_next_piece(&b->trees, false, &piece, err);
	}
	return found < 0 ? found : give_unused(&w, at, fs->size);
}

/* What is never free: the start of the device and the later copies of the superblock. */
static uint64_t keep(struct btrfs *b)
{
	struct extent device = { 0, b->fs.size };
	uint64_t sum = 0;

	for (unsigned i = 0; i < BTRFS_SUPER_COPIES; i++) {
		struct extent e = { 0, BTRFS_START };

		if (i > 0)
			e = btrfs_super_copy(&b->trees.volume.super, i);
		b->kept[i] = extent_clip(e, device);
		sum += b->kept[i].len;
	}
	return sum;
}

static int btrfs_set_facts(struct btrfs *b, const struct btrfs_counts *counts, struct error *err)
{
	const struct btrfs_super *s = &b->trees.volume.super;
	uint64_t kept;

	b->fs.type = "btrfs";
	b->fs.size = s->device_size;
	b->fs.unit = s->sector_size;
	snprintf(b->fs.label, sizeof b->fs.label, "%s", s->label);
	snprintf(b->fs.uuid, sizeof b->fs.uuid, "%s", s->uuid);
	kept = keep(b);
	if (counts->used > b->fs.size || kept > b->fs.size - counts->used)
		return error_set(err, WHY_CORRUPT, 0, "bytes in use");
	/* A chunk below BTRFS_START may hold files there, which are then counted twice. */
	b->fs.free = counts->low ? FS_FREE_UNKNOWN : b->fs.size - counts->used - kept;
	return 0;
}

static void btrfs_close(struct fs *fs)
{
	struct btrfs *b = (struct btrfs *)fs;

	btrfs_trees_close(&b->trees);
	free(b);
}

static int btrfs_open(struct io *io, struct fs **fs, struct error *err)
{
	struct btrfs *b = calloc(1, sizeof *b);
	struct btrfs_counts counts;
	int rc;

	if (!b)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	b->fs.driver = &fs_btrfs;
	b->fs.io = io;
	if ((rc = btrfs_trees_open(&b->trees, io, &counts, err)) ||
	    (rc = btrfs_set_facts(b, &counts, err))) {
		btrfs_close(&b->fs);
		return rc;
	}
	*fs = &b->fs;
	return 0;
}

static const char *const btrfs_types[] = { "btrfs", NULL };

const struct fs_driver fs_btrfs = {
	.name = "btrfs",
	.types = btrfs_types,
	.open = btrfs_open,
	.walk = btrfs_walk,
	.close = btrfs_close,
};
