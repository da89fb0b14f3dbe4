/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * FAT12, FAT16 and FAT32. The map is the table (the FAT): a cluster is free where its entry is 0.
 * fat_boot.c judges the boot sector. The table is read whole before anything is handed on, and kept
 * as a bit for each cluster: both copies must be the same, the first two entries must be the media
 * byte and the marks of a clean volume, and each entry has to lead to a cluster in use, be an end,
 * or bad. Bad and reserved ones are in use.
 *
 * The count of free clusters that FAT32 keeps (FSInfo) is a hint which firmware and cameras leave
 * behind, so there is no total to compare with. Of FAT12 nothing tells whether it was unmounted.
 *
 * Refused: a dirty or faulty volume, tables that differ, an entry that leads nowhere, and what the
 * boot sector is refused for.
 *
 * Memory: a bit for each cluster (at most 32 MiB, 2 MiB for a FAT32 of 512 GiB with clusters of
 * 32 KiB), and 192 KiB.
 *
 * Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"
#include "fs/fat_boot.h"

#define PIECE 98304u /* bytes of a table at a time: whole entries of 12 bits, and whole sectors */

/* Of entry 1; clear when it is so. */
#define CLEAN_16 0x8000u
#define NO_ERRORS_16 0x4000u
#define CLEAN_32 0x08000000u
#define NO_ERRORS_32 0x04000000u

struct fat {
	struct fs fs;
	struct fat_boot boot;
	unsigned char *used;   /* a bit for each cluster, the first is cluster 2 */
	unsigned char *piece;  /* of the table */
	unsigned char *copy;   /* the same of the second one */
};

static int corrupt(const struct fat *f, uint32_t entry, const char *what, struct error *err)
{
	uint64_t at = f->boot.table + (uint64_t)entry * f->boot.bits / 8;

	return error_set_at(err, WHY_CORRUPT, 0, at, what);
}

/* The entry that many behind the start of piece. */
static uint32_t entry_at(const struct fat *f, uint32_t i)
{
	const unsigned char *p = f->piece + (uint64_t)i * f->boot.bits / 8;

	if (f->boot.bits == 32)
		return get_le32(p) & 0x0fffffff;
	if (f->boot.bits == 16)
		return get_le16(p);
	return i % 2 ? get_le16(p) >> 4 : get_le16(p) & 0xfffu;
}

/* The lowest of those that are no cluster: reserved, bad, end. */
static uint32_t lowest_mark(const struct fat *f)
{
	return f->boot.bits == 32 ? 0x0ffffff0 : f->boot.bits == 16 ? 0xfff0 : 0xff0;
}

static int read_at(struct fat *f, uint64_t at, unsigned char *buf, size_t len, struct error *err)
{
	int rc = io_read(f->fs.io, at, buf, len);

	return rc ? io_report(f->fs.io, WHY_READ, -rc, err) : 0;
}

/* The piece of the table from that byte; *entries are those which begin in it. */
static int read_piece(struct fat *f, uint64_t from, uint32_t *entries, struct error *err)
{
	uint64_t whole = ((uint64_t)f->boot.clusters + FAT_FIRST) * f->boot.bits;
	uint64_t len = (whole + 7) / 8 - from;
	int rc;

	if (len > PIECE)
		len = PIECE;
	*entries = (uint32_t)(len * 8 / f->boot.bits);
	/* The last entry of 12 bits is read as 16. */
	f->piece[len] = 0;
	rc = read_at(f, f->boot.table + from, f->piece, (size_t)len, err);
	if (rc || f->boot.tables < 2)
		return rc;
	rc = read_at(f, f->boot.table + f->boot.table_size + from, f->copy, (size_t)len, err);
	if (rc == 0 && memcmp(f->piece, f->copy, (size_t)len) != 0)
		return error_set_at(err, WHY_CORRUPT, 0, f->boot.table + from,
				    "the two tables differ");
	return rc;
}

/* Entries 0 and 1. */
static int check_marks(const struct fat *f, struct error *err)
{
	uint32_t media = entry_at(f, 0) & 0xff;
	uint32_t state = entry_at(f, 1);

	if (media != f->boot.media)
		return corrupt(f, 0, "first entry of the table", err);
	if (f->boot.bits == 12)
		return 0;
	if (!(state & (f->boot.bits == 32 ? CLEAN_32 : CLEAN_16)))
		return error_set(err, WHY_DIRTY, 0, "vfat");
	if (!(state & (f->boot.bits == 32 ? NO_ERRORS_32 : NO_ERRORS_16)))
		return error_set(err, WHY_ERRORS, 0, "vfat");
	return 0;
}

/* Calls fn with the number of each cluster and its entry. */
static int each_entry(struct fat *f, int (*fn)(struct fat *, uint32_t, uint32_t, struct error *),
		      struct error *err)
{
	uint32_t end = f->boot.clusters + FAT_FIRST;
	uint32_t first = 0;
	int rc = 0;

	while (rc == 0 && first < end) {
		uint32_t n;

		rc = read_piece(f, (uint64_t)first * f->boot.bits / 8, &n, err);
		if (rc == 0 && first == 0)
			rc = check_marks(f, err);
		for (uint32_t i = first ? 0 : FAT_FIRST; rc == 0 && i < n && first + i < end; i++)
			rc = fn(f, first + i, entry_at(f, i), err);
		first += n;
	}
	return rc;
}

static int note_used(struct fat *f, uint32_t cluster, uint32_t entry, struct error *err)
{
	uint32_t bit = cluster - FAT_FIRST;

	(void)err;
	if (entry != 0)
		f->used[bit / 8] |= (unsigned char)(1u << bit % 8);
	return 0;
}

static bool is_used(const struct fat *f, uint32_t cluster)
{
	uint32_t bit = cluster - FAT_FIRST;

	return f->used[bit / 8] >> bit % 8 & 1;
}

static int check_next(struct fat *f, uint32_t cluster, uint32_t entry, struct error *err)
{
	if (entry == 0 || entry >= lowest_mark(f))
		return 0;
	if (entry < FAT_FIRST || entry - FAT_FIRST >= f->boot.clusters)
		return corrupt(f, cluster, "entry of the table", err);
	return is_used(f, entry) ? 0 : corrupt(f, cluster, "a file that leads to free space", err);
}

static int read_table(struct fat *f, struct error *err)
{
	int rc = each_entry(f, note_used, err);

	if (rc == 0)
		rc = each_entry(f, check_next, err);
	if (rc == 0 && f->boot.bits == 32 && !is_used(f, f->boot.root))
		rc = corrupt(f, f->boot.root, "root directory", err);
	return rc;
}

static void set_facts(struct fat *f)
{
	f->fs.type = "vfat";
	f->fs.size = f->boot.size;
	/* Clusters need not lie at multiples of their size. */
	f->fs.unit = f->boot.data % f->boot.cluster ? f->boot.sector : f->boot.cluster;
	f->fs.free = FS_FREE_UNKNOWN;
	snprintf(f->fs.label, sizeof(f->fs.label), "%s", f->boot.label);
	snprintf(f->fs.uuid, sizeof(f->fs.uuid), "%s", f->boot.serial);
}

static int fat_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct fat *f = (struct fat *)fs;

	(void)err;
	return bitmap_walk_clear(f->used, f->boot.clusters, f->boot.data, f->boot.cluster, fn, arg);
}

static void fat_close(struct fs *fs)
{
	struct fat *f = (struct fat *)fs;

	free(f->used);
	free(f->piece);
	free(f->copy);
	free(f);
}

static int read_boot(struct fat *f, struct error *err)
{
	unsigned char boot[FAT_BOOT_SIZE];
	int rc;

	if (f->fs.io->size < sizeof(boot))
		return error_set_at(err, WHY_OUTSIDE, 0, sizeof(boot), "vfat");
	rc = read_at(f, 0, boot, sizeof(boot), err);
	return rc ? rc : fat_boot_parse(boot, f->fs.io->size, &f->boot, err);
}

static int fat_open(struct io *io, struct fs **fs, struct error *err)
{
	struct fat *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	f->fs.driver = &fs_fat;
	f->fs.io = io;
	rc = read_boot(f, err);
	if (rc)
		goto out;
	f->used = calloc((f->boot.clusters + 7u) / 8, 1);
	f->piece = malloc(PIECE + 1);
	f->copy = malloc(PIECE);
	if (!f->used || !f->piece || !f->copy) {
		rc = error_set(err, WHY_MEMORY, ENOMEM, io->name);
		goto out;
	}
	rc = read_table(f, err);
	if (rc)
		goto out;
	set_facts(f);
	*fs = &f->fs;
	return 0;
out:
	fat_close(&f->fs);
	return rc;
}

static const char *const fat_types[] = { "vfat", NULL };

const struct fs_driver fs_fat = {
	.name = "fat",
	.types = fat_types,
	.open = fat_open,
	.walk = fat_walk,
	.close = fat_close,
};
