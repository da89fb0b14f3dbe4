/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The log of an XFS: where its head is, and whether an unmount is all there is before it. */

#include "fs/fs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"
#include "tests/lib/xfs.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BB 512u

static struct io *make(void)
{
	struct io *io = xfs_new(true);

	if (!io)
		skip();
	return io;
}

static uint64_t log_blocks(struct io *io)
{
	return xfs_get(io, 96, 4) * XFS_BLOCK / BB;
}

/* Rows are of the only record in a fresh log: its header, and behind it its one operation. */
static void a_log_without_an_unmount_at_its_end_is_refused(void **state)
{
	static const struct xfs_spoil rows[] = {
		{ 0, 4, 0, WHY_JOURNAL },            /* magic */
		{ 4, 4, 2, WHY_JOURNAL },            /* cycle */
		{ 8, 4, 1, WHY_JOURNAL },            /* version */
		{ 12, 4, 0, WHY_JOURNAL },           /* length */
		{ 12, 4, 1024, WHY_JOURNAL },
		{ 12, 4, UINT32_MAX, WHY_JOURNAL },
		{ 16, 8, 1, WHY_JOURNAL },           /* sequence number */
		{ 32, 4, 7, WHY_JOURNAL },           /* checksum */
		{ 40, 4, 2, WHY_JOURNAL },           /* operations */
		{ 304, 4, 0, WHY_JOURNAL },          /* UUID */
		{ 320, 4, UINT32_MAX, WHY_JOURNAL }, /* size */
		{ 320, 4, 65536, WHY_JOURNAL },
		{ 512, 4, 0, WHY_JOURNAL },          /* cycle of the data */
		{ 512 + 8, 1, 0x69, WHY_JOURNAL },   /* client: a transaction's */
		{ 512 + 9, 1, 0x01, WHY_JOURNAL },   /* flags: the start of one */
	};
	static const struct xfs_spoil written = { 0, 4, 1, WHY_JOURNAL };
	struct io *io = make();
	uint64_t start = xfs_log(io);
	struct error err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		xfs_spoil(io, &rows[i], start, 2 * BB, 0);
	/* Something was written behind it; at the end of the ring; or all of it is zero. */
	xfs_spoil(io, &written, start + 2 * BB, BB, 0);
	xfs_spoil(io, &written, start + 200 * BB, BB, 0);
	xfs_spoil(io, &written, start + (log_blocks(io) - 1) * BB, BB, 0);
	io_mem_fill(io, (struct extent){ start, 2 * BB }, 0);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_JOURNAL);
	io_close(io);
}

/* A ring in its cycle 7, the record (two blocks) at "at": before it all is of that cycle, behind it
   of the one before. A record that reaches the end, or goes over it, began in the one before. */
static void lay_log(struct io *io, uint64_t at)
{
	uint64_t start = xfs_log(io);
	uint64_t blocks = log_blocks(io);
	uint64_t header = start + at * BB;
	uint64_t data = start + (at + 1) % blocks * BB;
	unsigned char record[2 * BB];

	io_mem_peek(io, start, record, sizeof record);
	for (uint64_t b = 0; b < blocks; b++)
		xfs_put(io, start + b * BB, 4, b < (at + 2) % blocks ? 7 : 6);
	io_mem_poke(io, header, record, BB);
	io_mem_poke(io, data, record + BB, BB);
	xfs_put(io, header + 4, 4, at + 2 < blocks ? 7 : 6);
	xfs_put(io, header + 16, 4, at + 2 < blocks ? 7 : 6);
	xfs_put(io, header + 20, 4, at);
	xfs_put(io, data, 4, at + 2 == blocks ? 6 : 7);
}

static void the_head_is_found_anywhere_in_the_ring(void **state)
{
	static const struct xfs_spoil hole = { 0, 4, 9, WHY_JOURNAL };
	struct io *io = make();
	uint64_t blocks = log_blocks(io);
	const uint64_t places[] = { 0, 1, 2, 511, 4095, 4096, blocks / 2, blocks - 3, blocks - 2,
				    blocks - 1 };
	struct error err;

	(void)state;
	io_close(io);
	for (size_t i = 0; i < COUNT(places); i++) {
		io = make();
		lay_log(io, places[i]);
		assert_int_equal(xfs_use(io, &err), 0);
		xfs_spoil(io, &hole, xfs_log(io) + (places[i] + 40) % blocks * BB, BB, 0);
		xfs_spoil(io, &hole, xfs_log(io) + (places[i] + blocks - 20) % blocks * BB, BB, 0);
		io_close(io);
	}
}

static void two_cycles_in_a_ring_follow_each_other(void **state)
{
	struct io *io = make();
	uint64_t start = xfs_log(io);
	struct error err;

	(void)state;
	lay_log(io, 20);
	for (uint64_t b = 22; b < log_blocks(io); b++)
		xfs_put(io, start + b * BB, 4, 5);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_JOURNAL);
	io_close(io);
}

/* Only behind a record at the very start do they mean that the log was laid out anew. */
static void zeros_elsewhere_are_a_hole(void **state)
{
	struct io *io = make();
	struct error err;

	(void)state;
	lay_log(io, 20);
	assert_int_equal(xfs_use(io, &err), 0);
	io_mem_fill(io, (struct extent){ xfs_log(io) + 22 * BB, 490 * BB }, 0);
	assert_true(xfs_use(io, &err) < 0);
	assert_int_equal(err.why, WHY_JOURNAL);
	io_close(io);
}

/* As xfs_repair -L leaves it: cycle 4, and zeros up to the older blocks of cycle 3. */
static void a_log_laid_out_anew_is_clean_until_something_is_written(void **state)
{
	static const struct xfs_spoil written[] = {
		{ 2 * BB, 1, 1, WHY_JOURNAL },
		{ 3 * BB - 1, 1, 1, WHY_JOURNAL },
		{ 511 * BB + 40, 1, 1, WHY_JOURNAL },
		{ 512 * BB, 4, 0, WHY_JOURNAL },
		{ 600 * BB, 4, 4, WHY_JOURNAL },
		{ 0, 4, 0, WHY_JOURNAL },
		{ BB + 9, 1, 1, WHY_JOURNAL }, /* no unmount */
	};
	struct io *io = make();
	uint64_t start = xfs_log(io);
	struct error err;

	(void)state;
	for (uint64_t b = 512; b < log_blocks(io); b++)
		xfs_put(io, start + b * BB, 4, 3);
	xfs_put(io, start + 4, 4, 4);
	xfs_put(io, start + 16, 4, 4);
	xfs_put(io, start + BB, 4, 4);
	assert_int_equal(xfs_use(io, &err), 0);
	for (size_t i = 0; i < COUNT(written); i++) {
		struct xfs_spoil s = written[i];
		uint64_t block = s.at / BB * BB;

		s.at -= block;
		xfs_spoil(io, &s, start + block, BB, 0);
	}
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_without_an_unmount_at_its_end_is_refused),
		cmocka_unit_test(the_head_is_found_anywhere_in_the_ring),
		cmocka_unit_test(two_cycles_in_a_ring_follow_each_other),
		cmocka_unit_test(zeros_elsewhere_are_a_hole),
		cmocka_unit_test(a_log_laid_out_anew_is_clean_until_something_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
