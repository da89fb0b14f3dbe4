/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The trees of free space of an XFS when they have two levels, on V4: no checksum helps. */

#include "fs/fs.h"
#include "tests/lib/test.h"
#include "tests/lib/xfs.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AG XFS_AG
#define BLOCK XFS_BLOCK

#define AGF (AG + 512)
#define ROOT_BY_BLOCK 2u /* as mkfs.xfs lays them out */
#define ROOT_BY_SIZE 3u

/* In a block: 16 bytes of header, 84 keys and their pointers, or 126 records. */
#define HEADER 16u
#define POINTERS (HEADER + 84 * 8)
#define EACH 100u /* records of a leaf */

/* The second group's free space in single blocks, every second one from "first + 4" on; before
   them the leaves: 0 and 1 by block, 2 and 3 by size. All runs being equal, both orders are too. */
static uint64_t lay_leaf(struct io *io, uint64_t first, unsigned leaf)
{
	uint64_t at = AG + (first + leaf) * BLOCK;
	bool left = leaf % 2 == 0;

	xfs_put(io, at, 4, leaf < 2 ? 0x41425442 : 0x41425443);
	xfs_put(io, at + 4, 4, EACH);
	xfs_put(io, at + 8, 4, left ? UINT32_MAX : first + leaf - 1);
	xfs_put(io, at + 12, 4, left ? first + leaf + 1 : UINT32_MAX);
	for (unsigned i = 0; i < EACH; i++)
		xfs_put(io, at + HEADER + i * 8, 8,
			(first + 4 + 2 * (i + (left ? 0 : EACH))) << 32 | 1);
	return at;
}

static void lay_root(struct io *io, uint64_t first, unsigned leaf, unsigned root)
{
	uint64_t at = AG + root * BLOCK;

	xfs_put(io, at + 4, 4, 1 << 16 | 2);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t from = lay_leaf(io, first, leaf + i);

		xfs_put(io, at + HEADER + i * 8, 8, xfs_get(io, from + HEADER, 8));
		xfs_put(io, at + POINTERS + i * 4, 4, first + leaf + i);
	}
}

static void add(struct io *io, uint64_t at, unsigned bytes, uint64_t n)
{
	xfs_put(io, at, bytes, xfs_get(io, at, bytes) + n);
}

/* Its first leaf is *leaf. */
static struct io *make(uint64_t *leaf)
{
	struct io *io = xfs_new(false);
	uint64_t first;
	uint64_t count;

	if (!io)
		skip();
	first = xfs_get(io, AG + ROOT_BY_BLOCK * BLOCK + HEADER, 4);
	count = xfs_get(io, AGF + 52, 4);
	lay_root(io, first, 0, ROOT_BY_BLOCK);
	lay_root(io, first, 2, ROOT_BY_SIZE);
	xfs_put(io, AGF + 28, 8, UINT64_C(2) << 32 | 2);
	xfs_put(io, AGF + 52, 4, 2 * EACH);
	xfs_put(io, AGF + 56, 4, 1);
	xfs_put(io, AGF + 60, 4, 4);
	add(io, 144, 8, 2 * EACH + 4 - count);
	*leaf = AG + first * BLOCK;
	return io;
}

static int note(void *arg, struct extent e)
{
	uint64_t *sum = arg;

	if (e.start >= AG) {
		assert_int_equal(e.len, BLOCK);
		sum[0] += e.len;
		sum[1]++;
	}
	return 0;
}

static void two_levels_are_walked(void **state)
{
	uint64_t sum[2] = { 0, 0 };
	struct gate_sum whole;
	struct error err;
	struct fs *fs;
	uint64_t leaf;
	struct io *io = make(&leaf);

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(io, "xfs", &fs, &err), 0);
	assert_int_equal(gate_dry_walk(fs, note, sum, &whole, &err), 0);
	assert_int_equal(sum[0], 2 * EACH * BLOCK);
	assert_int_equal(sum[1], 2 * EACH);
	fs_close(fs);
	io_close(io);
}

/* What the callback says comes back as it is, from wherever in the tree. */
static int stop_at(void *arg, struct extent e)
{
	uint64_t *left = arg;

	(void)e;
	return (*left)-- == 0 ? -84 : 0;
}

static void a_walk_ends_where_it_is_told(void **state)
{
	uint64_t leaf;
	struct io *io = make(&leaf);

	(void)state;
	for (uint64_t n = 0; n < 2 * EACH; n += 33) {
		uint64_t left = n;
		struct error err;
		struct fs *fs;

		error_clear(&err);
		assert_int_equal(fs_open(io, "xfs", &fs, &err), 0);
		assert_int_equal(gate_walk(fs, stop_at, &left, &err), -84);
		assert_int_equal(err.why, WHY_NONE);
		fs_close(fs);
	}
	io_close(io);
}

static void a_spoilt_root_is_refused(void **state)
{
	static const struct xfs_spoil rows[] = {
		{ 4, 2, 0, WHY_CORRUPT },              /* level */
		{ 4, 2, 2, WHY_CORRUPT },
		{ 6, 2, 1, WHY_CORRUPT },              /* pointers */
		{ 6, 2, 3, WHY_CORRUPT },
		{ 6, 2, 85, WHY_CORRUPT },
		{ 8, 4, 5, WHY_CORRUPT },              /* neighbours */
		{ 12, 4, 5, WHY_CORRUPT },
		{ HEADER, 4, 0, WHY_CORRUPT },         /* keys */
		{ HEADER + 8, 4, 0, WHY_CORRUPT },
		{ POINTERS, 4, 0, WHY_CORRUPT },
		{ POINTERS, 4, 16384, WHY_CORRUPT },
		{ POINTERS, 4, ROOT_BY_BLOCK, WHY_CORRUPT },
		{ POINTERS, 4, ROOT_BY_SIZE, WHY_CORRUPT },
		{ POINTERS + 4, 4, UINT32_MAX, WHY_CORRUPT },
	};
	uint64_t leaf;
	struct io *io = make(&leaf);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		xfs_spoil(io, &rows[i], AG + ROOT_BY_BLOCK * BLOCK, BLOCK, 0);
		xfs_spoil(io, &rows[i], AG + ROOT_BY_SIZE * BLOCK, BLOCK, 0);
	}
	/* Twice the same leaf. */
	xfs_put(io, AG + ROOT_BY_BLOCK * BLOCK + POINTERS + 4, 4, (leaf - AG) / BLOCK);
	assert_true(xfs_use(io, &(struct error){ 0 }) < 0);
	io_close(io);
}

static void a_spoilt_leaf_is_refused(void **state)
{
	static const struct xfs_spoil rows[] = {
		{ 0, 4, 0, WHY_CORRUPT },               /* magic */
		{ 4, 2, 1, WHY_CORRUPT },               /* level */
		{ 6, 2, 0, WHY_CORRUPT },               /* records */
		{ 6, 2, 99, WHY_CORRUPT },
		{ 8, 4, 1, WHY_CORRUPT },               /* neighbours */
		{ 12, 4, 1, WHY_CORRUPT },
		{ HEADER, 4, 16383, WHY_CORRUPT },      /* the first block of the first record */
		{ HEADER + 400, 4, 16383, WHY_CORRUPT },
		{ HEADER + 404, 4, 2, WHY_CORRUPT },    /* count */
	};
	uint64_t leaf;
	struct io *io = make(&leaf);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (unsigned l = 0; l < 4; l++)
			xfs_spoil(io, &rows[i], leaf + l * BLOCK, BLOCK, 0);
	}
	io_close(io);
}

/* The sums over both trees are the same: only the order tells. */
static void records_in_disorder_are_refused(void **state)
{
	static const char *const whats[] = { "free space by block of allocation group 1",
					     "free space by size of allocation group 1" };
	uint64_t leaf;

	(void)state;
	for (unsigned tree = 0; tree < 2; tree++) {
		struct io *io = make(&leaf);
		uint64_t at = leaf + 2 * tree * BLOCK + HEADER + 40 * 8;
		uint64_t record = xfs_get(io, at, 8);
		struct error err;

		xfs_put(io, at, 8, xfs_get(io, at + 8, 8));
		xfs_put(io, at + 8, 8, record);
		assert_true(xfs_use(io, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_string_equal(err.what, whats[tree]);
		io_close(io);
	}
}

/* What the superblock counts agrees with each. */
static void counters_of_a_group_are_compared_with_its_trees(void **state)
{
	static const struct {
		unsigned field;
		const char *what;
	} rows[] = {
		{ 52, "free block count of allocation group 1" },
		{ 60, "count of tree blocks of allocation group 1" },
	};
	uint64_t leaf;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct io *io = make(&leaf);
		struct error err;

		add(io, AGF + rows[i].field, 4, 1);
		add(io, 144, 8, 1);
		assert_true(xfs_use(io, &err) < 0);
		assert_int_equal(err.why, WHY_CORRUPT);
		assert_string_equal(err.what, rows[i].what);
		io_close(io);
	}
}

/* A leaf in the free space, with all counters right. */
static void a_tree_is_never_free(void **state)
{
	uint64_t leaf;
	struct io *io = make(&leaf);
	struct error err;

	(void)state;
	for (unsigned tree = 0; tree < 2; tree++) {
		uint64_t root = AG + (ROOT_BY_BLOCK + tree) * BLOCK;

		xfs_put(io, leaf + 2 * tree * BLOCK + HEADER, 4, (leaf - AG) / BLOCK + 3);
		xfs_put(io, root + HEADER, 4, (leaf - AG) / BLOCK + 3);
	}
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "metadata in the free space of allocation group 1");
	io_close(io);
}

/* The last run of a group, one block longer in both trees and all counters. */
static void a_run_ends_with_its_group(void **state)
{
	struct io *io = xfs_new(false);
	struct error err;

	(void)state;
	if (!io)
		skip();
	for (unsigned root = ROOT_BY_BLOCK; root <= ROOT_BY_SIZE; root++)
		add(io, AG + root * BLOCK + HEADER + 4, 4, 1);
	add(io, AGF + 52, 4, 1);
	add(io, AGF + 56, 4, 1);
	add(io, 144, 8, 1);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_CORRUPT);
	assert_string_equal(err.what, "free space by size of allocation group 1");
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_levels_are_walked),
		cmocka_unit_test(a_walk_ends_where_it_is_told),
		cmocka_unit_test(a_spoilt_root_is_refused),
		cmocka_unit_test(a_spoilt_leaf_is_refused),
		cmocka_unit_test(records_in_disorder_are_refused),
		cmocka_unit_test(counters_of_a_group_are_compared_with_its_trees),
		cmocka_unit_test(a_tree_is_never_free),
		cmocka_unit_test(a_run_ends_with_its_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
