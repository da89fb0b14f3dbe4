/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * HFS Plus and HFSX, read natively. hfsplus_volume.c judges the volume headers, hfsplus_journal.c
 * the journal, hfsplus_tree.c reads the trees. The map is the allocation file: a bit for each
 * block, set for those in use, the highest bit of a byte first. Its extents behind the eighth are
 * in the extents overflow tree, as those of any other file.
 *
 * Before anything is handed on, all that holds the filesystem itself must have its bits: both
 * volume headers and the sectors around them, the five special files and the file of bad blocks
 * with all their extents, and the journal. The free total is the volume header's counter.
 *
 * What lies behind the last block, where the alternate header may be, is never free. The UUID is
 * left to libblkid, which makes one of two numbers for the Finder.
 *
 * Memory: 64 KiB of the bitmap, 16 bytes for each extent of the allocation file (2 MiB for one of
 * 512 MiB in single blocks), a node of a tree.
 *
 * Source: Apple, Technical Note TN1150, "HFS Plus Volume Format".
 */

#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"
#include "fs/hfsplus_journal.h"
#include "fs/hfsplus_tree.h"

#define CHUNK (64u * 1024)            /* bytes of the bitmap at a time */
#define CHUNK_BLOCKS (CHUNK * 8u)

struct hfsplus {
	struct fs fs;
	struct hfsplus_volume volume;
	struct hfsplus_fork *map;  /* the allocation file */
	unsigned char *bits;       /* CHUNK, the lowest bit of a byte first */
	uint32_t chunk;            /* which is in bits, from 1; 0 none */
};

static uint32_t chunk_blocks(const struct hfsplus *h, uint32_t chunk)
{
	uint32_t left = h->volume.blocks - (chunk - 1) * CHUNK_BLOCKS;

	return left < CHUNK_BLOCKS ? left : CHUNK_BLOCKS;
}

static int read_chunk(struct hfsplus *h, uint32_t chunk, struct error *err)
{
	size_t bytes = (chunk_blocks(h, chunk) + 7u) / 8;
	int rc;

	if (h->chunk == chunk)
		return 0;
	h->chunk = 0;
	rc = hfsplus_fork_read(h->map, h->fs.io, (uint64_t)(chunk - 1) * CHUNK, h->bits, bytes,
			       err);
	if (rc)
		return rc;
	bitmap_turn(h->bits, bytes);
	h->chunk = chunk;
	return 0;
}

/* The blocks of [start, start + len) are in use, or the volume contradicts itself. */
static int check_used(struct hfsplus *h, struct extent e, const char *what, struct error *err)
{
	struct extent inside = extent_clip(e, (struct extent){ 0, h->volume.size });
	uint64_t block = inside.start / h->volume.block_size;
	uint64_t end = (extent_end(inside) + h->volume.block_size - 1) / h->volume.block_size;

	if (inside.len == 0)
		return 0;
	while (block < end) {
		uint64_t base = block - block % CHUNK_BLOCKS;
		uint64_t stop = end - base < CHUNK_BLOCKS ? end - base : CHUNK_BLOCKS;
		int rc = read_chunk(h, (uint32_t)(base / CHUNK_BLOCKS) + 1, err);

		if (rc)
			return rc;
		block = base + bitmap_next(h->bits, block - base, stop, false);
		if (block - base < stop)
			return error_set_at(err, WHY_CORRUPT, 0, block * h->volume.block_size,
					    what);
	}
	return 0;
}

static int check_run(struct hfsplus *h, struct run run, struct error *err)
{
	uint64_t size = h->volume.block_size;
	struct extent e = { run.first * size, run.count * size };

	return check_used(h, e, "file of the filesystem in free blocks", err);
}

/* What the overflow tree has of the allocation file. */
static int add_to_map(void *arg, const struct hfsplus_overflow *record, struct error *err)
{
	struct hfsplus *h = arg;

	if (record->file != HFSPLUS_FILE_ALLOCATION)
		return 0;
	if (record->fork != 0 || record->first != h->map->known)
		return error_set_at(err, WHY_CORRUPT, 0, record->at, "extents of the bitmap");
	return hfsplus_fork_add(h->map, record->extents, h->volume.blocks, record->at, err);
}

/* The other special files' extents there. */
static int check_overflow(void *arg, const struct hfsplus_overflow *record, struct error *err)
{
	struct hfsplus *h = arg;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < HFSPLUS_RECORD_EXTENTS; i++) {
		struct run run = { get_be32(record->extents + 8 * i),
				   get_be32(record->extents + 8 * i + 4) };

		if (run.count == 0)
			break;
		if (run.first >= h->volume.blocks || run.count > h->volume.blocks - run.first)
			rc = error_set_at(err, WHY_CORRUPT, 0, record->at, "extent of a file");
		else
			rc = check_run(h, run, err);
	}
	return rc;
}

static int check_specials(struct hfsplus *h, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < HFSPLUS_SPECIALS; i++) {
		const struct run_list *list = &h->volume.forks[i].extents;

		for (size_t run = 0; rc == 0 && run < list->n; run++)
			rc = check_run(h, list->runs[run], err);
	}
	if (rc)
		return rc;
	return hfsplus_tree_walk_specials(&h->volume, h->fs.io, check_overflow, h, err);
}

static int check_headers(struct hfsplus *h, struct error *err)
{
	const struct hfsplus_volume *v = &h->volume;
	const struct extent first = { 0, HFSPLUS_HEADER_AT + HFSPLUS_HEADER_SIZE };
	const struct extent last = { v->alternate, HFSPLUS_HEADER_AT };
	int rc = check_used(h, first, "volume header in a free block", err);

	return rc ? rc : check_used(h, last, "volume header in a free block", err);
}

static int check_journal(struct hfsplus *h, struct error *err)
{
	const struct hfsplus_volume *v = &h->volume;
	struct extent journal;
	int rc = hfsplus_journal_check(v, h->fs.io, &journal, err);

	if (rc == 0 && v->journaled)
		rc = check_run(h, (struct run){ v->journal_info, 1 }, err);
	if (rc == 0)
		rc = check_used(h, journal, "journal in free blocks", err);
	return rc;
}

static int read_map(struct hfsplus *h, struct error *err)
{
	uint64_t bytes = ((uint64_t)h->volume.blocks + 7) / 8;
	int rc = hfsplus_tree_walk_specials(&h->volume, h->fs.io, add_to_map, h, err);

	if (rc)
		return rc;
	if (h->map->known != h->map->blocks || h->map->size < bytes)
		return error_set_at(err, WHY_CORRUPT, 0, HFSPLUS_HEADER_AT,
				    "size of the allocation file");
	return 0;
}

static int hfsplus_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct hfsplus *h = (struct hfsplus *)fs;
	uint32_t chunks = (h->volume.blocks - 1) / CHUNK_BLOCKS + 1;
	int rc = 0;

	for (uint32_t chunk = 1; rc == 0 && chunk <= chunks; chunk++) {
		uint64_t start = (uint64_t)(chunk - 1) * CHUNK_BLOCKS * h->volume.block_size;

		rc = read_chunk(h, chunk, err);
		if (rc == 0)
			rc = bitmap_walk_clear(h->bits, chunk_blocks(h, chunk), start,
					       h->volume.block_size, fn, arg);
	}
	return rc;
}

static void hfsplus_set_facts(struct hfsplus *h)
{
	const struct hfsplus_volume *v = &h->volume;

	h->fs.type = "hfsplus";
	h->fs.size = v->size;
	h->fs.unit = v->block_size;
	h->fs.free = (uint64_t)v->free_blocks * v->block_size;
	hfsplus_tree_label(&h->volume, h->fs.io, h->fs.label, sizeof h->fs.label);
}

static void hfsplus_close(struct fs *fs)
{
	struct hfsplus *h = (struct hfsplus *)fs;

	hfsplus_volume_free(&h->volume);
	free(h->bits);
	free(h);
}

static int hfsplus_open(struct io *io, struct fs **fs, struct error *err)
{
	struct hfsplus *h = calloc(1, sizeof *h);
	int rc;

	if (!h)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	h->fs.driver = &fs_hfsplus;
	h->fs.io = io;
	h->map = &h->volume.forks[HFSPLUS_ALLOCATION];
	h->bits = malloc(CHUNK);
	rc = h->bits ? 0 : error_set(err, WHY_MEMORY, ENOMEM, io->name);
	if (rc || (rc = hfsplus_volume_read(io, &h->volume, err)) || (rc = read_map(h, err)) ||
	    (rc = check_headers(h, err)) || (rc = check_specials(h, err)) ||
	    (rc = check_journal(h, err))) {
		hfsplus_close(&h->fs);
		return rc;
	}
	hfsplus_set_facts(h);
	*fs = &h->fs;
	return 0;
}

static const char *const hfsplus_types[] = { "hfsplus", NULL };

const struct fs_driver fs_hfsplus = {
	.name = "hfsplus",
	.types = hfsplus_types,
	.open = hfsplus_open,
	.walk = hfsplus_walk,
	.close = hfsplus_close,
};
