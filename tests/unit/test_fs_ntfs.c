/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The NTFS driver on a small volume in memory, made by mkfs.ntfs and then spoilt. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "fs/fs.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SIZE (8 * MIB)

static struct io *volume(void)
{
	const char *const argv[] = { "mkfs.ntfs", "-q", "-Q", "-F", "-c", "4096", "@", NULL };
	struct io *io = mkfs_mem(SIZE, argv);

	if (!io)
		skip();
	return io;
}

static int use(struct io *io, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	error_clear(err);
	rc = fs_open(io, "ntfs", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	fs_close(fs);
	return rc;
}

static void a_clean_one_is_served_and_only_read(void **state)
{
	struct io *io = volume();
	struct io *trace = io_trace_new(io);
	struct error err;
	struct fs *fs;

	(void)state;
	error_clear(&err);
	assert_int_equal(fs_open(trace, "ntfs", &fs, &err), 0);
	assert_string_equal(fs->type, "ntfs");
	assert_int_equal(fs->unit, 4096);
	assert_int_equal(fs->size, SIZE - 4096); /* the last sector is no part of a cluster */
	assert_int_equal(fs->free, FS_FREE_UNKNOWN);
	fs_close(fs);
	assert_int_equal(use(trace, &err), 0);
	assert_int_equal(io_trace_changes(trace), 0);
	io_close(trace);
	io_close(io);
}

static void a_spoilt_boot_sector_is_refused(void **state)
{
	static const struct {
		unsigned at;
		unsigned char bytes[8];
		unsigned n;
		enum why why;
	} cases[] = {
		{ 3, "XTFS", 4, WHY_CORRUPT },
		{ 3, "-FVE-FS-", 8, WHY_CORRUPT },
		{ 0x0b, { 0, 0 }, 2, WHY_CORRUPT },
		{ 0x0b, { 1, 2 }, 2, WHY_CORRUPT },
		{ 0x0d, { 0 }, 1, WHY_CORRUPT },
		{ 0x0d, { 3 }, 1, WHY_CORRUPT },
		{ 0x0d, { 0x81 }, 1, WHY_CORRUPT },
		{ 0x0d, { 0xf3 }, 1, WHY_CORRUPT },
		{ 0x0d, { 1 }, 1, WHY_CORRUPT },
		{ 0x28, { 0, 0x41, 0, 0 }, 4, WHY_OUTSIDE },
		{ 0x28, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, WHY_OUTSIDE },
		{ 0x28, { 0, 0, 0, 0 }, 4, WHY_CORRUPT },
		{ 0x30, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, WHY_CORRUPT },
		{ 0x38, { 255, 255, 255, 0 }, 4, WHY_CORRUPT },
		{ 0x38, { 1, 0, 0, 0 }, 4, WHY_CORRUPT },
		{ 0x40, { 0 }, 1, WHY_CORRUPT },
	};
	struct io *io = volume();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned char was[8];
		struct error err;

		io_mem_peek(io, cases[i].at, was, cases[i].n);
		io_mem_poke(io, cases[i].at, cases[i].bytes, cases[i].n);
		assert_true(use(io, &err) < 0);
		if (err.why != cases[i].why)
			print_message("row %zu: %s %s\n", i, why_name(err.why), err.what);
		assert_int_equal(err.why, cases[i].why);
		assert_int_equal(io->failure.errnum, 0);
		io_mem_poke(io, cases[i].at, was, cases[i].n);
	}
	io_close(io);
}

static void the_window_may_end_anywhere(void **state)
{
	struct io *io = volume();

	(void)state;
	for (uint64_t size = 512; size < SIZE - 512; size += size < 8192 ? 512 : 65536) {
		struct extent part = { 0, size };
		struct io *window;
		struct error err;

		assert_int_equal(io_window_new(io, &part, 1, &window), 0);
		assert_true(use(window, &err) < 0);
		assert_int_equal(err.why, WHY_OUTSIDE);
		io_close(window);
	}
	io_close(io);
}

static void every_read_that_fails_is_told_with_its_place(void **state)
{
	struct io *io = volume();
	uint64_t n = 0;
	bool hit;

	(void)state;
	do {
		struct io *fault = io_fault_new(io, IO_FAULT_ALL, ++n, EIO);
		struct error err;
		int rc = use(fault, &err);

		hit = io_fault_hit(fault);
		assert_int_equal(rc, hit ? -EIO : 0);
		if (hit) {
			assert_int_equal(err.why, WHY_READ);
			assert_int_equal(err.at, fault->failure.at);
		}
		io_close(fault);
	} while (hit);
	assert_true(n > 8);
	io_close(io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_one_is_served_and_only_read),
		cmocka_unit_test(a_spoilt_boot_sector_is_refused),
		cmocka_unit_test(the_window_may_end_anywhere),
		cmocka_unit_test(every_read_that_fails_is_told_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
