/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * F2FS on one device that is not zoned, read natively. f2fs_super.c judges the superblock,
 * f2fs_cp.c the checkpoint. The map is the segment information table (SIT): 512 bits for each
 * segment of the main area, set for blocks in use; the checkpoint tells which of two copies of a
 * block of the table holds, and has up to six entries which are newer.
 *
 * Free is what has no bit, also behind the ends of the six logs and in segments that the kernel
 * has not handed to discard yet: at a clean unmount nothing refers to them (f2fs_cp.c shows that
 * nothing was written later), and the kernel itself overwrites them unread. Blocks of the older
 * checkpoint are among them, as they are for the kernel. Never free: all before the main area (both
 * superblocks, checkpoints, tables, summaries) and what is behind it.
 *
 * Each entry's counter must be that of its bits, the sum for segments of nodes the checkpoint's
 * counter of nodes. The blocks in use may be less than the checkpoint counts, which has those
 * promised to preallocated files and compressed clusters too; only where both are equal is the
 * free total one of the filesystem's own.
 *
 * Compression, encryption and casefold are in the files and do not touch the map.
 *
 * Memory: the checkpoint (at most 2 MiB, 24 KiB at 16 TiB) and 64 KiB of the table.
 *
 * Source: Linux 6.18, include/linux/f2fs_fs.h, Documentation/filesystems/f2fs.rst, and
 * fs/f2fs/segment.c (build_sit_entries) and segment.h.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"
#include "fs/f2fs_cp.h"

/* Fields of an entry of the segment table. */
enum {
	COUNT_AND_TYPE = 0,
	VALID_BITS = 2,
};

#define MAP_SIZE (F2FS_SEGMENT / 8)
#define COUNT_BITS 10u
#define FIRST_NODE_TYPE 3u /* hot, warm and cold data, then hot, warm and cold nodes */
#define TYPES 6u
#define READ_BLOCKS 16u    /* of the table at a time */

struct f2fs {
	struct fs fs;
	struct f2fs_super super;
	struct f2fs_cp cp;

	/* Blocks of the table that were read last, at most READ_BLOCKS of one copy. */
	unsigned char *table;
	uint32_t first;
	uint32_t blocks;
};

/* An entry of the table, where it was read; its bits begin with the highest of byte 0. */
struct segment {
	const unsigned char *bits;
	unsigned count;
	unsigned type;
};

/* Which block of the device holds that block of the table. */
static uint64_t table_place(const struct f2fs *f, uint32_t block)
{
	bool second = f2fs_cp_second_copy(&f->cp, block);

	return f->super.sit_start + (second ? (uint64_t)f->super.sit_blocks : 0) + block;
}

/* Block and those behind it which are in the same copy. */
static int read_table(struct f2fs *f, uint32_t block, struct error *err)
{
	uint32_t end = (f->super.main_segments - 1) / F2FS_SIT_PER_BLOCK + 1;
	bool second = f2fs_cp_second_copy(&f->cp, block);
	uint32_t n = 1;
	int rc;

	while (n < READ_BLOCKS && n < end - block &&
	       f2fs_cp_second_copy(&f->cp, block + n) == second)
		n++;
	f->blocks = 0;
	rc = io_read(f->fs.io, table_place(f, block) * F2FS_BLOCK, f->table,
		     (size_t)n * F2FS_BLOCK);
	if (rc)
		return io_report(f->fs.io, WHY_READ, -rc, err);
	f->first = block;
	f->blocks = n;
	return 0;
}

static int corrupt(const struct f2fs *f, uint32_t segment, struct error *err)
{
	uint64_t block = table_place(f, segment / F2FS_SIT_PER_BLOCK);

	return error_set_at(err, WHY_CORRUPT, 0, block * F2FS_BLOCK +
			    segment % F2FS_SIT_PER_BLOCK * F2FS_SIT_ENTRY,
			    "entry of the segment table");
}

static int parse_segment(const struct f2fs *f, uint32_t number, const unsigned char *entry,
			 struct segment *segment, struct error *err)
{
	unsigned count_and_type = get_le16(entry + COUNT_AND_TYPE);

	segment->bits = entry + VALID_BITS;
	segment->count = count_and_type & ((1u << COUNT_BITS) - 1);
	segment->type = count_and_type >> COUNT_BITS;
	if (segment->type >= TYPES ||
	    segment->count != F2FS_SEGMENT - bitmap_count_clear(segment->bits, F2FS_SEGMENT))
		return corrupt(f, number, err);
	return 0;
}

/* *segment holds until the next one is read. */
static int read_segment(struct f2fs *f, uint32_t number, struct segment *segment,
			struct error *err)
{
	const unsigned char *entry = f2fs_cp_journaled(&f->cp, number);
	uint32_t block = number / F2FS_SIT_PER_BLOCK;
	int rc;

	if (!entry) {
		if (block < f->first || block - f->first >= f->blocks) {
			rc = read_table(f, block, err);
			if (rc)
				return rc;
		}
		entry = f->table + (size_t)(block - f->first) * F2FS_BLOCK +
			number % F2FS_SIT_PER_BLOCK * F2FS_SIT_ENTRY;
	}
	return parse_segment(f, number, entry, segment, err);
}

/* No log goes on over a block in use. */
static int check_logs(const struct f2fs *f, uint32_t number, const struct segment *segment,
		      struct error *err)
{
	for (unsigned i = 0; i < f->cp.logs; i++) {
		const struct f2fs_log *log = &f->cp.log[i];

		if (log->segment == number && segment->bits[log->block / 8] >>
					      (7 - log->block % 8) & 1)
			return corrupt(f, number, err);
	}
	return 0;
}

/* The whole table once, against the counters of the checkpoint. */
static int count_blocks(struct f2fs *f, uint64_t *used, struct error *err)
{
	uint64_t nodes = 0;
	uint64_t sum = 0;
	int rc;

	for (uint32_t i = 0; i < f->super.main_segments; i++) {
		struct segment segment;

		if ((rc = read_segment(f, i, &segment, err)) ||
		    (rc = check_logs(f, i, &segment, err)))
			return rc;
		sum += segment.count;
		if (segment.type >= FIRST_NODE_TYPE)
			nodes += segment.count;
	}
	if (nodes != f->cp.valid_nodes || sum > f->cp.valid_blocks)
		return error_set_at(err, WHY_MAP_TOTAL, 0, sum * F2FS_BLOCK, "f2fs");
	*used = sum;
	return 0;
}

static int walk_segment(const struct segment *segment, uint64_t start, extent_fn *fn, void *arg)
{
	unsigned char bits[MAP_SIZE];

	if (segment->count == F2FS_SEGMENT)
		return 0;
	if (segment->count == 0)
		return fn(arg, (struct extent){ start, F2FS_SEGMENT * F2FS_BLOCK });
	memcpy(bits, segment->bits, sizeof bits);
	bitmap_turn(bits, sizeof bits);
	return bitmap_walk_clear(bits, F2FS_SEGMENT, start, F2FS_BLOCK, fn, arg);
}

static int f2fs_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct f2fs *f = (struct f2fs *)fs;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < f->super.main_segments; i++) {
		uint64_t block = f->super.main_start + (uint64_t)i * F2FS_SEGMENT;
		struct segment segment;

		rc = read_segment(f, i, &segment, err);
		if (rc == 0)
			rc = walk_segment(&segment, block * F2FS_BLOCK, fn, arg);
	}
	return rc;
}

static int f2fs_set_facts(struct f2fs *f, struct error *err)
{
	uint64_t main = (uint64_t)f->super.main_segments * F2FS_SEGMENT;
	uint64_t used = 0;
	int rc = count_blocks(f, &used, err);

	if (rc)
		return rc;
	f->fs.type = "f2fs";
	f->fs.size = f->super.size;
	f->fs.unit = F2FS_BLOCK;
	f->fs.free = used == f->cp.valid_blocks ? (main - used) * F2FS_BLOCK : FS_FREE_UNKNOWN;
	snprintf(f->fs.label, sizeof f->fs.label, "%s", f->super.label);
	snprintf(f->fs.uuid, sizeof f->fs.uuid, "%s", f->super.uuid);
	return 0;
}

static void f2fs_close(struct fs *fs)
{
	struct f2fs *f = (struct f2fs *)fs;

	f2fs_cp_free(&f->cp);
	free(f->table);
	free(f);
}

static int f2fs_open(struct io *io, struct fs **fs, struct error *err)
{
	struct f2fs *f = calloc(1, sizeof *f);
	int rc;

	if (!f)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	f->fs.driver = &fs_f2fs;
	f->fs.io = io;
	f->table = malloc(READ_BLOCKS * F2FS_BLOCK);
	rc = f->table ? 0 : error_set(err, WHY_MEMORY, ENOMEM, io->name);
	if (rc || (rc = f2fs_super_read(io, &f->super, err)) ||
	    (rc = f2fs_cp_read(io, &f->super, &f->cp, err)) || (rc = f2fs_set_facts(f, err))) {
		f2fs_close(&f->fs);
		return rc;
	}
	*fs = &f->fs;
	return 0;
}

static const char *const f2fs_types[] = { "f2fs", NULL };

const struct fs_driver fs_f2fs = {
	.name = "f2fs",
	.types = f2fs_types,
	.open = f2fs_open,
	.walk = f2fs_walk,
	.close = f2fs_close,
};
