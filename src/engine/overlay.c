/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A qcow2 image made of nothing but its own bookkeeping, version 3 with extended L2 entries, whose
 * subclusters are as small as the blocks of filesystems (QEMU, docs/interop/qcow2.txt; QEMU 5.2
 * reads them). There is one L2 table in memory at a time. Stretches of the disk that are all free
 * share one table, so the file grows with the mixed ones alone, by 1/8192 with grains of 4 KiB.
 * In memory is the L1 table, 8 bytes for each of them (1 GiB of the disk with such grains).
 *
 * In the file: header, L1 table, L2 tables as they come, refcounts. The header is written last.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "engine/overlay.h"
#include "engine/present.h"
#include "engine/report.h"

#define MAGIC 0x514649fbu
#define FORMAT_VERSION 3
#define HEADER_BYTES 104
#define FEATURE_EXTENDED_L2 (UINT64_C(1) << 4)
#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define REFCOUNT_ORDER 4     /* 16 bits */
#define REFCOUNT_MAX 65535
#define COPIED (UINT64_C(1) << 63)
#define NAME_MAX_BYTES 1023
#define SUBCLUSTERS 32
#define ENTRY 16             /* bytes of an L2 entry: where its cluster is, and the bitmap */
#define L1_MOST (UINT64_C(32) << 20) /* QEMU's limit, bytes */
#define NONE UINT64_MAX
#define GRAIN_MOST 4096

/* An L2 table that many stretches have. */
struct shared {
	uint64_t cluster;    /* its place in the file */
	unsigned users;
};

struct overlay {
	int fd;
	char *path;
	char *backing;
	uint64_t end;        /* of the disk, bytes */
	uint64_t size;       /* of the image: the same in whole sectors */
	uint32_t grain;
	uint32_t cluster;    /* bytes */
	uint64_t reach;      /* of the disk, what one table maps */
	uint64_t *l1;        /* for each stretch: the cluster of its table, 0 none */
	uint64_t stretches;
	uint64_t clusters;   /* of the file, so far */
	unsigned char *table; /* of the stretch current */
	uint64_t current;    /* NONE: no table is held */
	bool finished;       /* the header is there and right */
	struct shared *shared;
	size_t n_shared;
};

static void put_be64(unsigned char *p, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(value >> (56 - 8 * i));
}

static void put_be32(unsigned char *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(value >> (24 - 8 * i));
}

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static uint64_t clusters_of(const struct overlay *o, uint64_t bytes)
{
	return (bytes + o->cluster - 1) / o->cluster;
}

static int put(struct overlay *o, uint64_t at, const void *buf, size_t len, struct error *err)
{
	const unsigned char *p = buf;

	while (len > 0) {
		ssize_t n = pwrite(o->fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && errno == ENOSPC)
			return error_set_at(err, WHY_NO_ROOM, ENOSPC, len, o->path);
		if (n <= 0)
			return error_set(err, WHY_SYSTEM, n < 0 ? errno : EIO, o->path);
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int put_cluster(struct overlay *o, uint64_t cluster, struct error *err)
{
	return put(o, cluster * o->cluster, o->table, o->cluster, err);
}

static int get_cluster(struct overlay *o, uint64_t cluster, struct error *err)
{
	ssize_t n = pread(o->fd, o->table, o->cluster, (off_t)(cluster * o->cluster));

	return n == (ssize_t)o->cluster
		       ? 0 : error_set(err, WHY_SYSTEM, n < 0 ? errno : EIO, o->path);
}

/* Grains, clusters and tables; with small grains a large disk would need too large an L1 table. */
static void shape(struct overlay *o)
{
	for (;; o->grain *= 2) {
		o->cluster = o->grain * SUBCLUSTERS;
		o->reach = (uint64_t)o->cluster / ENTRY * o->cluster;
		o->stretches = o->size / o->reach + (o->size % o->reach != 0);
		if (o->stretches * 8 <= L1_MOST)
			break;
	}
}

static int open_file(struct overlay *o, struct error *err)
{
	o->fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (o->fd >= 0)
		return 0;
	return error_set(err, errno == EEXIST ? WHY_EXISTS : WHY_OPEN,
			 errno == EEXIST ? 0 : errno, o->path);
}

int overlay_new(const char *path, const char *backing, uint64_t size, uint32_t grain,
		struct overlay **overlay, struct error *err)
{
	struct overlay *o = calloc(1, sizeof(*o));
	int rc = 0;

	if (!o)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	*o = (struct overlay){ .fd = -1, .grain = grain, .current = NONE,
			       .end = size, .size = round_up(size, 512) };
	shape(o);
	o->clusters = 1 + clusters_of(o, o->stretches * 8);
	o->path = strdup(path);
	o->backing = strdup(backing);
	o->l1 = calloc(o->stretches + 1, sizeof(*o->l1));
	o->table = calloc(1, o->cluster);
	if (!o->path || !o->backing || !o->l1 || !o->table)
		rc = error_set(err, WHY_MEMORY, ENOMEM, NULL);
	else if (strlen(backing) > NAME_MAX_BYTES)
		rc = error_set(err, WHY_OPEN, ENAMETOOLONG, backing);
	if (rc == 0)
		rc = open_file(o, err);
	if (rc)
		overlay_free(o, true);
	else
		*overlay = o;
	return rc;
}

/* Whether all of the table reads as zero. */
static bool is_full(const struct overlay *o)
{
	for (uint32_t at = 8; at < o->cluster; at += ENTRY) {
		if (get_be32(o->table + at) != UINT32_MAX)
			return false;
	}
	return true;
}

static struct shared *find_shared(const struct overlay *o, uint64_t cluster)
{
	for (size_t i = o->n_shared; i > 0; i--) {
		if (o->shared[i - 1].cluster == cluster)
			return &o->shared[i - 1];
	}
	return NULL;
}

/* A new one, from the full table in memory. */
static int add_shared(struct overlay *o, struct error *err)
{
	struct shared *grown = realloc(o->shared, (o->n_shared + 1) * sizeof(*grown));

	if (!grown)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	o->shared = grown;
	grown[o->n_shared++] = (struct shared){ o->clusters, 0 };
	return put_cluster(o, o->clusters++, err);
}

static void fill_table(struct overlay *o)
{
	memset(o->table, 0, o->cluster);
	for (uint32_t at = 8; at < o->cluster; at += ENTRY)
		memset(o->table + at, 0xff, 4);
}

/* Gives the stretch, which has no table yet, one that is all zero clusters. */
static int share(struct overlay *o, uint64_t stretch, struct error *err)
{
	int rc = 0;

	if (o->n_shared == 0 || o->shared[o->n_shared - 1].users == REFCOUNT_MAX) {
		fill_table(o);
		rc = add_shared(o, err);
	}
	if (rc == 0) {
		o->shared[o->n_shared - 1].users++;
		o->l1[stretch] = o->shared[o->n_shared - 1].cluster;
	}
	return rc;
}

/* Puts the table in memory to its place. */
static int let_go(struct overlay *o, struct error *err)
{
	uint64_t stretch = o->current;

	o->current = NONE;
	if (stretch == NONE)
		return 0;
	if (o->l1[stretch])
		return put_cluster(o, o->l1[stretch], err);
	if (is_full(o))
		return share(o, stretch, err);
	o->l1[stretch] = o->clusters++;
	return put_cluster(o, o->l1[stretch], err);
}

/* Takes the table of that stretch into memory. */
static int hold(struct overlay *o, uint64_t stretch, struct error *err)
{
	int rc;

	if (o->current == stretch)
		return 0;
	rc = let_go(o, err);
	if (rc == 0 && o->l1[stretch])
		rc = get_cluster(o, o->l1[stretch], err);
	else if (rc == 0)
		memset(o->table, 0, o->cluster);
	if (rc == 0)
		o->current = stretch;
	return rc;
}

/* Marks grains [first, end) of the table in memory. */
static void mark(struct overlay *o, uint64_t first, uint64_t end)
{
	while (first < end) {
		unsigned from = (unsigned)(first % SUBCLUSTERS);
		unsigned n = end - first < SUBCLUSTERS - from ? (unsigned)(end - first)
							      : SUBCLUSTERS - from;
		uint32_t bits = n == SUBCLUSTERS ? UINT32_MAX : ((UINT32_C(1) << n) - 1) << from;
		unsigned char *p = o->table + first / SUBCLUSTERS * ENTRY + 8;

		put_be32(p, get_be32(p) | bits);
		first += n;
	}
}

/* part lies in one stretch. */
static int zero_part(struct overlay *o, uint64_t stretch, struct extent part, struct error *err)
{
	uint64_t start = stretch * o->reach;
	int rc;

	if (find_shared(o, o->l1[stretch]))
		return 0;
	if (part.len == o->reach && o->l1[stretch] == 0 && o->current != stretch) {
		rc = let_go(o, err);
		return rc ? rc : share(o, stretch, err);
	}
	rc = hold(o, stretch, err);
	if (rc == 0)
		mark(o, (part.start - start) / o->grain, (extent_end(part) - start) / o->grain);
	return rc;
}

/* What is not an image any more must not look like one. */
static int begin(struct overlay *o, struct error *err)
{
	static const unsigned char none[4];

	if (!o->finished)
		return 0;
	o->finished = false;
	return put(o, 0, none, sizeof(none), err);
}

int overlay_zero(struct overlay *o, struct extent e, struct error *err)
{
	int rc = begin(o, err);

	/* Behind the disk's end is nothing: the last grain, and the last stretch, go on there. */
	if (extent_end(e) >= o->end)
		e.len = o->stretches * o->reach - e.start;
	e = extent_shrink(e, o->grain);
	while (rc == 0 && e.len > 0) {
		uint64_t stretch = e.start / o->reach;
		struct extent all = { stretch * o->reach, o->reach };
		struct extent part = extent_clip(e, all);

		rc = zero_part(o, stretch, part, err);
		e = (struct extent){ extent_end(part), e.len - part.len };
	}
	return rc;
}

/* The L1 table as the file has it; a table that only one has is marked so. */
static int put_l1(struct overlay *o, struct error *err)
{
	unsigned char buf[4096];
	size_t len = 0;
	uint64_t at = o->cluster;
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < o->stretches; i++) {
		const struct shared *s = find_shared(o, o->l1[i]);
		uint64_t own = o->l1[i] && (!s || s->users == 1) ? COPIED : 0;

		put_be64(buf + len, o->l1[i] ? (o->l1[i] * o->cluster) | own : 0);
		len += 8;
		if (len < sizeof(buf) && i + 1 < o->stretches)
			continue;
		rc = put(o, at, buf, len, err);
		at += len;
		len = 0;
	}
	return rc;
}

/* A refcount block: the clusters from first on, of so many in the file. */
static int put_block(struct overlay *o, uint64_t place, uint64_t first, uint64_t all,
		     struct error *err)
{
	uint64_t n = o->cluster / 2;

	memset(o->table, 0, o->cluster);
	for (uint64_t i = 0; i < n && first + i < all; i++)
		o->table[2 * i + 1] = 1;
	for (size_t i = 0; i < o->n_shared; i++) {
		const struct shared *s = &o->shared[i];

		if (s->cluster < first || s->cluster - first >= n)
			continue;
		o->table[2 * (s->cluster - first)] = (unsigned char)(s->users >> 8);
		o->table[2 * (s->cluster - first) + 1] = (unsigned char)s->users;
	}
	return put_cluster(o, place, err);
}

/* The refcounts behind all else: a table of so many clusters, and its blocks, whose clusters are
   counted too. */
static int put_refcounts(struct overlay *o, uint64_t table, uint64_t blocks, struct error *err)
{
	uint64_t first = o->clusters + table;
	uint64_t all = first + blocks;
	uint64_t each = o->cluster / 8;
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < blocks; i++)
		rc = put_block(o, first + i, i * (o->cluster / 2), all, err);
	for (uint64_t t = 0; rc == 0 && t < table; t++) {
		memset(o->table, 0, o->cluster);
		for (uint64_t i = 0; i < each && t * each + i < blocks; i++)
			put_be64(o->table + i * 8, (first + t * each + i) * o->cluster);
		rc = put_cluster(o, o->clusters + t, err);
	}
	return rc;
}

static int put_header(struct overlay *o, uint64_t table, struct error *err)
{
	unsigned char h[HEADER_BYTES + 24 + NAME_MAX_BYTES + 1] = { 0 };
	size_t name = strlen(o->backing);

	put_be32(h, MAGIC);
	put_be32(h + 4, FORMAT_VERSION);
	put_be64(h + 8, HEADER_BYTES + 24);
	put_be32(h + 16, (uint32_t)name);
	put_be32(h + 20, (uint32_t)__builtin_ctz(o->cluster));
	put_be64(h + 24, o->size);
	put_be32(h + 36, (uint32_t)o->stretches);
	put_be64(h + 40, o->cluster);
	put_be64(h + 48, o->clusters * o->cluster);
	put_be32(h + 56, (uint32_t)table);
	put_be64(h + 72, FEATURE_EXTENDED_L2);
	put_be32(h + 96, REFCOUNT_ORDER);
	put_be32(h + 100, HEADER_BYTES);
	put_be32(h + HEADER_BYTES, EXTENSION_BACKING_FORMAT);
	put_be32(h + HEADER_BYTES + 4, 3);
	memcpy(h + HEADER_BYTES + 8, "raw", 3);
	memcpy(h + HEADER_BYTES + 24, o->backing, name);
	return put(o, 0, h, HEADER_BYTES + 24 + name, err);
}

/* Blocks of refcounts and clusters of their table: they count themselves. */
static void count_refcounts(const struct overlay *o, uint64_t *table, uint64_t *blocks)
{
	uint64_t before;

	*table = *blocks = 1;
	do {
		before = *table + *blocks;
		*blocks = (o->clusters + before + o->cluster / 2 - 1) / (o->cluster / 2);
		*table = clusters_of(o, *blocks * 8);
	} while (*table + *blocks != before);
}

int overlay_finish(struct overlay *o, struct error *err)
{
	uint64_t table, blocks;
	int rc = begin(o, err);

	if (rc == 0)
		rc = let_go(o, err);
	if (rc == 0)
		rc = put_l1(o, err);
	if (rc)
		return rc;
	count_refcounts(o, &table, &blocks);
	rc = put_refcounts(o, table, blocks, err);
	if (rc == 0 &&
	    ftruncate(o->fd, (off_t)((o->clusters + table + blocks) * o->cluster)) < 0)
		rc = error_set(err, WHY_SYSTEM, errno, o->path);
	if (rc == 0)
		rc = put_header(o, table, err);
	if (rc == 0 && fdatasync(o->fd) < 0)
		rc = error_set(err, WHY_FLUSH, errno, o->path);
	o->finished = rc == 0;
	return rc;
}

void overlay_free(struct overlay *o, bool keep)
{
	if (!o)
		return;
	if (o->fd >= 0) {
		close(o->fd);
		if (!keep)
			unlink(o->path);
	}
	free(o->shared);
	free(o->table);
	free(o->l1);
	free(o->backing);
	free(o->path);
	free(o);
}

struct telling {
	struct fs *fs;
	struct overlay *overlay;
	uint64_t shift;
	const struct watch *watch;
	struct error *err;
	struct extent all;   /* the free extent at work */
};

static int tell_place(void *arg, struct extent e)
{
	struct telling *t = arg;

	e.start += t->shift;
	return overlay_zero(t->overlay, e, t->err);
}

/* A hole reads as zero through the overlay too, so it costs nothing there; but a grain that is only
   in part a hole counts. */
static int tell_kind(void *arg, struct extent e, bool hole)
{
	struct telling *t = arg;
	uint64_t start = e.start / GRAIN_MOST * GRAIN_MOST;
	struct extent grains = { start, round_up(extent_end(e), GRAIN_MOST) - start };
	int rc = 0;

	if (!hole && t->overlay)
		rc = io_window_place(t->fs->io, extent_clip(grains, t->all), tell_place, t);
	return rc ? rc : report_did(t->watch, hole ? DID_HOLE : DID_ZEROED, e);
}

static int tell_extent(void *arg, struct extent e)
{
	struct telling *t = arg;

	t->all = e;
	return present_cut(t->fs->io, e, tell_kind, t, t->err);
}

int engine_overlay(struct fs *fs, struct overlay *overlay, uint64_t shift,
		   const struct watch *watch, struct error *err)
{
	struct telling t = { fs, overlay, shift, watch, err, { 0, 0 } };

	return gate_walk(fs, tell_extent, &t, err);
}
