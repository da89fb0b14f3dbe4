/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The methods that change a disk, punch and write: what they reach, what they never touch. */

#include <errno.h>
#include <string.h>

#include "achica/units.h"
#include "tests/lib/engine_disk.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/test.h"

typedef int method_fn(struct fs *fs, bool dry, const struct watch *watch, struct error *err);

static method_fn *const methods[] = { engine_punch, engine_write };
#define METHODS (sizeof(methods) / sizeof(methods[0]))

static int run(struct disk *d, method_fn *method, struct log *log)
{
	struct error err;
	int rc;

	error_clear(&err);
	rc = method(d->fs, false, &log->watch, &err);
	/* An error of the engine's own has a reason. */
	if (rc && rc != -ECANCELED)
		assert_int_not_equal(err.why, WHY_NONE);
	return rc;
}

static void all_free_bytes_become_zero_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		struct disk d;
		struct log log;

		disk_make(&d, 0, 0, 0);
		log_make(&log);
		assert_int_equal(run(&d, methods[i], &log), 0);
		assert_true(disk_free_is_zero(&d));
		assert_true(disk_used_is_untouched(&d));
		assert_true(disk_changed_only_free(&d));
		assert_int_equal(log_dealt(&log), d.free);
		assert_int_equal(log.sums[DID_HOLE], d.hole);
		assert_false(log.descended);
		assert_int_equal(io_mem_flushes(d.mem), 1);
		disk_free(&d);
	}
}

static void punch_reads_only_the_smallest_and_gives_all_back(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	d.trace->tells_holes = true;
	log_make(&log);
	assert_int_equal(run(&d, engine_punch, &log), 0);
	/* Those of 4 and 8 KiB, in which there may be no whole block of the host. */
	assert_true(io_trace_bytes(d.trace, IO_TRACE_READ) <= 32 * 1024);
	assert_int_equal(io_trace_count(d.trace, IO_TRACE_PUNCH), 8);
	assert_int_equal(io_mem_allocated(d.mem), DISK_SIZE - d.free);
	assert_int_equal(log.sums[DID_ZEROED] + log.sums[DID_ZERO], d.free - d.hole);
	assert_true(log.sums[DID_ZERO] <= 32 * 1024);
	disk_free(&d);
}

static void write_zeroes_only_what_is_stale(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	assert_int_equal(log.sums[DID_ZEROED], d.stale);
	assert_int_equal(log.sums[DID_ZERO], d.free - d.hole - d.stale);
	assert_int_equal(io_trace_bytes(d.trace, IO_TRACE_WRITE) +
			 io_trace_bytes(d.trace, IO_TRACE_ZERO), d.stale);
	disk_free(&d);
}

static void write_makes_no_hole_solid(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	assert_int_equal(io_mem_allocated(d.mem), d.allocated);
	disk_free(&d);
}

static void a_second_write_changes_nothing(void **state)
{
	struct disk d;
	struct log log;
	size_t changes;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	changes = io_trace_changes(d.trace);
	assert_true(changes > 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	assert_int_equal(io_trace_changes(d.trace), changes);
	assert_int_equal(log.sums[DID_ZEROED], 0);
	disk_free(&d);
}

static void a_second_punch_finds_holes(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_punch, &log), 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_punch, &log), 0);
	assert_int_equal(log.sums[DID_HOLE], d.free);
	assert_int_equal(log.sums[DID_ZEROED], 0);
	disk_free(&d);
}

static void small_extents_near_each_other_are_read_at_once(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	/* One for the first four, 5 or 6 in the large one, two around the hole, one at the end. */
	assert_in_range(io_trace_count(d.trace, IO_TRACE_READ), 6, 12);
	disk_free(&d);
}

static void a_dry_run_counts_and_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		struct error err;
		struct disk d;
		struct log log;

		disk_make(&d, 0, 0, 0);
		log_make(&log);
		error_clear(&err);
		assert_int_equal(methods[i](d.fs, true, &log.watch, &err), 0);
		assert_int_equal(io_trace_changes(d.trace), 0);
		assert_int_equal(io_trace_count(d.trace, IO_TRACE_FLUSH), 0);
		assert_int_equal(log_dealt(&log), d.free);
		assert_true(log.sums[DID_ZEROED] >= d.stale);
		disk_free(&d);
	}
}

static void where_nothing_can_be_punched_nothing_was_changed(void **state)
{
	struct error err;
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	io_mem_can(d.mem, true, false);
	log_make(&log);
	error_clear(&err);
	assert_int_equal(engine_punch(d.fs, false, &log.watch, &err), -EOPNOTSUPP);
	assert_int_equal(err.why, WHY_NO_PUNCH);
	assert_int_equal(log.sums[DID_ZEROED], 0);
	assert_int_equal(io_trace_bytes(d.trace, IO_TRACE_PUNCH), 0);
	disk_free(&d);
}

/* Every call that tells something is answered with "stop", one after another. */
static void a_stop_at_any_moment_leaves_used_bytes_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		int rc = -ECANCELED;

		for (unsigned n = 1; rc == -ECANCELED; n++) {
			struct disk d;
			struct log log;

			disk_make(&d, 0, 0, 0);
			log_make(&log);
			log.cancel_at = n;
			rc = run(&d, methods[i], &log);
			assert_true(disk_used_is_untouched(&d));
			assert_int_equal(log.calls, rc ? n : n - 1);
			disk_free(&d);
			assert_true(n < 1000);
		}
		assert_int_equal(rc, 0);
	}
}

/* What was told when it was stopped is as true as at the end. */
static void a_stop_is_flushed(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		const struct io_trace_call *calls;
		struct disk d;
		struct log log;
		size_t n;

		disk_make(&d, 0, 0, 0);
		log_make(&log);
		log.cancel_at = 4;
		assert_int_equal(run(&d, methods[i], &log), -ECANCELED);
		assert_true(io_trace_changes(d.trace) > 0);
		calls = io_trace_calls(d.trace, &n);
		assert_int_equal(calls[n - 1].op, IO_TRACE_FLUSH);
		disk_free(&d);
	}
}

static size_t changes_after_failure(const struct disk *d)
{
	size_t n, i = 0, after = 0;
	const struct io_trace_call *calls = io_trace_calls(d->trace, &n);

	while (i < n && calls[i].result >= 0)
		i++;
	/* Those of the same range are its three tries. */
	for (size_t k = i + 1; k < n; k++)
		after += calls[k].result == 0 && calls[k].op != IO_TRACE_READ &&
			 calls[k].op != IO_TRACE_NEXT_DATA && calls[k].op != IO_TRACE_FLUSH &&
			 !extent_overlaps(calls[k].extent, calls[i].extent);
	return after;
}

/* The device is gone from one call on: the first error ends it, whichever call it is. */
static void every_failure_ends_it_when_the_device_is_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		bool hit = true;

		for (uint64_t n = 1; hit; n++) {
			struct disk d;
			struct log log;
			int rc;

			disk_make(&d, IO_FAULT_ALL, n, ENODEV);
			log_make(&log);
			rc = run(&d, methods[i], &log);
			hit = io_fault_hit(d.fault);
			/* Only a read that comprises gaps is tried once more, piece by piece. */
			if (rc)
				assert_int_equal(rc, -ENODEV);
			if (rc)
				assert_int_equal(changes_after_failure(&d), 0);
			assert_true(disk_used_is_untouched(&d));
			assert_true(rc || disk_free_is_zero(&d));
			disk_free(&d);
			assert_true(n < 1000);
		}
	}
}

/* What fails once for a moment is done at the second try. */
static void a_moment_of_failure_is_mended_by_trying_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		bool hit = true;

		for (uint64_t n = 1; hit; n++) {
			struct disk d;
			struct log log;

			disk_make(&d, IO_FAULT_READ | IO_FAULT_WRITE | IO_FAULT_ZERO |
				  IO_FAULT_PUNCH, n, EIO);
			log_make(&log);
			assert_int_equal(run(&d, methods[i], &log), 0);
			hit = io_fault_hit(d.fault);
			assert_int_equal(log.questions, 0);
			assert_true(disk_free_is_zero(&d));
			assert_true(disk_used_is_untouched(&d));
			disk_free(&d);
			assert_true(n < 1000);
		}
	}
}

static void a_failed_flush_is_a_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		struct error err;
		struct disk d;
		struct log log;

		disk_make(&d, IO_FAULT_FLUSH, 1, EIO);
		log_make(&log);
		error_clear(&err);
		assert_int_equal(methods[i](d.fs, false, &log.watch, &err), -EIO);
		assert_int_equal(err.why, WHY_FLUSH);
		disk_free(&d);
	}
}

static void a_bad_sector_costs_its_grain_alone(void **state)
{
	const struct extent bad = { 2 * MIB + 512, 512 };
	static const unsigned ops[] = { IO_FAULT_READ, IO_FAULT_WRITE | IO_FAULT_ZERO };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct disk d;
		struct log log;

		disk_make(&d, ops[i], 0, EIO);
		io_fault_range(d.fault, bad);
		log_make(&log);
		assert_int_equal(run(&d, engine_write, &log), 0);
		assert_int_equal(log.questions, 1);
		assert_int_equal(log.failed, 4096);
		assert_int_equal(log.sums[DID_FAILED], 4096);
		assert_int_equal(log_dealt(&log), d.free);
		assert_true(disk_used_is_untouched(&d));
		disk_free(&d);
	}
}

static void a_bad_grain_is_tried_three_times(void **state)
{
	struct disk d;
	struct log log;
	const struct io_trace_call *calls;
	unsigned tries = 0;
	size_t n;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 2 * MIB, 512 });
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	calls = io_trace_calls(d.trace, &n);
	for (size_t i = 0; i < n; i++)
		tries += calls[i].result == -EIO && calls[i].extent.len == 4096;
	assert_int_equal(tries, 3);
	disk_free(&d);
}

/* A disk that went away is not asked about each of its grains. */
static void a_device_that_is_gone_is_no_question(void **state)
{
	static const int errnums[] = { ENODEV, ENXIO, ENOSPC, EROFS };

	(void)state;
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		struct disk d;
		struct log log;

		disk_make(&d, IO_FAULT_ALL & ~(unsigned)IO_FAULT_NEXT_DATA, 0, errnums[i]);
		io_fault_range(d.fault, (struct extent){ 2 * MIB, DISK_SIZE });
		log_make(&log);
		assert_int_equal(run(&d, engine_write, &log), -errnums[i]);
		assert_int_equal(log.questions, 0);
		assert_true(io_fault_calls(d.fault) < 50);
		disk_free(&d);
	}
}

static void bad_neighbours_are_one_question(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 2 * MIB, 100 * 4096 });
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	assert_int_equal(log.questions, 1);
	assert_int_equal(log.failed, 100 * 4096);
	disk_free(&d);
}

static void the_answer_to_a_failure_can_end_it(void **state)
{
	struct disk d;
	struct log log;
	uint64_t dealt;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 2 * MIB, 512 });
	log_make(&log);
	log.answer = -ECANCELED;
	assert_int_equal(run(&d, engine_write, &log), -ECANCELED);
	dealt = log_dealt(&log);
	assert_true(dealt < 2 * MIB);
	assert_int_equal(changes_after_failure(&d), 0);
	disk_free(&d);
}

static void a_failure_in_used_space_between_does_no_harm(void **state)
{
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 73 * 1024, 512 });
	log_make(&log);
	assert_int_equal(run(&d, engine_write, &log), 0);
	assert_int_equal(log.questions, 0);
	assert_true(disk_free_is_zero(&d));
	disk_free(&d);
}

/* All stale, with or without zeros from some place on. */
static uint64_t bytes_read_of(uint64_t stale, bool tells_holes, bool dry)
{
	const uint64_t size = 128 * MIB;
	const struct extent all = { 0, size };
	struct io *mem = io_mem_new(size);
	struct io *trace = io_trace_new(mem);
	struct fs *fs = fs_fake_new(trace, &all, 1);
	struct error err;
	uint64_t bytes;

	error_clear(&err);
	io_mem_fill(mem, (struct extent){ 0, stale }, 1);
	io_mem_fill(mem, (struct extent){ stale, size - stale }, 0);
	trace->tells_holes = tells_holes;
	assert_int_equal(engine_write(fs, dry, NULL, &err), 0);
	bytes = io_trace_bytes(trace, IO_TRACE_READ);
	fs->driver->close(fs);
	io_close(trace);
	io_close(mem);
	return bytes;
}

static void what_is_all_stale_is_hardly_read(void **state)
{
	(void)state;
	assert_in_range(bytes_read_of(128 * MIB, true, false), 4 * MIB, 9 * MIB);
}

static void reading_comes_back_where_zeros_are(void **state)
{
	(void)state;
	assert_in_range(bytes_read_of(64 * MIB, true, false), 32 * MIB, 96 * MIB);
}

static void all_is_read_where_holes_are_not_told(void **state)
{
	(void)state;
	assert_in_range(bytes_read_of(128 * MIB, false, false), 128 * MIB, 129 * MIB);
}

static void all_is_read_in_a_dry_run(void **state)
{
	(void)state;
	assert_int_equal(bytes_read_of(128 * MIB, true, true), 128 * MIB);
}

static int claims_success(struct io *io, struct extent e)
{
	(void)io;
	(void)e;
	return 0;
}

/* The verdict over a device which says that it zeroed, and did nothing. */
static int run_on_a_liar(method_fn *method, bool tells_holes, enum why *why)
{
	const struct extent free[] = { { 0, MIB }, { 8 * MIB, 2 * MIB } };
	struct io *mem = io_mem_new(16 * MIB);
	struct io_ops lying = *mem->ops;
	struct fs *fs = fs_fake_new(mem, free, 2);
	struct error err;
	int rc;

	error_clear(&err);
	io_mem_fill(mem, (struct extent){ 0, 16 * MIB }, 1);
	lying.punch = claims_success;
	lying.zero = claims_success;
	mem->ops = &lying;
	mem->tells_holes = tells_holes;
	rc = method(fs, false, NULL, &err);
	*why = err.why;
	fs->driver->close(fs);
	io_close(mem);
	return rc;
}

static void a_device_that_lies_about_zeros_is_found_out(void **state)
{
	enum why why;

	(void)state;
	for (size_t i = 0; i < METHODS; i++) {
		assert_int_equal(run_on_a_liar(methods[i], false, &why), -EIO);
		assert_int_equal(why, WHY_VERIFY);
	}
}

static void what_a_file_system_punched_is_not_read(void **state)
{
	enum why why;

	(void)state;
	assert_int_equal(run_on_a_liar(engine_punch, true, &why), 0);
	assert_int_equal(why, WHY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_free_bytes_become_zero_and_no_other),
		cmocka_unit_test(punch_reads_only_the_smallest_and_gives_all_back),
		cmocka_unit_test(write_zeroes_only_what_is_stale),
		cmocka_unit_test(write_makes_no_hole_solid),
		cmocka_unit_test(a_second_write_changes_nothing),
		cmocka_unit_test(a_second_punch_finds_holes),
		cmocka_unit_test(small_extents_near_each_other_are_read_at_once),
		cmocka_unit_test(a_dry_run_counts_and_changes_nothing),
		cmocka_unit_test(where_nothing_can_be_punched_nothing_was_changed),
		cmocka_unit_test(a_stop_at_any_moment_leaves_used_bytes_alone),
		cmocka_unit_test(a_stop_is_flushed),
		cmocka_unit_test(every_failure_ends_it_when_the_device_is_gone),
		cmocka_unit_test(a_moment_of_failure_is_mended_by_trying_again),
		cmocka_unit_test(a_failed_flush_is_a_failure),
		cmocka_unit_test(a_bad_sector_costs_its_grain_alone),
		cmocka_unit_test(a_bad_grain_is_tried_three_times),
		cmocka_unit_test(a_device_that_is_gone_is_no_question),
		cmocka_unit_test(bad_neighbours_are_one_question),
		cmocka_unit_test(the_answer_to_a_failure_can_end_it),
		cmocka_unit_test(a_failure_in_used_space_between_does_no_harm),
		cmocka_unit_test(what_is_all_stale_is_hardly_read),
		cmocka_unit_test(reading_comes_back_where_zeros_are),
		cmocka_unit_test(all_is_read_where_holes_are_not_told),
		cmocka_unit_test(all_is_read_in_a_dry_run),
		cmocka_unit_test(a_device_that_lies_about_zeros_is_found_out),
		cmocka_unit_test(what_a_file_system_punched_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
