/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The estimates, exact and sampled. The sampled one is tried with a hundred seeds on each of
 * several kinds of disk: the truth must lie in its interval at least 93 times.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "engine/shuffle.h"
#include "tests/lib/engine_disk.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"
#include "tests/lib/test.h"

#define SIZE (32 * MIB)
#define GRAIN 4096u
#define GRAINS (SIZE / GRAIN)
#define SEEDS 100
#define ENOUGH 93

/* Small numbers that look random, the same each time. */
static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Whether grain i is stale, on each kind of disk. */
static bool none(uint32_t *state, uint64_t i)
{
	(void)state;
	(void)i;
	return false;
}

static bool all(uint32_t *state, uint64_t i)
{
	(void)state;
	(void)i;
	return true;
}

static bool scattered_half(uint32_t *state, uint64_t i)
{
	(void)i;
	return noise(state) % 2 == 0;
}

static bool scattered_few(uint32_t *state, uint64_t i)
{
	(void)i;
	return noise(state) % 50 == 0;
}

static bool clustered_half(uint32_t *state, uint64_t i)
{
	(void)state;
	return i / 512 % 2 == 0;
}

static bool clustered_few(uint32_t *state, uint64_t i)
{
	(void)state;
	return i / 64 % 32 == 5;
}

static bool clustered_most(uint32_t *state, uint64_t i)
{
	(void)state;
	return i / 64 % 32 != 5;
}

/* A little everywhere, and one run that most samples miss. */
static bool uneven(uint32_t *state, uint64_t i)
{
	return noise(state) % 64 == 0 || (i >= 3000 && i < 3040);
}

struct kind {
	const char *name;
	bool (*stale)(uint32_t *state, uint64_t i);
};

static const struct kind kinds[] = {
	{ "none", none },
	{ "all", all },
	{ "scattered, half", scattered_half },
	{ "scattered, few", scattered_few },
	{ "clustered, half", clustered_half },
	{ "clustered, few", clustered_few },
	{ "clustered, most", clustered_most },
	{ "uneven", uneven },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A disk of which all is free and nothing a hole; returns its stale bytes. */
static uint64_t make(const struct kind *kind, struct io **io, struct fs **fs)
{
	const struct extent e = { 0, SIZE };
	uint32_t state = 1;
	uint64_t stale = 0;

	*io = io_mem_new(SIZE);
	io_mem_fill(*io, e, 0);
	for (uint64_t i = 0; i < GRAINS; i++) {
		if (!kind->stale(&state, i))
			continue;
		io_mem_fill(*io, (struct extent){ i * GRAIN + 100, 1 }, 1);
		stale += GRAIN;
	}
	*fs = fs_fake_new(*io, &e, 1);
	return stale;
}

static void end(struct io *io, struct fs *fs)
{
	fs->driver->close(fs);
	io_close(io);
}

static struct estimate sample(struct fs *fs, uint64_t seed, size_t chunks)
{
	struct sampler *sampler;
	struct estimate e;
	struct error err;

	error_clear(&err);
	assert_int_equal(sampler_new(fs, seed, NULL, &sampler, &err), 0);
	assert_true(sampler_more(sampler, chunks, NULL, &err) >= 0);
	sampler_result(sampler, &e);
	sampler_free(sampler);
	assert_true(e.known);
	assert_int_equal(e.hole + e.zero + e.stale, e.free);
	assert_true(e.stale_low <= e.stale && e.stale <= e.stale_high);
	assert_true(e.stale_high <= e.present);
	return e;
}

static void covers(size_t chunks)
{
	for (size_t k = 0; k < KINDS; k++) {
		struct io *io;
		struct fs *fs;
		uint64_t stale = make(&kinds[k], &io, &fs);
		unsigned hits = 0;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct estimate e = sample(fs, seed, chunks);

			hits += e.stale_low <= stale && stale <= e.stale_high;
		}
		if (hits < ENOUGH)
			print_message("%s: %u of %u\n", kinds[k].name, hits, SEEDS);
		assert_true(hits >= ENOUGH);
		end(io, fs);
	}
}

static void few_chunks_cover_the_truth(void **state)
{
	(void)state;
	covers(48);
}

static void many_chunks_cover_the_truth(void **state)
{
	(void)state;
	covers(400);
}

static void more_chunks_narrow_the_interval(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct io *io;
		struct fs *fs;
		struct estimate few, many;

		make(&kinds[k], &io, &fs);
		few = sample(fs, 7, 48);
		many = sample(fs, 7, 1600);
		assert_true(many.stale_high - many.stale_low < few.stale_high - few.stale_low);
		end(io, fs);
	}
}

static void a_sample_of_zeros_alone_is_not_certain(void **state)
{
	struct io *io;
	struct fs *fs;
	struct estimate e;

	(void)state;
	make(&kinds[0], &io, &fs);
	e = sample(fs, 1, 300);
	assert_int_equal(e.stale, 0);
	assert_int_equal(e.stale_low, 0);
	/* Three in three hundred, less what was read. */
	assert_in_range(e.stale_high, SIZE / 110, SIZE / 100);
	assert_false(e.exact);
	end(io, fs);
}

static void all_chunks_are_exact(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct sampler *sampler;
		struct estimate e;
		struct error err;
		struct io *io;
		struct fs *fs;
		uint64_t stale = make(&kinds[k], &io, &fs);
		int rc;

		error_clear(&err);
		assert_int_equal(sampler_new(fs, k, NULL, &sampler, &err), 0);
		do {
			rc = sampler_more(sampler, 777, NULL, &err);
			assert_true(rc >= 0);
		} while (rc == 0);
		sampler_result(sampler, &e);
		assert_true(e.exact);
		assert_int_equal(e.sampled, SIZE);
		assert_int_equal(e.stale, stale);
		assert_int_equal(e.stale_low, stale);
		assert_int_equal(e.stale_high, stale);
		assert_int_equal(sampler_more(sampler, 777, NULL, &err), 1);
		sampler_free(sampler);
		end(io, fs);
	}
}

static void nothing_is_read_twice_nor_out_of_order(void **state)
{
	struct sampler *sampler;
	struct error err;
	struct disk d;
	const struct io_trace_call *calls;
	uint64_t at = 0;
	size_t n;

	(void)state;
	disk_make(&d, 0, 0, 0);
	error_clear(&err);
	assert_int_equal(sampler_new(d.fs, 3, NULL, &sampler, &err), 0);
	assert_int_equal(sampler_more(sampler, 100, NULL, &err), 0);
	calls = io_trace_calls(d.trace, &n);
	for (size_t i = 0; i < n; i++) {
		if (calls[i].op != IO_TRACE_READ)
			continue;
		assert_true(calls[i].extent.start >= at);
		at = extent_end(calls[i].extent);
	}
	assert_true(at > 0);
	while (sampler_more(sampler, 100, NULL, &err) == 0)
		;
	/* Gaps between small extents may be read by two batches. */
	assert_in_range(io_trace_bytes(d.trace, IO_TRACE_READ), d.free - d.hole,
			d.free - d.hole + 64 * KIB);
	sampler_free(sampler);
	disk_free(&d);
}

static void holes_are_counted_without_reading(void **state)
{
	struct sampler *sampler;
	struct estimate e;
	struct error err;
	struct disk d;

	(void)state;
	disk_make(&d, 0, 0, 0);
	error_clear(&err);
	assert_int_equal(sampler_new(d.fs, 1, NULL, &sampler, &err), 0);
	sampler_result(sampler, &e);
	assert_false(e.known);
	assert_int_equal(e.free, d.free);
	assert_int_equal(e.hole, d.hole);
	assert_int_equal(e.present, d.free - d.hole);
	assert_int_equal(io_trace_count(d.trace, IO_TRACE_READ), 0);
	while (sampler_more(sampler, 64, NULL, &err) == 0)
		;
	sampler_result(sampler, &e);
	assert_true(e.exact);
	assert_int_equal(e.stale, d.stale);
	sampler_free(sampler);
	disk_free(&d);
}

static void no_free_space_is_exact_at_once(void **state)
{
	struct io *io = io_mem_new(MIB);
	struct fs *fs = fs_fake_new(io, NULL, 0);
	struct sampler *sampler;
	struct estimate e;
	struct error err;

	(void)state;
	error_clear(&err);
	assert_int_equal(sampler_new(fs, 1, NULL, &sampler, &err), 0);
	assert_int_equal(sampler_more(sampler, 10, NULL, &err), 1);
	sampler_result(sampler, &e);
	assert_true(e.known && e.exact);
	assert_int_equal(e.stale_high, 0);
	sampler_free(sampler);
	end(io, fs);
}

static void a_stopped_batch_counts_for_nothing(void **state)
{
	struct sampler *sampler;
	struct estimate e;
	struct error err;
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	log.cancel_at = 5;
	error_clear(&err);
	assert_int_equal(sampler_new(d.fs, 1, &log.watch, &sampler, &err), 0);
	assert_int_equal(sampler_more(sampler, 100, &log.watch, &err), -ECANCELED);
	sampler_result(sampler, &e);
	assert_int_equal(e.sampled, 0);
	while (sampler_more(sampler, 100, NULL, &err) == 0)
		;
	sampler_result(sampler, &e);
	assert_true(e.exact);
	assert_int_equal(e.stale, d.stale);
	sampler_free(sampler);
	disk_free(&d);
}

static void what_cannot_be_read_widens_the_interval(void **state)
{
	struct sampler *sampler;
	struct estimate e;
	struct error err;
	struct disk d;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 2 * MIB, 3 * 4096 });
	error_clear(&err);
	assert_int_equal(sampler_new(d.fs, 1, NULL, &sampler, &err), 0);
	assert_int_equal(sampler_more(sampler, 100000, NULL, &err), 1);
	sampler_result(sampler, &e);
	assert_false(e.exact);
	assert_int_equal(e.sampled, e.present - 3 * 4096);
	assert_int_equal(e.stale_high - e.stale_low, 3 * 4096);
	sampler_free(sampler);
	disk_free(&d);
}

static void the_scan_is_exact_and_tells_holes_and_reads(void **state)
{
	struct estimate e;
	struct error err;
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, 0, 0, 0);
	log_make(&log);
	error_clear(&err);
	assert_int_equal(engine_scan(d.fs, &log.watch, &e, &err), 0);
	assert_true(e.known && e.exact);
	assert_int_equal(e.free, d.free);
	assert_int_equal(e.hole, d.hole);
	assert_int_equal(e.stale, d.stale);
	assert_int_equal(e.hole + e.zero + e.stale, e.free);
	assert_int_equal(log.sums[DID_HOLE], d.hole);
	assert_int_equal(log_dealt(&log), d.hole);
	assert_int_equal(io_trace_changes(d.trace), 0);
	disk_free(&d);
}

static void the_scan_says_what_it_could_not_read(void **state)
{
	struct estimate e;
	struct error err;
	struct disk d;
	struct log log;

	(void)state;
	disk_make(&d, IO_FAULT_READ, 0, EIO);
	io_fault_range(d.fault, (struct extent){ 2 * MIB, 512 });
	log_make(&log);
	error_clear(&err);
	assert_int_equal(engine_scan(d.fs, &log.watch, &e, &err), 0);
	assert_false(e.exact);
	assert_int_equal(e.stale_high - e.stale_low, 4096);
	assert_int_equal(log.sums[DID_FAILED], 4096);
	disk_free(&d);
}

static void verify_finds_the_first_byte_that_is_not_zero(void **state)
{
	struct error err;
	struct disk d;
	const unsigned char one = 1;

	(void)state;
	disk_make(&d, 0, 0, 0);
	error_clear(&err);
	assert_int_equal(engine_verify(d.fs, NULL, &err), -EIO);
	assert_int_equal(err.why, WHY_VERIFY);
	assert_int_equal(err.at, 64 * KIB);
	error_clear(&err);
	assert_int_equal(engine_write(d.fs, false, NULL, &err), 0);
	assert_int_equal(engine_verify(d.fs, NULL, &err), 0);
	io_mem_poke(d.mem, 3 * MIB + 77, &one, 1);
	assert_int_equal(engine_verify(d.fs, NULL, &err), -EIO);
	assert_int_equal(err.at, 3 * MIB + 77);
	disk_free(&d);
}

static void a_shuffle_has_each_number_once(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 255, 256, 257, 1000, 4096, 65537 };

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		unsigned char *seen = calloc(sizes[k], 1);
		struct shuffle s;

		assert_non_null(seen);
		shuffle_init(&s, sizes[k], 42);
		for (uint64_t i = 0; i < sizes[k]; i++) {
			uint64_t n = shuffle_at(&s, i);

			assert_true(n < sizes[k]);
			assert_int_equal(seen[n]++, 0);
		}
		free(seen);
	}
}

static void a_shuffle_depends_on_its_seed(void **state)
{
	struct shuffle a, b;
	unsigned same = 0;

	(void)state;
	shuffle_init(&a, 1000000, 1);
	shuffle_init(&b, 1000000, 2);
	for (uint64_t i = 0; i < 1000; i++)
		same += shuffle_at(&a, i) == shuffle_at(&b, i);
	assert_true(same < 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_chunks_cover_the_truth),
		cmocka_unit_test(many_chunks_cover_the_truth),
		cmocka_unit_test(more_chunks_narrow_the_interval),
		cmocka_unit_test(a_sample_of_zeros_alone_is_not_certain),
		cmocka_unit_test(all_chunks_are_exact),
		cmocka_unit_test(nothing_is_read_twice_nor_out_of_order),
		cmocka_unit_test(holes_are_counted_without_reading),
		cmocka_unit_test(no_free_space_is_exact_at_once),
		cmocka_unit_test(a_stopped_batch_counts_for_nothing),
		cmocka_unit_test(what_cannot_be_read_widens_the_interval),
		cmocka_unit_test(the_scan_is_exact_and_tells_holes_and_reads),
		cmocka_unit_test(the_scan_says_what_it_could_not_read),
		cmocka_unit_test(verify_finds_the_first_byte_that_is_not_zero),
		cmocka_unit_test(a_shuffle_has_each_number_once),
		cmocka_unit_test(a_shuffle_depends_on_its_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
