/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The io of a file and the window over it, on a sparse file in the temporary folder. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/io.h"
#include "tests/lib/test.h"

#define SIZE (8 * MIB)
#define DATA_AT (2 * MIB)
#define DATA_LEN (1 * MIB)
#define WRITTEN (2 * SIZE) /* so much that the first part is waited for */

/* A file of SIZE, a hole but for DATA_LEN bytes of 'x' at DATA_AT, without a name. */
static int open_sparse(void)
{
	char name[] = "/tmp/achica-io-XXXXXX";
	int fd = mkstemp(name);
	char *data = malloc(DATA_LEN);

	assert_true(fd >= 0);
	assert_non_null(data);
	unlink(name);
	memset(data, 'x', DATA_LEN);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, data, DATA_LEN, DATA_AT), (ssize_t)DATA_LEN);
	free(data);
	return fd;
}

/* What the next wait for written bytes is answered with; 0: all is well. */
static int wait_errno;

/* In place of the C library's. Like the kernel, it tells of a failure once. */
int sync_file_range(int fd, off_t at, off_t len, unsigned flags)
{
	(void)fd;
	(void)at;
	(void)len;
	if (!(flags & SYNC_FILE_RANGE_WAIT_AFTER) || wait_errno == 0)
		return 0;
	errno = wait_errno;
	wait_errno = 0;
	return -1;
}

static struct io *sparse(bool write)
{
	struct error err;
	struct io *io = NULL;

	error_clear(&err);
	assert_int_equal(io_file_adopt(open_sparse(), "sparse", write, &io, &err), 0);
	assert_int_equal(io->size, SIZE);
	return io;
}

static void holes_are_not_data(void **state)
{
	struct io *io = sparse(false);
	struct extent data;

	(void)state;
	assert_int_equal(io_next_data(io, 0, &data), 0);
	assert_int_equal(data.start, DATA_AT);
	assert_int_equal(data.len, DATA_LEN);
	assert_int_equal(io_next_data(io, DATA_AT + 4096, &data), 0);
	assert_int_equal(data.start, DATA_AT + 4096);
	assert_int_equal(extent_end(data), DATA_AT + DATA_LEN);
	assert_int_equal(io_next_data(io, DATA_AT + DATA_LEN, &data), 1);
	assert_int_equal(io_next_data(io, SIZE, &data), 1);
	io_close(io);
}

static void punching_makes_a_hole_that_reads_zero(void **state)
{
	struct io *io = sparse(true);
	unsigned char buf[4096];
	uint64_t before, after;
	struct extent data;

	(void)state;
	assert_int_equal(io_file_allocated(io, &before), 0);
	assert_int_equal(io_next_data(io, 0, &data), 0);
	assert_int_equal(io_punch(io, (struct extent){ DATA_AT, 4096 }), 0);
	assert_int_equal(io_next_data(io, DATA_AT, &data), 0);
	assert_int_equal(data.start, DATA_AT + 4096);
	assert_int_equal(io_read(io, DATA_AT, buf, sizeof(buf)), 0);
	assert_true(bytes_are_zero(buf, sizeof(buf)));
	assert_int_equal(io_read(io, DATA_AT + 4096, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 'x');
	assert_int_equal(io_file_allocated(io, &after), 0);
	assert_true(after < before);
	io_close(io);
}

static void zeroing_reaches_its_range_alone(void **state)
{
	struct io *io = sparse(true);
	unsigned char buf[8192];

	(void)state;
	assert_int_equal(io_zero(io, (struct extent){ DATA_AT + 1, 4096 }), 0);
	assert_int_equal(io_flush(io), 0);
	assert_int_equal(io_read(io, DATA_AT, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 'x');
	assert_true(bytes_are_zero(buf + 1, 4096));
	assert_int_equal(buf[4097], 'x');
	io_close(io);
}

static void out_of_range_never_reaches_the_file(void **state)
{
	struct io *io = sparse(true);
	char byte = 'y';

	(void)state;
	assert_int_equal(io_write(io, SIZE, &byte, 1), -EINVAL);
	assert_int_equal(io_write(io, UINT64_MAX, &byte, 1), -EINVAL);
	assert_int_equal(io_read(io, SIZE - 1, &byte, 2), -EINVAL);
	assert_int_equal(io_punch(io, (struct extent){ 4096, UINT64_MAX - 4096 }), -EINVAL);
	assert_int_equal(io_zero(io, (struct extent){ SIZE - 4096, 4097 }), -EINVAL);
	assert_int_equal(io->failure.errnum, EINVAL);
	assert_int_equal(io->failure.at, SIZE);
	assert_true(io->failure.writing);
	io_close(io);
}

static void read_only_refuses_every_write(void **state)
{
	struct io *io = sparse(false);
	char byte = 'y';

	(void)state;
	assert_int_equal(io_write(io, 0, &byte, 1), -EROFS);
	assert_int_equal(io_zero(io, (struct extent){ 0, 4096 }), -EROFS);
	assert_int_equal(io_punch(io, (struct extent){ 0, 4096 }), -EROFS);
	io_close(io);
}

static void the_first_failure_is_reported(void **state)
{
	struct io *io = sparse(false);
	struct error err;
	char byte;

	(void)state;
	io_read(io, SIZE + 5, &byte, 1);
	io_write(io, 7, &byte, 1);
	error_clear(&err);
	assert_int_equal(io_report(io, WHY_CORRUPT, ENOENT, &err), -EINVAL);
	assert_int_equal(err.why, WHY_READ);
	assert_int_equal(err.at, SIZE + 5);
	assert_string_equal(err.what, "sparse");
	io_close(io);
}

static void a_window_joins_its_parts(void **state)
{
	static const struct extent parts[] = {
		{ DATA_AT + 4096, 8192 }, /* data */
		{ 0, 4096 },              /* a hole */
		{ DATA_AT, 4096 },        /* data, before the first part */
	};
	struct io *io = sparse(true);
	struct io *w = NULL;
	unsigned char buf[16384];
	struct extent data;

	(void)state;
	assert_int_equal(io_window_new(io, parts, 3, &w), 0);
	assert_int_equal(w->size, 16384);
	assert_int_equal(io_read(w, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[8191], 'x');
	assert_true(bytes_are_zero(buf + 8192, 4096));
	assert_int_equal(buf[12288], 'x');
	assert_int_equal(io_next_data(w, 8192, &data), 0);
	assert_int_equal(data.start, 12288);
	assert_int_equal(data.len, 4096);

	memset(buf, 'y', sizeof(buf));
	assert_int_equal(io_write(w, 8000, buf, 5000), 0);
	assert_int_equal(io_read(io, DATA_AT + 4096 + 7999, buf, 2), 0);
	assert_memory_equal(buf, "xy", 2);
	assert_int_equal(io_read(io, DATA_AT + 5000 - 192 - 4096 - 1, buf, 2), 0);
	assert_memory_equal(buf, "yx", 2);
	assert_int_equal(io_read(w, 16384, buf, 1), -EINVAL);
	io_close(w);
	io_close(io);
}

static void a_window_outside_is_refused(void **state)
{
	static const struct extent bad[] = {
		{ SIZE, 1 },
		{ SIZE - 1, 2 },
		{ 0, 0 },
		{ UINT64_MAX, 2 },
		{ 1, UINT64_MAX },
	};
	struct io *io = sparse(false);
	struct io *w = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(io_window_new(io, &bad[i], 1, &w), -EINVAL);
	io_close(io);
}

static int collect(void *arg, struct extent e)
{
	uint64_t *sum = arg;

	*sum += e.len;
	return e.len == 4096 ? 42 : 0;
}

static void the_walk_over_data_leaves_holes_out(void **state)
{
	struct io *io = sparse(false);
	uint64_t sum = 0;

	(void)state;
	assert_int_equal(io_walk_data(io, (struct extent){ 0, SIZE }, collect, &sum), 0);
	assert_int_equal(sum, DATA_LEN);
	sum = 0;
	assert_int_equal(io_walk_data(io, (struct extent){ 4096, 8192 }, collect, &sum), 0);
	assert_int_equal(sum, 0);
	assert_int_equal(io_walk_data(io, (struct extent){ DATA_AT - 1, 4097 }, collect, &sum), 42);
	io_close(io);
}

/* The answer of the flush after so much was written that an earlier part was waited for, and that
   wait failed with errnum. */
static int flush_after_wait(int errnum)
{
	struct io *io = sparse(true);
	char *data = calloc(1, DATA_LEN);
	int r;

	assert_non_null(data);
	wait_errno = errnum;
	for (uint64_t i = 0; i < WRITTEN / DATA_LEN; i++)
		assert_int_equal(io_write(io, i * DATA_LEN % SIZE, data, DATA_LEN), 0);
	free(data);
	assert_int_equal(wait_errno, 0);
	r = io_flush(io);
	assert_int_equal(io_flush(io), 0);
	io_close(io);
	return r;
}

static void a_write_that_failed_late_fails_the_flush(void **state)
{
	static const int of_devices[] = { EIO, ENOSPC, ENODATA, EREMOTEIO, ETIMEDOUT, EILSEQ };
	static const int of_no_device[] = { EINVAL, ESPIPE, ENOSYS };

	(void)state;
	for (size_t i = 0; i < sizeof(of_devices) / sizeof(of_devices[0]); i++)
		assert_int_equal(flush_after_wait(of_devices[i]), -of_devices[i]);
	for (size_t i = 0; i < sizeof(of_no_device) / sizeof(of_no_device[0]); i++)
		assert_int_equal(flush_after_wait(of_no_device[i]), 0);
}

static void neither_file_nor_device_is_refused(void **state)
{
	struct error err;
	struct io *io = NULL;

	(void)state;
	error_clear(&err);
	assert_int_equal(io_file_open("/dev/null", false, &io, &err), -ENOTBLK);
	assert_int_equal(err.why, WHY_OPEN);
	error_clear(&err);
	assert_int_equal(io_file_open("/nonexistent", false, &io, &err), -ENOENT);
	assert_string_equal(err.what, "/nonexistent");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_not_data),
		cmocka_unit_test(punching_makes_a_hole_that_reads_zero),
		cmocka_unit_test(zeroing_reaches_its_range_alone),
		cmocka_unit_test(out_of_range_never_reaches_the_file),
		cmocka_unit_test(read_only_refuses_every_write),
		cmocka_unit_test(the_first_failure_is_reported),
		cmocka_unit_test(a_window_joins_its_parts),
		cmocka_unit_test(a_window_outside_is_refused),
		cmocka_unit_test(the_walk_over_data_leaves_holes_out),
		cmocka_unit_test(a_write_that_failed_late_fails_the_flush),
		cmocka_unit_test(neither_file_nor_device_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
