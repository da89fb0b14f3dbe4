/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * exFAT. The map is the allocation bitmap, a bit for each cluster, set for those in use; an entry
 * of the root directory says where it is. exfat_boot.c judges the boot region. The FAT tells the
 * clusters of the root directory and of the bitmap; of other files it may tell nothing, or what
 * was true before they were deleted. But a cluster that it marks bad is never free, and the
 * clusters of the root directory, the bitmap and the up-case table must be in use.
 *
 * exFAT keeps no exact count of free clusters, so there is no total to compare with.
 *
 * Refused: a dirty volume, one with media failures, TexFAT, chains that leave the volume, lead back
 * or end early, a root directory without the bitmap or with two, a bitmap that calls itself free.
 *
 * Memory: 64 KiB of the bitmap, 16 bytes for each run of the bitmap's and the directory's clusters
 * and of bad ones, of which there may be a million.
 *
 * Source: Microsoft, "exFAT file system specification", sections 4 to 7.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/bitmap.h"
#include "fs/drivers.h"
#include "fs/exfat_boot.h"
#include "fs/utf16.h"

#define CHUNK 65536u           /* bytes of the bitmap, or of the FAT, at a time */
#define ENTRY_SIZE 32u         /* of a directory */
#define MOST_ROOT (8192u * 1024u) /* bytes of a directory: 256 MiB are allowed, nobody has them */
#define MOST_BAD 1000000u      /* runs */

#define ENTRY_BITMAP 0x81u
#define ENTRY_UPCASE 0x82u
#define ENTRY_LABEL 0x83u
#define ENTRY_FLAGS 1u
#define ENTRY_FIRST 20u        /* cluster */
#define ENTRY_LENGTH 24u       /* bytes */

#define BAD 0xfffffff7u
#define END 0xffffffffu

/* A file by its clusters, counted from 0 for cluster 2. */
struct chain {
	struct run_list runs;
	uint64_t clusters;
};

struct exfat {
	struct fs fs;
	struct exfat_boot boot;
	struct chain bitmap;
	struct run_list used;      /* sorted: bad clusters */
	struct run_list own;       /* sorted: what the bitmap must have */
	unsigned char *chunk;
};

static int corrupt(uint64_t at, const char *what, struct error *err)
{
	return error_set_at(err, WHY_CORRUPT, 0, at, what);
}

static int no_memory(const struct exfat *x, struct error *err)
{
	return error_set(err, WHY_MEMORY, ENOMEM, x->fs.io->name);
}

static int read_at(struct exfat *x, uint64_t at, void *buf, size_t len, struct error *err)
{
	int rc = io_read(x->fs.io, at, buf, len);

	return rc ? io_report(x->fs.io, WHY_READ, -rc, err) : 0;
}

static uint64_t cluster_place(const struct exfat *x, uint64_t bit)
{
	return x->boot.heap + bit * x->boot.cluster;
}

static uint64_t entry_place(const struct exfat *x, uint32_t cluster)
{
	return x->boot.table + (uint64_t)cluster * 4;
}

static bool is_cluster(const struct exfat *x, uint32_t number)
{
	return number >= EXFAT_FIRST && number - EXFAT_FIRST < x->boot.clusters;
}

/* The clusters from first on, one at least, and at most that many: a chain which leads back is
   longer. */
static int read_chain(struct exfat *x, uint32_t first, uint64_t most, struct chain *chain,
		      struct error *err)
{
	uint32_t cluster = first;

	do {
		unsigned char entry[4];
		int rc;

		if (!is_cluster(x, cluster) || chain->clusters == most)
			return corrupt(entry_place(x, first), "chain of clusters", err);
		if (run_list_add(&chain->runs, (struct run){ cluster - EXFAT_FIRST, 1 }))
			return no_memory(x, err);
		chain->clusters++;
		rc = read_at(x, entry_place(x, cluster), entry, sizeof(entry), err);
		if (rc)
			return rc;
		cluster = get_le32(entry);
	} while (cluster != END);
	return 0;
}

/* What the root directory names, and the whole of its clusters, must be in use. */
static int own_chain(struct exfat *x, const struct chain *chain, struct error *err)
{
	for (size_t i = 0; i < chain->runs.n; i++) {
		if (run_list_add(&x->own, chain->runs.runs[i]))
			return no_memory(x, err);
	}
	return 0;
}

static uint64_t clusters_of(const struct exfat *x, uint64_t bytes)
{
	return bytes / x->boot.cluster + (bytes % x->boot.cluster != 0);
}

static int find_bitmap(struct exfat *x, const unsigned char *entry, struct error *err)
{
	uint64_t length = get_le64(entry + ENTRY_LENGTH);
	uint64_t needed = ((uint64_t)x->boot.clusters + 7) / 8;
	int rc;

	if (x->bitmap.clusters != 0 || (entry[ENTRY_FLAGS] & 1))
		return corrupt(cluster_place(x, x->boot.root - EXFAT_FIRST), "second bitmap", err);
	if (length != needed)
		return corrupt(cluster_place(x, x->boot.root - EXFAT_FIRST), "size of the bitmap",
			       err);
	rc = read_chain(x, get_le32(entry + ENTRY_FIRST), clusters_of(x, needed), &x->bitmap, err);
	if (rc)
		return rc;
	if (x->bitmap.clusters < clusters_of(x, needed))
		return corrupt(cluster_place(x, x->bitmap.runs.runs[0].first), "end of the bitmap",
			       err);
	return own_chain(x, &x->bitmap, err);
}

static int find_upcase(struct exfat *x, const unsigned char *entry, struct error *err)
{
	uint64_t clusters = clusters_of(x, get_le64(entry + ENTRY_LENGTH));
	struct chain chain = { 0 };
	int rc;

	if (clusters == 0 || clusters > x->boot.clusters)
		return corrupt(cluster_place(x, x->boot.root - EXFAT_FIRST), "up-case table", err);
	rc = read_chain(x, get_le32(entry + ENTRY_FIRST), clusters, &chain, err);
	if (rc == 0)
		rc = own_chain(x, &chain, err);
	run_list_free(&chain.runs);
	return rc;
}

/* 1 at the end of the directory. */
static int read_entry(struct exfat *x, const unsigned char *entry, struct error *err)
{
	size_t units = entry[ENTRY_FLAGS] < 11 ? entry[ENTRY_FLAGS] : 11;

	switch (entry[0]) {
	case 0:
		return 1;
	case ENTRY_BITMAP:
		return find_bitmap(x, entry, err);
	case ENTRY_UPCASE:
		return find_upcase(x, entry, err);
	case ENTRY_LABEL:
		utf16_text(x->fs.label, sizeof(x->fs.label), entry + 2, units, false);
		return 0;
	default:
		return 0;
	}
}

static int read_cluster(struct exfat *x, uint64_t bit, struct error *err)
{
	uint32_t size = x->boot.cluster < CHUNK ? x->boot.cluster : CHUNK;
	int rc = 0;

	for (uint32_t at = 0; rc == 0 && at < x->boot.cluster; at += size) {
		rc = read_at(x, cluster_place(x, bit) + at, x->chunk, size, err);
		for (uint32_t i = 0; rc == 0 && i < size; i += ENTRY_SIZE)
			rc = read_entry(x, x->chunk + i, err);
	}
	return rc;
}

static int read_root(struct exfat *x, struct error *err)
{
	uint64_t most = clusters_of(x, MOST_ROOT);
	struct chain root = { 0 };
	int rc = read_chain(x, x->boot.root, most < x->boot.clusters ? most : x->boot.clusters,
			    &root, err);

	if (rc == 0)
		rc = own_chain(x, &root, err);
	for (size_t i = 0; rc == 0 && i < root.runs.n; i++) {
		struct run run = root.runs.runs[i];

		for (uint64_t n = 0; rc == 0 && n < run.count; n++)
			rc = read_cluster(x, run.first + n, err);
	}
	run_list_free(&root.runs);
	if (rc < 0)
		return rc;
	if (x->bitmap.clusters == 0)
		return corrupt(cluster_place(x, x->boot.root - EXFAT_FIRST), "no bitmap", err);
	return 0;
}

/* Bad clusters in a part of the FAT that is no hole. */
static int find_bad(void *arg, struct extent e)
{
	struct exfat *x = arg;
	uint64_t at = e.start - (e.start - x->boot.table) % 4;

	while (at < extent_end(e)) {
		uint64_t left = x->boot.table + ((uint64_t)x->boot.clusters + EXFAT_FIRST) * 4 - at;
		size_t len = left < CHUNK ? (size_t)left : CHUNK;
		int rc = read_at(x, at, x->chunk, len, NULL);

		if (rc)
			return rc;
		for (size_t i = 0; i < len; i += 4) {
			uint64_t number = (at + i - x->boot.table) / 4;

			if (get_le32(x->chunk + i) != BAD || number < EXFAT_FIRST)
				continue;
			if (x->used.n > MOST_BAD ||
			    run_list_add(&x->used, (struct run){ number - EXFAT_FIRST, 1 }))
				return -ENOMEM;
		}
		at += len;
	}
	return 0;
}

static int read_bad(struct exfat *x, struct error *err)
{
	uint64_t len = ((uint64_t)x->boot.clusters + EXFAT_FIRST) * 4;
	int rc = io_walk_data(x->fs.io, (struct extent){ x->boot.table, len }, find_bad, x);

	if (rc == -ENOMEM)
		return no_memory(x, err);
	if (rc)
		return io_report(x->fs.io, WHY_READ, -rc, err);
	/* Parts that touch may have been read twice. */
	run_list_sort(&x->used);
	return 0;
}

/* len bytes of the bitmap from that byte on, into x->chunk. */
static int read_bitmap(struct exfat *x, uint64_t from, size_t len, struct error *err)
{
	const struct run_list *runs = &x->bitmap.runs;
	size_t done = 0;

	for (size_t i = 0; i < runs->n && done < len; i++) {
		uint64_t size = runs->runs[i].count * x->boot.cluster;
		size_t part = len - done;
		int rc;

		if (from >= size) {
			from -= size;
			continue;
		}
		if (part > size - from)
			part = (size_t)(size - from);
		rc = read_at(x, cluster_place(x, runs->runs[i].first) + from, x->chunk + done, part,
			     err);
		if (rc)
			return rc;
		done += part;
		from = 0;
	}
	return 0;
}

/* What of run is in the n bits from first on, as bits from there; false for nothing. */
static bool clip(struct run run, uint64_t first, uint64_t n, struct run *part)
{
	uint64_t start = run.first > first ? run.first : first;
	uint64_t end = run.first + run.count < first + n ? run.first + run.count : first + n;

	if (start >= end)
		return false;
	*part = (struct run){ start - first, end - start };
	return true;
}

/* Of the n bits in x->chunk, which are those from first on. */
static int check_chunk(struct exfat *x, uint64_t first, uint64_t n, struct error *err)
{
	struct run part;

	for (size_t i = run_list_find(&x->own, first); i < x->own.n; i++) {
		if (!clip(x->own.runs[i], first, n, &part))
			break;
		if (bitmap_next(x->chunk, part.first, part.first + part.count, false) <
		    part.first + part.count)
			return corrupt(cluster_place(x, first + part.first),
				       "metadata in the free space", err);
	}
	for (size_t i = run_list_find(&x->used, first); i < x->used.n; i++) {
		if (!clip(x->used.runs[i], first, n, &part))
			break;
		bitmap_set(x->chunk, part.first, part.first + part.count);
	}
	return 0;
}

static int exfat_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct exfat *x = (struct exfat *)fs;
	uint64_t first = 0;
	int rc = 0;

	while (rc == 0 && first < x->boot.clusters) {
		uint64_t n = x->boot.clusters - first;

		if (n > CHUNK * UINT64_C(8))
			n = CHUNK * UINT64_C(8);
		if ((rc = read_bitmap(x, first / 8, (size_t)((n + 7) / 8), err)) ||
		    (rc = check_chunk(x, first, n, err)))
			return rc;
		rc = bitmap_walk_clear(x->chunk, n, cluster_place(x, first), x->boot.cluster, fn,
				       arg);
		first += n;
	}
	return rc;
}

static void set_facts(struct exfat *x)
{
	x->fs.type = "exfat";
	x->fs.size = x->boot.size;
	/* Clusters need not lie at multiples of their size. */
	x->fs.unit = x->boot.heap % x->boot.cluster ? x->boot.sector : x->boot.cluster;
	x->fs.free = FS_FREE_UNKNOWN;
	snprintf(x->fs.uuid, sizeof(x->fs.uuid), "%s", x->boot.serial);
}

static void exfat_close(struct fs *fs)
{
	struct exfat *x = (struct exfat *)fs;

	run_list_free(&x->bitmap.runs);
	run_list_free(&x->used);
	run_list_free(&x->own);
	free(x->chunk);
	free(x);
}

static int exfat_open(struct io *io, struct fs **fs, struct error *err)
{
	struct exfat *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	x->fs.driver = &fs_exfat;
	x->fs.io = io;
	x->chunk = malloc(CHUNK);
	rc = x->chunk ? exfat_boot_read(io, &x->boot, err) : no_memory(x, err);
	if (rc == 0)
		rc = read_root(x, err);
	if (rc == 0)
		rc = read_bad(x, err);
	if (rc == 0 && !run_list_sort(&x->own))
		rc = corrupt(x->boot.heap, "a cluster used twice", err);
	if (rc) {
		exfat_close(&x->fs);
		return rc;
	}
	set_facts(x);
	*fs = &x->fs;
	return 0;
}

static const char *const exfat_types[] = { "exfat", NULL };

const struct fs_driver fs_exfat = {
	.name = "exfat",
	.types = exfat_types,
	.open = exfat_open,
	.walk = exfat_walk,
	.close = exfat_close,
};
