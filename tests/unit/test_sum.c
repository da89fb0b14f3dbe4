/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The sum of what is in use: what changes it, and what does not. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "engine/engine.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define SIZE (4 * MIB)

static const struct extent free_space[] = {
	{ 64 * KIB, 4 * KIB }, { 1 * MIB, 1 * MIB }, { 3 * MIB + 512, 512 },
};

static struct fs *fs_over(struct io *io)
{
	struct fs *fs = fs_fake_new(io, free_space, 3);

	fs->unit = 512;
	return fs;
}

static int sum_of(struct io *io, struct sum *sum)
{
	struct fs *fs = fs_over(io);
	struct error err;
	int rc;

	error_clear(&err);
	rc = engine_sum(fs, false, NULL, sum, &err);
	fs->driver->close(fs);
	return rc;
}

static struct sum sum(struct io *io)
{
	struct sum sum;

	assert_int_equal(sum_of(io, &sum), 0);
	return sum;
}

static bool is_same(struct sum a, struct sum b)
{
	uint64_t at;

	return !sum_differs(&a, &b, &at);
}

static struct io *noise(void)
{
	struct io *io = io_mem_new(SIZE);

	io_mem_fill(io, (struct extent){ 0, SIZE }, 7);
	return io;
}

static void any_byte_in_use_counts(void **state)
{
	static const uint64_t places[] = {
		0, 64 * KIB - 1, 68 * KIB, 1 * MIB - 1, 2 * MIB, 3 * MIB + 511, 3 * MIB + 1024,
		SIZE - 1,
	};
	struct io *io = noise();
	struct sum before = sum(io);

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		unsigned char was, is;

		assert_int_equal(io_read(io, places[i], &was, 1), 0);
		is = was ^ 1;
		assert_int_equal(io_write(io, places[i], &is, 1), 0);
		assert_false(is_same(before, sum(io)));
		assert_int_equal(io_write(io, places[i], &was, 1), 0);
		assert_true(is_same(before, sum(io)));
	}
	io_close(io);
}

static void a_change_has_a_place(void **state)
{
	const unsigned char other = 9;
	struct io *io = noise();
	struct sum before = sum(io);

	(void)state;
	for (uint64_t at = 511; at < SIZE; at += 99 * KIB) {
		unsigned char was;
		struct sum after;
		uint64_t found;

		io_mem_peek(io, at, &was, 1);
		io_mem_poke(io, at, &other, 1);
		after = sum(io);
		if (sum_differs(&before, &after, &found))
			assert_true(found <= at && at - found < before.part);
		else
			assert_in_range(at, MIB, 2 * MIB - 1); /* free */
		io_mem_poke(io, at, &was, 1);
	}
	io_close(io);
}

static void free_space_does_not_count(void **state)
{
	struct io *io = noise();
	struct sum before = sum(io);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		io_mem_fill(io, free_space[i], 0);
	assert_true(is_same(before, sum(io)));
	io_close(io);
}

static void sectors_that_change_places_count(void **state)
{
	unsigned char a[512], b[512];
	struct io *io = noise();
	struct sum before;

	(void)state;
	memset(a, 1, sizeof(a));
	memset(b, 2, sizeof(b));
	io_mem_poke(io, 0, a, sizeof(a));
	io_mem_poke(io, 2 * MIB, b, sizeof(b));
	before = sum(io);
	io_mem_poke(io, 0, b, sizeof(b));
	io_mem_poke(io, 2 * MIB, a, sizeof(a));
	assert_false(is_same(before, sum(io)));
	io_close(io);
}

static void a_hole_is_as_good_as_zeros(void **state)
{
	const struct extent hole = { 2 * MIB + 512, 256 * KIB };
	struct io *io = noise();
	struct sum before;

	(void)state;
	io_mem_fill(io, hole, 0);
	before = sum(io);
	assert_int_equal(io_punch(io, hole), 0);
	assert_true(is_same(before, sum(io)));
	io_close(io);
}

static int stop(void *arg, const struct error *err, struct extent e)
{
	(void)err;
	*(struct extent *)arg = e;
	return -EIO;
}

static void what_cannot_be_read_ends_it(void **state)
{
	struct extent failed = { 0, 0 };
	const struct watch watch = { NULL, stop, &failed };
	struct io *mem = noise();
	struct io *fault = io_fault_new(mem, IO_FAULT_READ, 0, EIO);
	struct fs *fs = fs_over(fault);
	struct error err;
	struct sum sum;

	(void)state;
	error_clear(&err);
	io_fault_range(fault, (struct extent){ 2 * MIB + 8192, 512 });
	assert_int_equal(engine_sum(fs, false, &watch, &sum, &err), -EIO);
	assert_in_range(failed.start, 2 * MIB, 2 * MIB + 8192);
	/* Later failures are told as what they are. */
	assert_int_equal(fs->io->failure.errnum, 0);
	fs->driver->close(fs);
	io_close(fault);
	io_close(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_byte_in_use_counts),
		cmocka_unit_test(a_change_has_a_place),
		cmocka_unit_test(free_space_does_not_count),
		cmocka_unit_test(sectors_that_change_places_count),
		cmocka_unit_test(a_hole_is_as_good_as_zeros),
		cmocka_unit_test(what_cannot_be_read_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
