/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The HFS Plus driver on small filesystems in memory, made by hfsplus.py and then spoilt. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "fs/utf16.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE (40 * MIB)
#define HEADER 1024u
#define ALTERNATE (SIZE - 1024)
#define NODE 8192u
#define BLOCK 512u
#define MOST_EXTENTS 400u

static struct io *make(const char *a, const char *b)
{
	const char *top = getenv("top_srcdir");
	char script[4096];
	const char *const argv[] = { "python3", script, "make", "block=512", "label=a label", a, b,
				     "@", NULL };
	struct io *io;

	if (!top)
		skip(); /* started by hand; make check sets it */
	snprintf(script, sizeof script, "%s/tests/fs/hfsplus.py", top);
	io = mkfs_mem(SIZE, argv);
	if (!io)
		skip();
	return io;
}

struct map {
	struct extent extents[MOST_EXTENTS];
	size_t n;
};

static int note(void *arg, struct extent e)
{
	struct map *map = arg;

	assert_true(map->n < MOST_EXTENTS);
	map->extents[map->n++] = e;
	return 0;
}

/* Opens and walks twice, the sum against the counter; frees all. */
static int use(struct io *io, struct map *map, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	*map = (struct map){ 0 };
	error_clear(err);
	rc = fs_open(io, "hfsplus", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, note, map, &sum, err);
	fs_close(fs);
	return rc;
}

static void refused(struct io *io, enum why why, const char *what)
{
	struct error err;
	struct map map;

	assert_true(use(io, &map, &err) < 0);
	if (err.why != why || (what && strcmp(err.what, what) != 0))
		print_message("%s %s, not %s\n", why_name(err.why), err.what, what ? what : "");
	assert_int_equal(err.why, why);
	if (what)
		assert_string_equal(err.what, what);
}

static uint64_t get(struct io *io, uint64_t at, unsigned bytes)
{
	unsigned char buf[8] = { 0 };

	io_mem_peek(io, at, buf + 8 - bytes, bytes);
	return get_be64(buf);
}

static void put(struct io *io, uint64_t at, uint64_t value, unsigned bytes)
{
	unsigned char buf[8];

	for (unsigned i = 0; i < bytes; i++)
		buf[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
	io_mem_poke(io, at, buf, bytes);
}

/* Where a special file starts, by the byte of its fork in the header. */
static uint64_t file_at(struct io *io, unsigned fork)
{
	return get(io, HEADER + fork + 16, 4) * BLOCK;
}

#define MAP_FORK 112u
#define EXTENTS_FORK 192u
#define CATALOG_FORK 272u

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *io = make("files=5", "journal=little");
	struct io *trace = io_trace_new(io);
	struct error err;
	struct map map;
	struct fs *fs;

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(trace, "hfsplus", &fs, &err), 0);
	assert_string_equal(fs->type, "hfsplus");
	assert_string_equal(fs->label, "a label");
	assert_int_equal(fs->size, SIZE);
	assert_int_equal(fs->unit, BLOCK);
	assert_int_equal(fs->free, get(io, HEADER + 48, 4) * BLOCK);
	fs_close(fs);
	assert_int_equal(use(trace, &map, &err), 0);
	assert_true(map.n > 5);
	assert_true(map.extents[0].start >= 1536);
	assert_true(extent_end(map.extents[map.n - 1]) <= ALTERNATE);
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

struct row {
	unsigned field;
	unsigned bytes;
	uint64_t value;
	enum why why;
	const char *what; /* NULL: whatever */
};

static const struct row headers[] = {
	{ 0, 2, 0x4244, WHY_FEATURE, "HFS wrapper" },
	{ 0, 2, 0x4858, WHY_FEATURE, "version 4" }, /* HFSX begins with 5 */
	{ 0, 2, 0x482c, WHY_CORRUPT, "volume header" },
	{ 2, 2, 5, WHY_FEATURE, "version 5" },
	{ 4, 4, 0x800, WHY_UNCLEAN, "hfsplus" },
	{ 4, 4, 0x900, WHY_ERRORS, "hfsplus" },
	{ 4, 8, 0x41006673636b, WHY_ERRORS, "hfsplus" },
	{ 8, 4, 0x46534b21, WHY_ERRORS, "hfsplus" },
	{ 40, 4, 0, WHY_CORRUPT, "block size" },
	{ 40, 4, 256, WHY_CORRUPT, "block size" },
	{ 40, 4, 513, WHY_CORRUPT, "block size" },
	{ 40, 4, 0x80000000, WHY_OUTSIDE, "hfsplus" },
	{ 44, 4, 0, WHY_CORRUPT, "size" },
	{ 44, 4, 4, WHY_CORRUPT, "size" },
	{ 44, 4, SIZE / BLOCK + 1, WHY_OUTSIDE, "hfsplus" },
	{ 48, 4, 0xffffffff, WHY_CORRUPT, "count of free blocks" },
	{ 48, 4, 1, WHY_MAP_TOTAL, "hfsplus" },
	{ 112, 8, 1, WHY_CORRUPT, "size of the allocation file" },
	{ 112, 8, UINT64_MAX, WHY_CORRUPT, "size of a file" },
	{ 124, 4, 0xffffffff, WHY_CORRUPT, "size of a file" },
	{ 124, 4, 21, WHY_CORRUPT, "size of the allocation file" },
	{ 128, 4, 0xffffffff, WHY_CORRUPT, "extent of a file" },
	{ 132, 4, 0xffffffff, WHY_CORRUPT, "extent of a file" },
	{ 132, 4, 0, WHY_CORRUPT, "size of the allocation file" },
	{ 192, 8, 0, WHY_CORRUPT, "B-tree" },
	{ 208, 4, 0, WHY_CORRUPT, "end of a file" }, /* over the volume header */
	{ 212, 4, 0, WHY_CORRUPT, "end of a file" },
	{ 288, 4, 6000, WHY_CORRUPT, "file of the filesystem in free blocks" },
	{ 432, 8, 1, WHY_CORRUPT, "size of a file" },
};

static void a_spoilt_volume_header_is_refused(void **state)
{
	struct io *io = make("map=1", "x=no");

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		const struct row *r = &headers[i];
		uint64_t was = get(io, HEADER + r->field, r->bytes);

		put(io, HEADER + r->field, r->value, r->bytes);
		put(io, ALTERNATE + r->field, r->value, r->bytes);
		refused(io, r->why, r->what);
		put(io, HEADER + r->field, was, r->bytes);
		put(io, ALTERNATE + r->field, was, r->bytes);
	}
	io_close(io);
}

static void what_linux_left_marked_is_served_once_fsck_has_seen_it(void **state)
{
	struct io *io = make("map=1", "x=no");
	struct error err;
	struct map map;

	(void)state;
	put(io, HEADER + 4, 0x9006673636b, 8);
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

static void the_alternate_header_must_agree(void **state)
{
	static const unsigned fields[] = { 0, 2, 16, 40, 44 };
	struct io *io = make("map=1", "x=yes");
	struct error err;
	struct map map;

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		uint64_t was = get(io, ALTERNATE + fields[i], 2);

		put(io, ALTERNATE + fields[i], was ^ 4, 2);
		refused(io, WHY_CORRUPT, "alternate volume header");
		put(io, ALTERNATE + fields[i], was, 2);
	}
	put(io, ALTERNATE + 4, 0, 4);  /* it is not written at each mount */
	put(io, ALTERNATE + 48, 7, 4);
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

static void a_bit_of_the_map_that_lies_is_seen(void **state)
{
	struct io *io = make("files=5", "journal=big");
	uint64_t map_at = file_at(io, MAP_FORK);
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0);
	for (uint64_t i = 0; i < SIZE / BLOCK / 8; i += 7) {
		uint64_t was = get(io, map_at + i, 1);

		put(io, map_at + i, was ^ 0x20, 1);
		assert_true(use(io, &map, &err) < 0);
		assert_true(err.why == WHY_MAP_TOTAL || err.why == WHY_CORRUPT);
		put(io, map_at + i, was, 1);
	}
	io_close(io);
}

/* Its bit is taken away, and the counter of free blocks agrees. */
static void free_block(struct io *io, uint64_t at, const char *what)
{
	uint64_t bit = at / BLOCK;
	uint64_t byte_at = file_at(io, MAP_FORK) + bit / 8;
	uint64_t was = get(io, byte_at, 1);
	uint64_t free = get(io, HEADER + 48, 4);

	assert_true(was >> (7 - bit % 8) & 1);
	put(io, byte_at, was & ~(UINT64_C(0x80) >> bit % 8), 1);
	put(io, HEADER + 48, free + 1, 4);
	refused(io, WHY_CORRUPT, what);
	put(io, byte_at, was, 1);
	put(io, HEADER + 48, free, 4);
}

static void what_holds_the_filesystem_is_never_free(void **state)
{
	static const unsigned forks[] = { MAP_FORK, EXTENTS_FORK, CATALOG_FORK, 352 };
	struct io *io = make("files=3", "journal=little");
	uint64_t info = get(io, HEADER + 12, 4) * BLOCK;
	uint64_t journal = get(io, info + 36, 8);
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0);
	for (uint64_t at = 0; at < HEADER + BLOCK; at += BLOCK)
		free_block(io, at, "volume header in a free block");
	free_block(io, ALTERNATE, "volume header in a free block");
	free_block(io, ALTERNATE + BLOCK, "volume header in a free block");
	free_block(io, info, "file of the filesystem in free blocks");
	free_block(io, journal, "journal in free blocks");
	free_block(io, journal + get(io, info + 44, 8) - 1, "journal in free blocks");
	for (size_t i = 0; i < COUNT(forks); i++)
		free_block(io, file_at(io, forks[i]), "file of the filesystem in free blocks");
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

/* The first record becomes one of the file of bad blocks, of which the map has not got a bit. */
static void the_bad_blocks_are_never_free(void **state)
{
	struct io *io = make("map=1", "x=no");
	uint64_t node = file_at(io, EXTENTS_FORK);
	unsigned char leaf[NODE] = { [8] = 0xff, [9] = 1, [11] = 1 };
	unsigned char *record = leaf + 14;
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0);
	put(io, node + 14, 1, 2); /* a tree of one level, whose leaf is node 1 */
	put(io, node + 24, 1, 4);
	record[1] = 10;
	record[7] = 5;
	record[19] = 1; /* one block */
	leaf[NODE - 1] = 14;
	leaf[NODE - 3] = 14 + 76;
	io_mem_poke(io, node + NODE, leaf, sizeof leaf);
	assert_int_equal(use(io, &map, &err), 0); /* block 0, which is in use */
	put(io, node + NODE + 14 + 12, map.extents[map.n - 1].start / BLOCK, 4);
	refused(io, WHY_CORRUPT, "file of the filesystem in free blocks");
	put(io, node + NODE + 14 + 12, SIZE / BLOCK, 4);
	refused(io, WHY_CORRUPT, "extent of a file");
	io_close(io);
}

static void leaves_in_a_circle_are_refused(void **state)
{
	struct io *io = make("map=20", "x=no");
	uint64_t leaf = file_at(io, EXTENTS_FORK) + NODE;

	(void)state;
	put(io, leaf, 1, 4);
	put(io, leaf + 10, 0, 2);
	refused(io, WHY_CORRUPT, "B-tree");
	io_close(io);
}

/* The map is in 20 pieces: eight in the header, then a record of eight and one of four. */
static const struct row trees[] = {
	{ 8, 1, 0, WHY_CORRUPT, "B-tree" },                  /* not a header */
	{ 24, 4, 15, WHY_CORRUPT, "B-tree" },                /* the first leaf is none */
	{ 24, 4, 16, WHY_CORRUPT, "B-tree" },
	{ 14, 2, 0, WHY_CORRUPT, "size of the allocation file" }, /* no leaves */
	{ 32, 2, 0, WHY_CORRUPT, "B-tree" },
	{ 32, 2, 256, WHY_CORRUPT, "B-tree" },
	{ 32, 2, 6000, WHY_CORRUPT, "B-tree" },
	{ 36, 4, 0, WHY_CORRUPT, "B-tree" },
	{ 36, 4, 17, WHY_CORRUPT, "B-tree" },
	{ NODE + 0, 4, 1, WHY_CORRUPT, NULL },               /* a leaf that follows itself */
	{ NODE + 0, 4, 16, WHY_CORRUPT, "B-tree" },
	{ NODE + 8, 1, 0, WHY_CORRUPT, "B-tree" },
	{ NODE + 10, 2, 0xffff, WHY_CORRUPT, "B-tree" },
	{ NODE + 10, 2, 1, WHY_CORRUPT, "size of the allocation file" },
	{ NODE + 14, 2, 9, WHY_CORRUPT, "B-tree" },          /* a key's length */
	{ NODE + 16, 1, 0xff, WHY_CORRUPT, "extents of the bitmap" },
	{ NODE + 18, 4, 5, WHY_CORRUPT, "extents of the bitmap" }, /* the next are not the first */
	{ NODE + 18, 4, 7, WHY_CORRUPT, "B-tree" },          /* the next goes back to 6 */
	{ NODE + 22, 4, 0, WHY_CORRUPT, "extents of the bitmap" },
	{ NODE + 26, 4, 0x7fffffff, WHY_CORRUPT, "extent of a file" },
	{ NODE + 30, 4, 0x7fffffff, WHY_CORRUPT, "extent of a file" },
	{ NODE + 30, 4, 0, WHY_CORRUPT, "extents of the bitmap" },
	{ 2 * NODE - 2, 2, 13, WHY_CORRUPT, "B-tree" },      /* a record in the descriptor */
	{ 2 * NODE - 2, 2, NODE, WHY_CORRUPT, "B-tree" },
	{ 2 * NODE - 4, 2, 20, WHY_CORRUPT, "B-tree" },      /* a record too short */
	{ 2 * NODE - 4, 2, 0xfffe, WHY_CORRUPT, "B-tree" },
};

static void a_spoilt_tree_is_refused(void **state)
{
	struct io *io = make("map=20", "x=no");
	uint64_t tree = file_at(io, EXTENTS_FORK);
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0);
	for (size_t i = 0; i < COUNT(trees); i++) {
		const struct row *r = &trees[i];
		uint64_t was = get(io, tree + r->field, r->bytes);

		put(io, tree + r->field, r->value, r->bytes);
		refused(io, r->why, r->what);
		put(io, tree + r->field, was, r->bytes);
	}
	io_close(io);
}

/* The catalog's leaf is spoilt, which only the label comes from. */
static void a_label_that_cannot_be_read_is_none(void **state)
{
	static const struct row rows[] = {
		{ 32, 2, 0, WHY_NONE, NULL },            { NODE + 8, 1, 0, WHY_NONE, NULL },
		{ NODE + 16, 4, 2, WHY_NONE, NULL },     { NODE + 20, 2, 0x7fff, WHY_NONE, NULL },
		{ 2 * NODE - 2, 2, NODE - 1, WHY_NONE, NULL },
	};
	struct io *io = make("map=1", "x=no");
	uint64_t tree = file_at(io, CATALOG_FORK);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t was = get(io, tree + r->field, r->bytes);
		struct fs *fs;

		put(io, tree + r->field, r->value, r->bytes);
		assert_int_equal(fs_open(io, "hfsplus", &fs, NULL), 0);
		assert_string_equal(fs->label, "");
		fs_close(fs);
		put(io, tree + r->field, was, r->bytes);
	}
	io_close(io);
}

/* The place of the journal's header; and no checksum in it, which is allowed. */
static uint64_t journal_of(struct io *io, uint64_t *info)
{
	uint64_t journal;

	*info = get(io, HEADER + 12, 4) * BLOCK;
	journal = get(io, *info + 36, 8);
	put(io, journal + 36, 0, 4);
	return journal;
}

static const struct row infos[] = {
	{ 0, 4, 0, WHY_JOURNAL_DEV, "hfsplus" },
	{ 0, 4, 2, WHY_JOURNAL_DEV, "hfsplus" },
	{ 0, 4, 3, WHY_JOURNAL_DEV, "hfsplus" },
	{ 0, 4, 5, WHY_NONE, NULL }, /* still to be made */
	{ 36, 8, 0, WHY_CORRUPT, "journal" },
	{ 36, 8, SIZE - 512, WHY_CORRUPT, "journal" },
	{ 36, 8, UINT64_MAX, WHY_CORRUPT, "journal" },
	{ 44, 8, 43, WHY_CORRUPT, "journal" },
	{ 44, 8, UINT64_MAX, WHY_CORRUPT, "journal" },
};

static const struct row journals[] = {
	{ 0, 4, 0x4a4e4c79, WHY_CORRUPT, "journal" },
	{ 4, 4, 0x12345679, WHY_CORRUPT, "journal" },
	{ 8, 8, 0, WHY_CORRUPT, "journal" },
	{ 8, 8, UINT64_MAX, WHY_CORRUPT, "journal" },
	{ 16, 8, 0, WHY_CORRUPT, "journal" },
	{ 16, 8, UINT64_MAX, WHY_CORRUPT, "journal" },
	{ 16, 8, 1024, WHY_JOURNAL, "hfsplus" },
	{ 8, 8, 1024, WHY_JOURNAL, "hfsplus" },
	{ 24, 8, 1024, WHY_CORRUPT, "journal" },
	{ 36, 4, 1, WHY_CORRUPT, "journal" }, /* a checksum */
};

static void try_rows(struct io *io, uint64_t at, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t was = get(io, at + rows[i].field, rows[i].bytes);
		struct error err;
		struct map map;

		put(io, at + rows[i].field, rows[i].value, rows[i].bytes);
		if (rows[i].why == WHY_NONE)
			assert_int_equal(use(io, &map, &err), 0);
		else
			refused(io, rows[i].why, rows[i].what);
		put(io, at + rows[i].field, was, rows[i].bytes);
	}
}

static void a_journal_must_be_empty_and_inside(void **state)
{
	struct io *io = make("files=0", "journal=big");
	uint64_t info, journal;
	struct error err;
	struct map map;

	(void)state;
	assert_int_equal(use(io, &map, &err), 0); /* with its checksum */
	journal = journal_of(io, &info);
	assert_int_equal(use(io, &map, &err), 0);
	try_rows(io, info, infos, COUNT(infos));
	try_rows(io, journal, journals, COUNT(journals));
	put(io, HEADER + 4, 0x100, 4); /* no longer journaled */
	put(io, journal + 8, 1024, 8);
	assert_int_equal(use(io, &map, &err), 0);
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = make("files=1", "x=no");

	(void)state;
	for (uint64_t size = 512; size < SIZE; size += size < 8 * KIB ? 512 : MIB) {
		struct extent part = { 0, size };
		struct io *window;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		refused(window, WHY_OUTSIDE, NULL);
		io_close(window);
	}
	io_close(io);
}

/* But for the label, which is read last and not missed. */
static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = make("map=20", "journal=little");
	uint64_t n = 0;
	unsigned told = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		struct map map;
		int rc = use(fault, &map, &err);

		hit = io_fault_hit(fault);
		if (rc) {
			assert_int_equal(rc, -EIO);
			assert_int_equal(err.why, WHY_READ);
			assert_int_equal(err.at, fault->failure.at);
			told++;
		}
		io_close(fault);
	} while (hit);
	assert_true(told > 15);
	assert_true(n - told <= 3);
	io_close(io);
}

static int stop(void *arg, struct extent e)
{
	unsigned *left = arg;

	(void)e;
	return --*left ? 0 : 1;
}

/* 1 is also what the walk over a tree answers at its end. */
static void what_the_callback_says_is_returned(void **state)
{
	struct io *io = make("files=2", "x=no");
	unsigned n = 0;
	unsigned left;
	struct fs *fs;

	(void)state;
	assert_int_equal(fs_open(io, "hfsplus", &fs, NULL), 0);
	do {
		int rc;

		left = ++n;
		rc = fs->driver->walk(fs, stop, &left, NULL);
		assert_int_equal(rc, left == 0);
	} while (left == 0);
	assert_true(n > 8);
	fs_close(fs);
	io_close(io);
}

static void labels_are_cut_between_characters(void **state)
{
	static const unsigned char text[] = { 0, 'a', 0, 0xe9, 0x20, 0xac, 0xd8, 0x3d, 0xde, 0,
					      0xd8, 0, 0, 'b', 0, 0, 0, 'c' };
	static const unsigned char turned[] = { 'a', 0, 0xe9, 0 };
	char buf[32];

	(void)state;
	utf16_text(buf, sizeof buf, text, sizeof text / 2, true);
	assert_string_equal(buf, "a\303\251\342\202\254\360\237\230\200\357\277\275b");
	utf16_text(buf, 10, text, sizeof text / 2, true);
	assert_string_equal(buf, "a\303\251\342\202\254");
	utf16_text(buf, 3, text, sizeof text / 2, true);
	assert_string_equal(buf, "a");
	utf16_text(buf, 4, text, sizeof text / 2, true);
	assert_string_equal(buf, "a\303\251");
	utf16_text(buf, sizeof buf, text, 4, true); /* half a pair at the end */
	assert_string_equal(buf, "a\303\251\342\202\254\357\277\275");
	utf16_text(buf, sizeof buf, turned, 2, false);
	assert_string_equal(buf, "a\303\251");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_one_is_served_and_only_read),
		cmocka_unit_test(a_spoilt_volume_header_is_refused),
		cmocka_unit_test(what_linux_left_marked_is_served_once_fsck_has_seen_it),
		cmocka_unit_test(the_alternate_header_must_agree),
		cmocka_unit_test(a_bit_of_the_map_that_lies_is_seen),
		cmocka_unit_test(what_holds_the_filesystem_is_never_free),
		cmocka_unit_test(the_bad_blocks_are_never_free),
		cmocka_unit_test(leaves_in_a_circle_are_refused),
		cmocka_unit_test(a_spoilt_tree_is_refused),
		cmocka_unit_test(a_label_that_cannot_be_read_is_none),
		cmocka_unit_test(a_journal_must_be_empty_and_inside),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
		cmocka_unit_test(what_the_callback_says_is_returned),
		cmocka_unit_test(labels_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
