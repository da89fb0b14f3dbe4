/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The forecast of disks in memory, against one that is counted grain by grain. Sampled, it is tried
 * with a hundred seeds on each of several kinds of disk: the truth must lie in its interval at
 * least 93 times. Compressing is played: a cluster comes to as much as its first byte says.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "engine/forecast.h"
#include "engine/pack.h"
#include "engine/qcow2.h"
#include "engine/squeeze.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/test.h"

#define SIZE (64 * MIB)
#define GRAIN (4 * KIB)
#define GRAINS (SIZE / GRAIN)
#define SEEDS 100
#define ENOUGH 93

static char squeezer;

struct squeeze_zlib *squeeze_zlib_new(void)
{
	return (struct squeeze_zlib *)&squeezer;
}

void squeeze_zlib_free(struct squeeze_zlib *z)
{
	(void)z;
}

size_t squeeze_zlib_size(struct squeeze_zlib *z, const unsigned char *cluster)
{
	(void)z;
	return cluster[0] == 0xff ? SQUEEZE_CLUSTER : 20000 + cluster[0] * 100u;
}

struct squeeze_zstd *squeeze_zstd_new(void)
{
	return (struct squeeze_zstd *)&squeezer;
}

void squeeze_zstd_free(struct squeeze_zstd *z)
{
	(void)z;
}

size_t squeeze_zstd_size(struct squeeze_zstd *z, const unsigned char *cluster)
{
	(void)z;
	return 10000 + cluster[0] * 100u;
}

/* Small numbers that look random, the same each time. */
static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* What grain i is: free or used, data or zero, or a hole. */
enum { FREE = 1, DATA = 2, HOLE = 4 };

static unsigned halves(uint32_t *state, uint64_t i)
{
	(void)state;
	return i < GRAINS / 2 ? DATA : FREE | DATA;
}

static unsigned clustered(uint32_t *state, uint64_t i)
{
	(void)state;
	return (i / 1500 % 3 ? FREE : DATA) | (i / 700 % 2 ? DATA : 0);
}

static unsigned scattered(uint32_t *state, uint64_t i)
{
	(void)i;
	return (noise(state) % 3 ? FREE : DATA) | (noise(state) % 4 ? DATA : 0);
}

static unsigned scattered_few(uint32_t *state, uint64_t i)
{
	return (i / 40 % 5 ? FREE : DATA) | (noise(state) % 100 ? 0 : DATA);
}

static unsigned clustered_few(uint32_t *state, uint64_t i)
{
	(void)state;
	return FREE | (i / 300 % 20 == 7 ? DATA : 0);
}

static unsigned used_zeros(uint32_t *state, uint64_t i)
{
	(void)state;
	return i / 2000 % 2 ? 0 : DATA;
}

static unsigned sparse(uint32_t *state, uint64_t i)
{
	if (i / 900 % 4 == 1)
		return HOLE | FREE;
	return (i / 33 % 2 ? FREE : DATA) | (noise(state) % 3 ? DATA : 0);
}

struct kind {
	const char *name;
	unsigned (*grain)(uint32_t *state, uint64_t i);
};

static const struct kind kinds[] = {
	{ "halves", halves },
	{ "clustered", clustered },
	{ "scattered", scattered },
	{ "scattered, few", scattered_few },
	{ "clustered, few", clustered_few },
	{ "used zeros", used_zeros },
	{ "sparse", sparse },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct disk {
	struct io *io;
	struct fs *fs;
	struct cover_part part;
	struct cover cover;
	unsigned char grains[GRAINS];
};

static void make(struct disk *d, const struct kind *kind)
{
	struct extent *free_space = calloc(GRAINS, sizeof(*free_space));
	uint32_t state = 1;
	size_t n = 0;

	d->io = io_mem_new(SIZE);
	for (uint64_t i = 0; i < GRAINS; i++) {
		struct extent e = { i * GRAIN, GRAIN };
		unsigned what = kind->grain(&state, i);

		d->grains[i] = (unsigned char)what;
		if (!(what & HOLE))
			io_mem_fill(d->io, e, what & DATA ? (unsigned char)(1 + i % 255) : 0);
		if ((what & FREE) && n > 0 && extent_end(free_space[n - 1]) == e.start)
			free_space[n - 1].len += e.len;
		else if (what & FREE)
			free_space[n++] = e;
	}
	d->fs = fs_fake_new(d->io, free_space, n);
	d->part = (struct cover_part){ .fs = d->fs, .range = { 0, SIZE } };
	d->cover = (struct cover){ d->io, &d->part, 1 };
	free(free_space);
}

static void drop(struct disk *d)
{
	fs_close(d->fs);
	io_close(d->io);
}

static bool is_data(const struct disk *d, uint64_t at, uint64_t len, bool after)
{
	for (uint64_t i = at / GRAIN; i < (at + len) / GRAIN; i++) {
		if ((d->grains[i] & DATA) && !(after && (d->grains[i] & FREE)))
			return true;
	}
	return false;
}

static uint64_t count(const struct disk *d, uint64_t cluster, bool after)
{
	uint64_t n = 0;

	for (uint64_t at = 0; at < SIZE; at += cluster)
		n += is_data(d, at, cluster, after);
	return n;
}

static void pack_truth(const struct disk *d, enum forecast_format format, bool after,
		       struct pack *pack)
{
	unsigned char cluster[SQUEEZE_CLUSTER];

	for (uint64_t at = 0; at < SIZE; at += sizeof(cluster)) {
		if (!is_data(d, at, sizeof(cluster), after))
			continue;
		io_mem_peek(d->io, at, cluster, sizeof(cluster));
		if (after && (d->grains[at / GRAIN] & FREE))
			cluster[0] = 0;
		pack_add(pack, format == FORECAST_ZLIB ? squeeze_zlib_size(NULL, cluster)
						       : squeeze_zstd_size(NULL, cluster));
	}
	pack_end(pack);
}

static uint64_t truth(const struct disk *d, enum forecast_format format, bool after)
{
	struct qcow2_shape shape = qcow2_shape(format);
	struct qcow2_load load = { .disk = SIZE };
	struct pack pack = { 0 };

	load.data = count(d, shape.cluster, after) * shape.cluster;
	load.written = count(d, shape.grain, after) * shape.grain;
	if (format == FORECAST_ZLIB || format == FORECAST_ZSTD) {
		pack_truth(d, format, after, &pack);
		load.data = pack.length;
		load.written = pack.space;
	}
	load.tables = shape.reach > SIZE ? count(d, SIZE, after) : count(d, shape.reach, after);
	return qcow2_space(format, &load);
}

static struct forecaster *begin(const struct disk *d, uint64_t seed)
{
	struct forecaster *f = NULL;

	assert_int_equal(forecaster_new(&d->cover, 1, seed, NULL, &f, NULL), 0);
	return f;
}

static void read_in_full_it_is_what_was_counted(void **state)
{
	static struct disk d;

	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		uint64_t saves[1][FORECAST_COUNT];
		struct forecast forecast;
		struct forecaster *f;

		make(&d, &kinds[k]);
		f = begin(&d, 1);
		assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
		forecaster_result(f, &forecast, saves);
		assert_true(forecast.known && forecast.exact);
		assert_int_equal(forecast.sampled, io_mem_allocated(d.io));
		for (int i = 0; i < FORECAST_COUNT; i++) {
			assert_int_equal(forecast.now[i].bytes, truth(&d, i, false));
			assert_int_equal(forecast.now[i].low, forecast.now[i].high);
			assert_int_equal(forecast.after[i].bytes, truth(&d, i, true));
			assert_int_equal(saves[0][i],
					 forecast.now[i].bytes - forecast.after[i].bytes);
		}
		forecaster_free(f);
		drop(&d);
	}
}

static bool covers(const struct forecast_size *size, uint64_t is)
{
	return size->low <= is && is <= size->high && size->low <= size->bytes &&
	       size->bytes <= size->high;
}

/* Counts into hits how often each interval held the truth. */
static void try_seeds(const struct disk *d, unsigned hits[FORECAST_COUNT][2])
{
	uint64_t is[FORECAST_COUNT][2];

	for (int i = 0; i < FORECAST_COUNT; i++) {
		is[i][0] = truth(d, i, false);
		is[i][1] = truth(d, i, true);
	}
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct forecaster *f = begin(d, seed);
		uint64_t saves[1][FORECAST_COUNT];
		struct forecast forecast;

		assert_int_equal(forecaster_more(f, 32, NULL, NULL), 0);
		assert_int_equal(forecaster_more(f, 16, NULL, NULL), 0);
		forecaster_result(f, &forecast, saves);
		assert_true(forecast.known && !forecast.exact);
		for (int i = 0; i < FORECAST_COUNT; i++) {
			hits[i][0] += covers(&forecast.now[i], is[i][0]);
			hits[i][1] += covers(&forecast.after[i], is[i][1]);
		}
		forecaster_free(f);
	}
}

static void intervals_hold_the_truth_in_93_of_100_samples(void **state)
{
	static struct disk d;

	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		unsigned hits[FORECAST_COUNT][2] = { { 0 } };

		make(&d, &kinds[k]);
		try_seeds(&d, hits);
		for (int i = 0; i < FORECAST_COUNT; i++) {
			if (hits[i][0] < ENOUGH || hits[i][1] < ENOUGH)
				print_message("%s, format %d: %u now, %u after\n", kinds[k].name,
					      i, hits[i][0], hits[i][1]);
			assert_in_range(hits[i][0], ENOUGH, SEEDS);
			assert_in_range(hits[i][1], ENOUGH, SEEDS);
		}
		drop(&d);
	}
}

static void each_owner_is_told_what_he_would_save(void **state)
{
	const struct extent whole = { 0, 8 * MIB };
	struct cover_part parts[2];
	struct cover cover;
	struct io *io = io_mem_new(32 * MIB);
	struct io *windows[2];
	uint64_t saves[2][FORECAST_COUNT];
	struct forecast forecast;
	struct forecaster *f;

	(void)state;
	/* Two partitions with 3 MiB and 1 MiB of old data, and 1 MiB in none. */
	io_mem_fill(io, (struct extent){ 2 * MIB, 3 * MIB }, 5);
	io_mem_fill(io, (struct extent){ 17 * MIB, 1 * MIB }, 5);
	io_mem_fill(io, (struct extent){ 30 * MIB, 1 * MIB }, 5);
	for (unsigned i = 0; i < 2; i++) {
		struct extent place = { 1 * MIB + i * 15 * MIB, 8 * MIB };

		assert_int_equal(io_window_new(io, &place, 1, &windows[i]), 0);
		parts[i] = (struct cover_part){
			.fs = fs_fake_new(windows[i], &whole, 1),
			.range = whole,
			.start = place.start,
			.owner = i,
		};
	}
	cover = (struct cover){ io, parts, 2 };
	assert_int_equal(forecaster_new(&cover, 2, 1, NULL, &f, NULL), 0);
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
	forecaster_result(f, &forecast, saves);
	assert_int_equal(saves[0][FORECAST_PLAIN], 3 * MIB);
	assert_int_equal(saves[1][FORECAST_PLAIN], 1 * MIB);
	assert_int_equal(forecast.now[FORECAST_PLAIN].bytes -
			 forecast.after[FORECAST_PLAIN].bytes, 4 * MIB);
	forecaster_free(f);
	for (unsigned i = 0; i < 2; i++) {
		fs_close(parts[i].fs);
		io_close(windows[i]);
	}
	io_close(io);
}

static void scattered_grains_save_subclusters_only(void **state)
{
	const struct extent grain = { 4 * KIB, 4 * KIB };
	struct io *io = io_mem_new(1 * MIB);
	struct cover_part part;
	struct cover cover = { io, &part, 1 };
	uint64_t saves[1][FORECAST_COUNT];
	struct forecast forecast;
	struct forecaster *f;

	(void)state;
	io_mem_fill(io, (struct extent){ 0, 64 * KIB }, 5);
	part = (struct cover_part){ .fs = fs_fake_new(io, &grain, 1), .range = { 0, 1 * MIB } };
	assert_int_equal(forecaster_new(&cover, 1, 1, NULL, &f, NULL), 0);
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
	forecaster_result(f, &forecast, saves);
	assert_int_equal(saves[0][FORECAST_PLAIN], 0);
	assert_int_equal(saves[0][FORECAST_EXTENDED], 4 * KIB);
	assert_int_equal(saves[0][FORECAST_SMALL], 4 * KIB);
	forecaster_free(f);
	fs_close(part.fs);
	io_close(io);
}

static void holes_of_15_tib_are_passed_over(void **state)
{
	const struct extent whole = { 1 * MIB, 14 * TIB };
	struct io *io = io_mem_new(15 * TIB);
	struct cover_part part;
	struct cover cover = { io, &part, 1 };
	uint64_t saves[1][FORECAST_COUNT];
	struct forecast forecast;
	struct forecaster *f;

	(void)state;
	for (uint64_t i = 0; i < 15; i++)
		io_mem_fill(io, (struct extent){ i * TIB, 64 * KIB }, 5);
	part = (struct cover_part){ .fs = fs_fake_new(io, &whole, 1), .range = { 0, 15 * TIB } };
	assert_int_equal(forecaster_new(&cover, 1, 1, NULL, &f, NULL), 0);
	assert_int_equal(forecaster_more(f, 100, NULL, NULL), 1);
	forecaster_result(f, &forecast, saves);
	assert_int_equal(forecast.sampled, 15 * 64 * KIB);
	/* All but the first lie in free space, each with an L2 table of its own. */
	assert_int_equal(saves[0][FORECAST_PLAIN], 14 * 2 * 64 * KIB);
	forecaster_free(f);
	fs_close(part.fs);
	io_close(io);
}

static int ones_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	(void)io;
	(void)at;
	memset(buf, 1, len);
	return 0;
}

static const struct io_ops ones = { .read = ones_read };

/* Counted unit by unit this would take seconds. */
static void a_full_disk_of_15_tib_is_sampled_at_once(void **state)
{
	struct io io = { .ops = &ones, .name = "ones", .size = 15 * TIB + 100 };
	const struct extent free_space = { 5 * TIB + 4 * KIB, 5 * TIB };
	struct cover_part part;
	struct cover cover = { &io, &part, 1 };
	uint64_t saves[1][FORECAST_COUNT];
	struct forecast forecast;
	struct forecaster *f;

	(void)state;
	part = (struct cover_part){ .fs = fs_fake_new(&io, &free_space, 1),
				    .range = { 0, 15 * TIB } };
	assert_int_equal(forecaster_new(&cover, 1, 1, NULL, &f, NULL), 0);
	assert_true(forecaster_present(f) == io.size);
	assert_int_equal(forecaster_more(f, 300, NULL, NULL), 0);
	forecaster_result(f, &forecast, saves);
	assert_in_range(forecast.sampled, 299 * UINT64_C(131072), 300 * UINT64_C(131072));
	assert_true(covers(&forecast.now[FORECAST_PLAIN],
			   15 * TIB + 15 * 2048 * 64 * KIB + 7681 * 64 * KIB));
	assert_true(covers(&forecast.after[FORECAST_PLAIN],
			   10 * TIB + 10 * 2048 * 64 * KIB + 5121 * 64 * KIB));
	assert_int_equal(saves[0][FORECAST_PLAIN], forecast.now[FORECAST_PLAIN].bytes -
						   forecast.after[FORECAST_PLAIN].bytes);
	forecaster_free(f);
	fs_close(part.fs);
}

static void tables_of_a_sparse_disk_are_in_the_interval(void **state)
{
	struct io *io = io_mem_new(TIB);
	struct cover cover = { io, NULL, 0 };
	struct forecast all, sample;
	struct forecaster *f;
	unsigned hits = 0;

	(void)state;
	/* One to three units in each second stretch of 512 MiB, one in four of them zero. */
	for (uint64_t i = 0; i < 1024; i++) {
		for (uint64_t j = 0; j <= i % 3; j++)
			io_mem_fill(io, (struct extent){ i * GIB + j * MIB, 4 * KIB },
				    (i + j) % 4 ? 7 : 0);
	}
	assert_int_equal(forecaster_new(&cover, 0, 1, NULL, &f, NULL), 0);
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
	forecaster_result(f, &all, NULL);
	forecaster_free(f);
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		assert_int_equal(forecaster_new(&cover, 0, seed, NULL, &f, NULL), 0);
		assert_int_equal(forecaster_more(f, 100, NULL, NULL), 0);
		forecaster_result(f, &sample, NULL);
		hits += covers(&sample.now[FORECAST_PLAIN], all.now[FORECAST_PLAIN].bytes);
		forecaster_free(f);
	}
	assert_in_range(hits, ENOUGH, SEEDS);
	io_close(io);
}

static void what_cannot_be_read_counts_as_data(void **state)
{
	struct io *mem = io_mem_new(1 * MIB);
	struct io *io = io_fault_new(mem, IO_FAULT_READ, 0, EIO);
	struct cover cover = { io, NULL, 0 };
	uint64_t saves[1][FORECAST_COUNT];
	struct forecast forecast;
	struct forecaster *f;

	(void)state;
	io_mem_fill(mem, (struct extent){ 0, 1 * MIB }, 0);
	io_fault_range(io, (struct extent){ 64 * KIB + 100, 4 * KIB });
	assert_int_equal(forecaster_new(&cover, 0, 1, NULL, &f, NULL), 0);
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
	forecaster_result(f, &forecast, saves);
	assert_int_equal(forecast.now[FORECAST_SMALL].bytes, (4 + 1 + 2) * 4 * KIB);
	forecaster_free(f);
	io_close(io);
	io_close(mem);
}

static void whatever_fails_is_told_and_leaves_nothing_behind(void **state)
{
	static struct disk d;
	bool hit = true;

	(void)state;
	make(&d, &kinds[6]);
	for (uint64_t n = 1; hit; n++) {
		struct io *io = io_fault_new(d.io, IO_FAULT_NEXT_DATA, n, EIO);
		struct cover cover = { io, &d.part, 1 };
		struct forecaster *f = NULL;
		struct error err;
		int rc;

		error_clear(&err);
		rc = forecaster_new(&cover, 1, 1, NULL, &f, &err);
		if (rc == 0)
			rc = forecaster_more(f, 20, NULL, &err);
		hit = io_fault_hit(io);
		assert_int_equal(rc, hit ? -EIO : 0);
		assert_int_equal(err.why, hit ? WHY_READ : WHY_NONE);
		forecaster_free(f);
		io_close(io);
	}
	drop(&d);
}

static int cancel(void *arg, enum did what, struct extent e)
{
	unsigned *left = arg;

	(void)what;
	(void)e;
	return (*left)-- == 0 ? -ECANCELED : 0;
}

static void a_batch_that_was_ended_counts_for_nothing(void **state)
{
	static struct disk d;
	unsigned left = 10;
	const struct watch watch = { .did = cancel, .arg = &left };
	uint64_t saves[1][FORECAST_COUNT];
	struct forecast before, forecast;
	struct forecaster *f;

	(void)state;
	make(&d, &kinds[1]);
	f = begin(&d, 1);
	forecaster_result(f, &forecast, saves);
	assert_false(forecast.known);
	assert_int_equal(forecaster_more(f, 32, NULL, NULL), 0);
	forecaster_result(f, &before, saves);
	assert_int_equal(forecaster_more(f, 32, &watch, NULL), -ECANCELED);
	forecaster_result(f, &forecast, saves);
	assert_memory_equal(&before, &forecast, sizeof(before));
	left = 10;
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, &watch, NULL), -ECANCELED);
	assert_int_equal(forecaster_more(f, FORECASTER_ALL, NULL, NULL), 1);
	forecaster_free(f);
	drop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_in_full_it_is_what_was_counted),
		cmocka_unit_test(intervals_hold_the_truth_in_93_of_100_samples),
		cmocka_unit_test(each_owner_is_told_what_he_would_save),
		cmocka_unit_test(scattered_grains_save_subclusters_only),
		cmocka_unit_test(holes_of_15_tib_are_passed_over),
		cmocka_unit_test(a_full_disk_of_15_tib_is_sampled_at_once),
		cmocka_unit_test(tables_of_a_sparse_disk_are_in_the_interval),
		cmocka_unit_test(what_cannot_be_read_counts_as_data),
		cmocka_unit_test(whatever_fails_is_told_and_leaves_nothing_behind),
		cmocka_unit_test(a_batch_that_was_ended_counts_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
