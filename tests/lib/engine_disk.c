/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* A small disk on which the engine meets every kind of free space. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/engine_disk.h"
#include "tests/lib/fs_fake.h"
#include "tests/lib/io_fault.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/io_trace.h"

#define K UINT64_C(1024)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct extent free_map[] = {
	{ 4 * K, 4 * K },
	{ 64 * K, 8 * K },  /* near each other */
	{ 76 * K, 4 * K },
	{ 84 * K, 12 * K },
	{ 1024 * K, 5000 * K }, /* larger than one read */
	{ 8192 * K, 1024 * K }, /* all hole */
	{ 10240 * K, 2048 * K }, /* a hole in its middle */
	{ 16380 * K, 4 * K }, /* the end of the disk */
};
static const struct extent holes[] = { { 8192 * K, 1024 * K }, { 10752 * K, 512 * K } };
static const struct extent stale[] = {
	{ 64 * K, 8 * K }, { 84 * K, 4 * K }, { 92 * K, 4 * K }, { 1024 * K, 1500 * K },
	{ 3000 * K, 4 * K }, { 5000 * K, 1024 * K }, { 10240 * K, 512 * K }, { 12284 * K, 4 * K },
	{ 16380 * K, 4 * K },
};

static uint64_t sum(const struct extent *e, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += e[i].len;
	return bytes;
}

void disk_make(struct disk *d, unsigned ops, uint64_t nth, int errnum)
{
	*d = (struct disk){ .mem = io_mem_new(DISK_SIZE) };
	io_mem_fill(d->mem, (struct extent){ 0, DISK_SIZE }, DISK_USED);
	for (size_t i = 0; i < COUNT(free_map); i++)
		io_mem_fill(d->mem, free_map[i], 0);
	for (size_t i = 0; i < COUNT(holes); i++)
		io_punch(d->mem, holes[i]);
	for (size_t i = 0; i < COUNT(stale); i++)
		io_mem_fill(d->mem, stale[i], DISK_STALE);
	d->fault = io_fault_new(d->mem, ops, nth, errnum);
	d->trace = io_trace_new(d->fault);
	d->fs = fs_fake_new(d->trace, free_map, COUNT(free_map));
	d->free = sum(free_map, COUNT(free_map));
	d->hole = sum(holes, COUNT(holes));
	d->stale = sum(stale, COUNT(stale));
	d->allocated = io_mem_allocated(d->mem);
}

void disk_free(struct disk *d)
{
	d->fs->driver->close(d->fs);
	io_close(d->trace);
	io_close(d->fault);
	io_close(d->mem);
}

/* Whether [from, to) holds nothing but byte. */
static bool holds(const struct disk *d, uint64_t from, uint64_t to, unsigned char byte)
{
	unsigned char buf[4096];

	while (from < to) {
		size_t n = to - from < sizeof(buf) ? (size_t)(to - from) : sizeof(buf);

		io_mem_peek(d->mem, from, buf, n);
		for (size_t i = 0; i < n; i++) {
			if (buf[i] != byte)
				return false;
		}
		from += n;
	}
	return true;
}

bool disk_used_is_untouched(const struct disk *d)
{
	uint64_t at = 0;

	for (size_t i = 0; i < COUNT(free_map); i++) {
		if (!holds(d, at, free_map[i].start, DISK_USED))
			return false;
		at = extent_end(free_map[i]);
	}
	return holds(d, at, DISK_SIZE, DISK_USED);
}

bool disk_free_is_zero(const struct disk *d)
{
	for (size_t i = 0; i < COUNT(free_map); i++) {
		if (!holds(d, free_map[i].start, extent_end(free_map[i]), 0))
			return false;
	}
	return true;
}

static bool is_free(struct extent e)
{
	for (size_t i = 0; i < COUNT(free_map); i++) {
		if (e.start >= free_map[i].start && extent_end(e) <= extent_end(free_map[i]))
			return true;
	}
	return false;
}

bool disk_changed_only_free(const struct disk *d)
{
	size_t n;
	const struct io_trace_call *calls = io_trace_calls(d->trace, &n);

	for (size_t i = 0; i < n; i++) {
		bool changes = calls[i].op == IO_TRACE_WRITE || calls[i].op == IO_TRACE_ZERO ||
			       calls[i].op == IO_TRACE_PUNCH;

		if (changes && !is_free(calls[i].extent))
			return false;
	}
	return true;
}

static int log_did(void *arg, enum did what, struct extent e)
{
	struct log *log = arg;

	log->sums[what] += e.len;
	if (what != DID_READ) {
		log->descended = log->descended || e.start < log->at;
		log->at = extent_end(e);
	}
	return ++log->calls == log->cancel_at ? -ECANCELED : 0;
}

static int log_failed(void *arg, const struct error *err, struct extent e)
{
	struct log *log = arg;

	log->failed += e.len;
	log->questions++;
	return err->why == WHY_READ || err->why == WHY_WRITE ? log->answer : -EINVAL;
}

void log_make(struct log *log)
{
	*log = (struct log){ .watch = { log_did, log_failed, log } };
}

uint64_t log_dealt(const struct log *log)
{
	uint64_t bytes = 0;

	for (int what = 0; what < DID_READ; what++)
		bytes += log->sums[what];
	return bytes;
}
