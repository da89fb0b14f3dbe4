/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * ext2, ext3 and ext4. ext_super.c judges the superblock; libext2fs, over an io_manager of our
 * own, then reads the group descriptors, whose checksums and places are checked here before any is
 * used; block bitmaps are read one group at a time. Refused besides what ext_super.c refuses: a
 * journal that holds something though nobody flagged it, a filesystem in use elsewhere (MMP),
 * wrong checksums, bitmaps that contradict the group's counter or call metadata free.
 *
 * Never free, whatever a bitmap says: superblocks and descriptors with their copies and reserve,
 * bitmaps and inode tables of every group, wherever they lie.
 *
 * Memory: per group its descriptor (32 or 64 bytes) and 16 bytes of where its metadata lies (a
 * whole flex group has about as much; at most 48): 10 MiB at 16 TiB of 4 KiB blocks, 46 MiB at
 * 4 TiB of 1 KiB blocks.
 *
 * Source: Linux, Documentation/filesystems/ext4; the journal's fields, journal.rst there.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"
#include "fs/ext_super.h"

#define MMP_MAGIC 0x004d4d50u
#define MMP_CLEAN 0xff4d4d50u
#define MMP_NODE 0x10 /* name of the host, 64 bytes */

#define JOURNAL_MAGIC 0xc03b3998u
#define JOURNAL_START 0x1c
#define JOURNAL_ERRNO 0x20

struct ext {
	struct fs fs;
	struct ext_super super;
	ext2_filsys lib;
	struct run_list metadata; /* bitmaps and inode tables, in blocks */
	unsigned char *block;     /* one block */
};

/* libext2fs sees the io as a channel that can only read. */

static errcode_t channel_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t channel_set_block_size(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

/* A negative count is one of bytes. What lies outside never becomes a failure of the io: it is
   the filesystem that is wrong. */
static errcode_t channel_read64(io_channel channel, unsigned long long block, int count, void *data)
{
	struct io *io = channel->private_data;
	uint64_t unit = (unsigned)channel->block_size;
	uint64_t len = count < 0 ? (uint64_t)-(int64_t)count : (uint64_t)count * unit;

	if (block > io->size / unit || len > io->size - block * unit)
		return EXT2_ET_SHORT_READ;
	return -io_read(io, block * unit, data, len);
}

static errcode_t channel_read(io_channel channel, unsigned long block, int count, void *data)
{
	return channel_read64(channel, block, count, data);
}

static errcode_t channel_write64(io_channel channel, unsigned long long block, int count,
				 const void *data)
{
	(void)channel, (void)block, (void)count, (void)data;
	return EROFS;
}

static errcode_t channel_write(io_channel channel, unsigned long block, int count, const void *data)
{
	return channel_write64(channel, block, count, data);
}

static errcode_t channel_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

static errcode_t channel_open(const char *name, int flags, io_channel *channel);

static const struct struct_io_manager ext_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "achica",
	.open = channel_open,
	.close = channel_close,
	.set_blksize = channel_set_block_size,
	.read_blk = channel_read,
	.write_blk = channel_write,
	.flush = channel_flush,
	.read_blk64 = channel_read64,
	.write_blk64 = channel_write64,
};

/* A manager is told no more than a name: the address of the io, as unixfd is told a number. */
static errcode_t channel_open(const char *name, int flags, io_channel *channel)
{
	io_channel c;

	if (flags & IO_FLAG_RW)
		return EROFS;
	c = calloc(1, sizeof *c);
	if (!c || !(c->name = strdup(name))) {
		free(c);
		return EXT2_ET_NO_MEMORY;
	}
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = (io_manager)&ext_manager;
	c->block_size = EXT_SUPER_SIZE;
	c->refcount = 1;
	c->private_data = (void *)(uintptr_t)strtoumax(name, NULL, 16);
	*channel = c;
	return 0;
}

static int ext_corrupt(struct error *err, uint64_t at, const char *what, uint64_t group)
{
	char text[64];

	snprintf(text, sizeof text, "%s of group %" PRIu64, what, group);
	return error_set_at(err, WHY_CORRUPT, 0, at, text);
}

/* What the library's error means: a failed read first, which it does not tell. */
static int ext_error(const struct io *io, errcode_t code, const char *what, struct error *err)
{
	if (io->failure.errnum)
		return io_report(io, WHY_READ, io->failure.errnum, err);
	if (code == EXT2_ET_NO_MEMORY || code == ENOMEM)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	if (code == EXT2_ET_SB_CSUM_INVALID)
		return error_set_at(err, WHY_CORRUPT, 0, EXT_SUPER_AT, "superblock checksum");
	return error_set_at(err, WHY_CORRUPT, 0, EXT_SUPER_AT, what);
}

static int ext_read(struct ext *x, uint64_t block, struct error *err)
{
	struct io *io = x->fs.io;
	uint32_t size = x->super.block_size;
	int rc = io_read(io, block * size, x->block, size);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

static int ext_open_library(struct ext *x, struct error *err)
{
	char name[24];
	errcode_t code;

	snprintf(name, sizeof name, "%" PRIxPTR, (uintptr_t)x->fs.io);
	code = ext2fs_open2(name, NULL, EXT2_FLAG_64BITS, 0, 0, (io_manager)&ext_manager, &x->lib);
	if (code) {
		x->lib = NULL;
		return ext_error(x->fs.io, code, "group descriptors", err);
	}
	if (x->lib->group_desc_count != x->super.groups ||
	    x->lib->blocksize != x->super.block_size)
		return error_set_at(err, WHY_CORRUPT, 0, EXT_SUPER_AT, "superblock");
	return 0;
}

/* Adds a table of count blocks, which must lie in the filesystem and, without flex_bg, in its
   group. */
static int ext_add_table(struct ext *x, dgrp_t group, struct run run, struct error *err)
{
	const struct ext_super *s = &x->super;
	bool flex = ext2fs_has_feature_flex_bg(x->lib->super);
	uint64_t low = flex ? s->first_block : ext2fs_group_first_block2(x->lib, group);
	uint64_t high = flex ? s->blocks : ext2fs_group_last_block2(x->lib, group) + 1;

	if (run.first <= s->first_block || run.first < low || run.first >= high ||
	    run.count > high - run.first)
		return ext_corrupt(err, ERROR_NOWHERE, "descriptor", group);
	if (run_list_add(&x->metadata, run))
		return error_set(err, WHY_MEMORY, ENOMEM, x->fs.io->name);
	return 0;
}

/* Block bitmap, inode bitmap and inode table of a group. */
#define TABLES 3u

static struct run ext_table(const struct ext *x, dgrp_t group, unsigned table)
{
	ext2_filsys lib = x->lib;

	if (table == 0)
		return (struct run){ ext2fs_block_bitmap_loc(lib, group), 1 };
	if (table == 1)
		return (struct run){ ext2fs_inode_bitmap_loc(lib, group), 1 };
	return (struct run){ ext2fs_inode_table_loc(lib, group), lib->inode_blocks_per_group };
}

/* The tables [from, end) of all groups. */
static int ext_add_tables(struct ext *x, unsigned from, unsigned end, struct error *err)
{
	int rc = 0;

	for (dgrp_t g = 0; g < x->lib->group_desc_count; g++) {
		for (unsigned t = from; rc == 0 && t < end; t++)
			rc = ext_add_table(x, g, ext_table(x, g, t), err);
	}
	return rc;
}

/* In the order in which they lie in a row, so that they join: those of one kind for a flex group,
   those of one group without. */
static int ext_find_metadata(struct ext *x, struct error *err)
{
	unsigned step = ext2fs_has_feature_flex_bg(x->lib->super) ? 1 : TABLES;
	int rc = 0;

	for (unsigned t = 0; rc == 0 && t < TABLES; t += step)
		rc = ext_add_tables(x, t, t + step, err);
	if (rc == 0 && !run_list_sort(&x->metadata))
		rc = error_set(err, WHY_CORRUPT, 0, "group descriptors");
	return rc;
}

static int ext_check_checksums(struct ext *x, struct error *err)
{
	for (dgrp_t g = 0; g < x->lib->group_desc_count; g++) {
		if (!ext2fs_group_desc_csum_verify(x->lib, g))
			return ext_corrupt(err, ERROR_NOWHERE, "descriptor checksum", g);
	}
	return 0;
}

/* Whoever has the filesystem open keeps counting in the MMP block. */
static int ext_check_mmp(struct ext *x, struct error *err)
{
	char node[64];
	int rc;

	if (x->super.mmp_block == 0)
		return 0;
	rc = ext_read(x, x->super.mmp_block, err);
	if (rc)
		return rc;
	if (get_le32(x->block) != MMP_MAGIC)
		return error_set_at(err, WHY_CORRUPT, 0, x->super.mmp_block * x->super.block_size,
				    "MMP block");
	if (get_le32(x->block + 4) == MMP_CLEAN)
		return 0;
	rc = error_set(err, WHY_BUSY, 0, x->fs.io->name);
	snprintf(node, sizeof node, "%.63s", (const char *)x->block + MMP_NODE);
	error_set_who(err, 0, node);
	return rc;
}

/* The journal's own superblock: the flag may have been cleared by hand, or an error be noted that
   nobody has carried over yet. */
static int ext_check_journal(struct ext *x, struct error *err)
{
	blk64_t block = 0;
	errcode_t code;
	int rc;

	if (x->super.journal_inode == 0)
		return 0;
	code = ext2fs_bmap2(x->lib, x->super.journal_inode, NULL, NULL, 0, 0, NULL, &block);
	if (code)
		return ext_error(x->fs.io, code, "journal inode", err);
	if (block <= x->super.first_block || block >= x->super.blocks)
		return error_set(err, WHY_CORRUPT, 0, "journal inode");
	rc = ext_read(x, block, err);
	if (rc)
		return rc;
	if (get_be32(x->block) != JOURNAL_MAGIC)
		return error_set_at(err, WHY_CORRUPT, 0, block * x->super.block_size, "journal");
	if (get_be32(x->block + JOURNAL_START) != 0)
		return error_set(err, WHY_JOURNAL, 0, x->fs.type);
	if (get_be32(x->block + JOURNAL_ERRNO) != 0)
		return error_set(err, WHY_ERRORS, 0, x->fs.type);
	return 0;
}

static int ext_read_super(struct ext *x, struct error *err)
{
	unsigned char sb[EXT_SUPER_SIZE];
	struct io *io = x->fs.io;
	int rc;

	if (io->size < EXT_SUPER_AT + EXT_SUPER_SIZE)
		return error_set_at(err, WHY_OUTSIDE, 0, EXT_SUPER_AT + EXT_SUPER_SIZE, "ext2");
	rc = io_read(io, EXT_SUPER_AT, sb, sizeof sb);
	if (rc)
		return io_report(io, WHY_READ, -rc, err);
	rc = ext_super_parse(sb, io->size, &x->super, err);
	if (rc)
		return rc;
	x->block = malloc(x->super.block_size);
	return x->block ? 0 : error_set(err, WHY_MEMORY, ENOMEM, io->name);
}

static void ext_set_facts(struct ext *x)
{
	const struct ext_super *s = &x->super;

	x->fs.type = s->type;
	x->fs.size = s->blocks * s->block_size;
	x->fs.unit = s->cluster_blocks * s->block_size;
	x->fs.free = s->free_blocks * s->block_size;
	snprintf(x->fs.label, sizeof x->fs.label, "%s", s->label);
	snprintf(x->fs.uuid, sizeof x->fs.uuid, "%s", s->uuid);
}

static void ext_close(struct fs *fs)
{
	struct ext *x = (struct ext *)fs;

	if (x->lib)
		ext2fs_free(x->lib);
	run_list_free(&x->metadata);
	free(x->block);
	free(x);
}

static int ext_open(struct io *io, struct fs **fs, struct error *err)
{
	struct ext *x = calloc(1, sizeof *x);
	int rc;

	if (!x)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	x->fs.driver = &fs_ext;
	x->fs.io = io;
	if ((rc = ext_read_super(x, err)))
		goto out;
	ext_set_facts(x);
	if ((rc = ext_open_library(x, err)) || (rc = ext_check_mmp(x, err)) ||
	    (rc = ext_check_checksums(x, err)) || (rc = ext_find_metadata(x, err)) ||
	    (rc = ext_check_journal(x, err)))
		goto out;
	*fs = &x->fs;
	return 0;
out:
	ext_close(&x->fs);
	return rc;
}

/* A group while it is walked, in clusters (blocks without bigalloc) from its first block. */
struct group {
	struct ext *x;
	dgrp_t number;
	uint64_t first;    /* block */
	uint64_t blocks;
	uint64_t clusters;
	uint64_t at;       /* byte of its block bitmap */
	bool made;         /* its bitmap was never written: it is made here */
	struct error *err;
};

/* Blocks from run that lie in the group are in use: noted in a bitmap made here, checked in one
   that was read. */
static int group_use(struct group *g, struct run run)
{
	uint32_t per = g->x->super.cluster_blocks;
	uint64_t end = run.first + run.count;
	uint64_t from;

	if (run.first < g->first)
		run.first = g->first;
	if (end > g->first + g->blocks)
		end = g->first + g->blocks;
	if (run.first >= end)
		return 0;
	from = (run.first - g->first) / per;
	end = (end - g->first + per - 1) / per;
	if (g->made)
		bitmap_set(g->x->block, from, end);
	else if (bitmap_next(g->x->block, from, end, false) != end)
		return ext_corrupt(g->err, g->at, "block bitmap", g->number);
	return 0;
}

/* The copies of superblock and descriptors, with what is reserved for more descriptors. */
static int group_use_copies(struct group *g)
{
	struct ext2_super_block *sb = g->x->lib->super;
	bool meta_bg = ext2fs_has_feature_meta_bg(sb);
	blk64_t super = 0, old_desc = 0, new_desc = 0;
	blk_t used;
	uint64_t n;
	int rc;

	ext2fs_super_and_bgd_loc2(g->x->lib, g->number, &super, &old_desc, &new_desc, &used);
	n = meta_bg ? sb->s_first_meta_bg : g->x->lib->desc_blocks + sb->s_reserved_gdt_blocks;
	rc = group_use(g, (struct run){ super, super || g->number == 0 });
	if (rc == 0 && old_desc)
		rc = group_use(g, (struct run){ old_desc, n });
	if (rc == 0 && new_desc)
		rc = group_use(g, (struct run){ new_desc, 1 });
	return rc;
}

static int group_use_metadata(struct group *g)
{
	const struct run_list *list = &g->x->metadata;
	int rc = group_use_copies(g);

	for (size_t i = run_list_find(list, g->first);
	     rc == 0 && i < list->n && list->runs[i].first < g->first + g->blocks; i++)
		rc = group_use(g, list->runs[i]);
	return rc;
}

static int group_read_bitmap(struct group *g)
{
	struct ext *x = g->x;
	int rc;

	if (g->made) {
		memset(x->block, 0, x->super.block_size);
		return 0;
	}
	rc = ext_read(x, g->at / x->super.block_size, g->err);
	if (rc)
		return rc;
	if (!ext2fs_block_bitmap_csum_verify(x->lib, g->number, (char *)x->block,
					     (int)(x->super.clusters_per_group / 8)))
		return ext_corrupt(g->err, g->at, "block bitmap checksum", g->number);
	return 0;
}

static struct group group_of(struct ext *x, dgrp_t number, struct error *err)
{
	uint32_t per = x->super.cluster_blocks;
	uint64_t blocks = (uint64_t)x->super.clusters_per_group * per;
	uint64_t first = x->super.first_block + number * blocks;

	if (blocks > x->super.blocks - first)
		blocks = x->super.blocks - first;
	return (struct group){
		.x = x,
		.number = number,
		.first = first,
		.blocks = blocks,
		.clusters = (blocks + per - 1) / per,
		.at = ext2fs_block_bitmap_loc(x->lib, number) * x->super.block_size,
		.made = ext2fs_has_group_desc_csum(x->lib) &&
			ext2fs_bg_flags_test(x->lib, number, EXT2_BG_BLOCK_UNINIT),
		.err = err,
	};
}

static int ext_walk_group(struct ext *x, dgrp_t number, extent_fn *fn, void *arg,
			  struct error *err)
{
	struct group g = group_of(x, number, err);
	int rc;

	if ((rc = group_read_bitmap(&g)) || (rc = group_use_metadata(&g)))
		return rc;
	if (bitmap_count_clear(x->block, g.clusters) !=
	    ext2fs_bg_free_blocks_count(x->lib, number))
		return ext_corrupt(err, g.at, "free block count", number);
	return bitmap_walk_clear(x->block, g.clusters, g.first * x->super.block_size, x->fs.unit,
				 fn, arg);
}

static int ext_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct ext *x = (struct ext *)fs;
	int rc = 0;

	for (dgrp_t g = 0; rc == 0 && g < x->lib->group_desc_count; g++)
		rc = ext_walk_group(x, g, fn, arg, err);
	return rc;
}

static const char *const ext_types[] = { "ext2", "ext3", "ext4", "ext4dev", NULL };

const struct fs_driver fs_ext = {
	.name = "ext",
	.types = ext_types,
	.open = ext_open,
	.walk = ext_walk,
	.close = ext_close,
};
