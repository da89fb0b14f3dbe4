/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Strides double as long as they are quick and shrink at once when they are not. A backlog is
 * waited for one stride behind (sync_file_range(2)), so that the device has always something to do
 * and its own cache is not flushed for it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>

#include "achica/units.h"
#include "base/stride.h"

#define QUICK_US 50000
#define LONG_US 100000
#define AIM_US 70000 /* after a long one */

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void stride_begin(struct stride *s)
{
	s->began_us = now_us();
}

void stride_end(struct stride *s, uint64_t bytes)
{
	uint64_t us = now_us() - s->began_us;
	uint64_t fits;

	if (us < QUICK_US && bytes >= s->now && s->now < s->most)
		s->now *= 2;
	if (us <= LONG_US)
		return;
	fits = (uint64_t)((double)bytes * AIM_US / (double)us);
	while (s->now > s->least && s->now > fits)
		s->now /= 2;
}

/* From the first to the last byte of both. */
static struct extent join(struct extent a, struct extent b)
{
	uint64_t start = a.start < b.start ? a.start : b.start;
	uint64_t end = extent_end(a) > extent_end(b) ? extent_end(a) : extent_end(b);

	return a.len ? (struct extent){ start, end - start } : b;
}

/* The answers that mean "not here". Every other one is that of an earlier write, in whatever words
   its device has for it (Linux, block/blk-core.c, blk_errors), and is given only once: the flush
   would not hear of it any more. */
static bool is_unsupported(int errnum)
{
	return errnum == EINVAL || errnum == ESPIPE || errnum == ENOSYS || errnum == EOPNOTSUPP;
}

static int settle(int fd, struct extent e, unsigned flags)
{
	if (e.len == 0 || sync_file_range(fd, (off_t)e.start, (off_t)e.len, flags) == 0)
		return 0;
	return is_unsupported(errno) ? 0 : -errno;
}

int backlog_add(struct backlog *b, int fd, struct extent e)
{
	int rc;

	if (b->stride.now == 0)
		b->stride = (struct stride){ .least = 256 * KIB, .most = 32 * MIB, .now = 4 * MIB };
	b->now = join(b->now, e);
	b->bytes += e.len;
	if (b->bytes < b->stride.now)
		return 0;
	settle(fd, b->now, SYNC_FILE_RANGE_WRITE);
	stride_begin(&b->stride);
	rc = settle(fd, b->before, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					   SYNC_FILE_RANGE_WAIT_AFTER);
	stride_end(&b->stride, b->bytes);
	b->before = b->now;
	b->now = (struct extent){ 0, 0 };
	b->bytes = 0;
	return rc;
}
