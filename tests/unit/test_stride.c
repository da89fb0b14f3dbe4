/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * How long the engine keeps anyone waiting on a slow disk, whose every call takes its time. The
 * clock is the test's own, and only the disk moves it: what a busy machine adds does not count.
 */

#include <errno.h>
#include <string.h>
#include <time.h>

#include "achica/units.h"
#include "base/stride.h"
#include "engine/engine.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/test.h"

#define PROMPT_US 200000

/* Free space as large as some seconds of work are. */
#define START (64 * MIB)

struct slow {
	struct io io;
	uint64_t read_bps;
	uint64_t zero_bps;
	uint64_t punch_bps;
	uint64_t write_bps;
	bool can_zero;
	uint64_t zero_until;   /* what was made zero ends here, for it is done in order */
	uint64_t busy_us;      /* since the last report */
};

static uint64_t now_us = 1000000;

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ (time_t)(now_us / 1000000), (long)(now_us % 1000000) * 1000 };
	return 0;
}

static struct slow *of(struct io *io)
{
	return (struct slow *)io;
}

static int take(struct io *io, uint64_t len, uint64_t bps)
{
	uint64_t us = bps ? (uint64_t)((double)len * 1e6 / (double)bps) : 0;

	now_us += us;
	of(io)->busy_us += us;
	return 0;
}

static int take_zeros(struct io *io, struct extent e, uint64_t bps)
{
	of(io)->zero_until = extent_end(e);
	return take(io, e.len, bps);
}

/* All is stale that was not made zero. */
static int slow_read(struct io *io, uint64_t at, void *buf, size_t len)
{
	memset(buf, at < of(io)->zero_until ? 0 : 0x55, len);
	return take(io, len, of(io)->read_bps);
}

static int slow_write(struct io *io, uint64_t at, const void *buf, size_t len)
{
	(void)buf;
	return take_zeros(io, (struct extent){ at, len }, of(io)->write_bps);
}

static int slow_zero(struct io *io, struct extent e)
{
	return of(io)->can_zero ? take_zeros(io, e, of(io)->zero_bps) : -EOPNOTSUPP;
}

static int slow_punch(struct io *io, struct extent e)
{
	return take_zeros(io, e, of(io)->punch_bps);
}

static void slow_close(struct io *io)
{
	(void)io;
}

static const struct io_ops slow_ops = {
	.read = slow_read, .write = slow_write, .zero = slow_zero, .punch = slow_punch,
	.close = slow_close,
};

/* The longest time without a report. Ends the work when it has been seen for long enough. */
struct pace {
	struct slow *slow;
	uint64_t end_us;
	uint64_t longest_us;
	uint64_t bytes;
	unsigned reports;
};

static int look(void *arg, enum did what, struct extent e)
{
	struct pace *p = arg;

	if (p->slow->busy_us > p->longest_us)
		p->longest_us = p->slow->busy_us;
	p->slow->busy_us = 0;
	p->bytes += what == DID_READ ? 0 : e.len;
	p->reports++;
	return now_us < p->end_us ? 0 : -ECANCELED;
}

typedef int method_fn(struct fs *fs, bool dry, const struct watch *watch, struct error *err);

static struct pace run(struct slow *slow, uint64_t bytes, method_fn *method)
{
	const struct extent free_space = { START, bytes };
	struct pace pace = { .slow = slow, .end_us = now_us + 500000 };
	struct watch watch = { .did = look, .arg = &pace };
	struct error err;
	struct fs *fs;
	int rc;

	slow->io = (struct io){ .ops = &slow_ops, .name = "slow", .size = START + bytes,
				.sector = 512 };
	fs = fs_fake_new(&slow->io, &free_space, 1);
	error_clear(&err);
	rc = method(fs, false, &watch, &err);
	assert_true(rc == 0 || rc == -ECANCELED);
	fs->driver->close(fs);
	return pace;
}

static void a_slow_disk_is_punched_in_small_steps(void **state)
{
	struct slow slow = { .punch_bps = 100 * MIB };
	struct pace pace = run(&slow, 16 * GIB, engine_punch);

	(void)state;
	assert_true(pace.longest_us < PROMPT_US);
	assert_true(pace.bytes > 8 * MIB);
}

static void a_fast_one_in_large_steps(void **state)
{
	struct slow slow = { .punch_bps = 0 };
	struct pace pace = run(&slow, 64 * GIB, engine_punch);

	(void)state;
	assert_int_equal(pace.bytes, 64 * GIB);
	assert_true(pace.reports < 80);
}

static void slow_writing_and_reading_are_cut_small(void **state)
{
	struct slow slow[] = {
		{ .read_bps = 3 * MIB, .write_bps = 3 * MIB },
		{ .read_bps = 40 * MIB, .write_bps = 2 * MIB },
		{ .read_bps = 2 * MIB, .can_zero = true, .zero_bps = 40 * MIB },
		{ .read_bps = 5 * MIB, .can_zero = true, .zero_bps = 2 * MIB },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		struct pace pace = run(&slow[i], 256 * MIB, engine_write);

		assert_true(pace.longest_us < PROMPT_US);
		assert_true(pace.bytes > 0);
	}
}

static void strides_grow_and_shrink_within_their_bounds(void **state)
{
	struct stride s = { .least = MIB, .most = 8 * MIB, .now = 2 * MIB };

	(void)state;
	for (int i = 0; i < 5; i++) {
		stride_begin(&s);
		stride_end(&s, s.now);
	}
	assert_int_equal(s.now, 8 * MIB);
	/* What was small says nothing about large ones. */
	s.now = 4 * MIB;
	stride_begin(&s);
	stride_end(&s, MIB);
	assert_int_equal(s.now, 4 * MIB);
	stride_begin(&s);
	now_us += 300000;
	stride_end(&s, 4 * MIB);
	assert_int_equal(s.now, MIB);
	stride_begin(&s);
	now_us += 300000;
	stride_end(&s, MIB);
	assert_int_equal(s.now, MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_disk_is_punched_in_small_steps),
		cmocka_unit_test(a_fast_one_in_large_steps),
		cmocka_unit_test(slow_writing_and_reading_are_cut_small),
		cmocka_unit_test(strides_grow_and_shrink_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
