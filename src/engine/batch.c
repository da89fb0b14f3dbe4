/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Reading free space in batches; batch.h says what it promises.
 *
 * Memory: one span of data and the list of its parts.
 */

#include <errno.h>
#include <stdlib.h>

#include "achica/units.h"
#include "engine/batch.h"
#include "engine/pieces.h"

/* Parts of one batch. 4 MiB of free blocks of 1 KiB, each alone, are half as many. */
#define BATCH_PARTS 1024

/* Reading on is quicker than seeking or asking again over a gap of this many bytes. */
#define GAP_MAX (64 * KIB)

/* A medium that failed may answer yet. */
#define TRIES 3

struct batch {
	struct fs *fs;
	const struct batch_user *user;
	const struct watch *watch;
	struct error *err;
	unsigned char *buf;
	struct extent parts[BATCH_PARTS];
	size_t n;
};

/* From the first byte of a batch to the last. */
static struct extent span_of(const struct extent *parts, size_t n)
{
	return (struct extent){ parts[0].start, extent_end(parts[n - 1]) - parts[0].start };
}

static int hand_on(struct batch *b, const struct extent *parts, size_t n, bool read)
{
	uint64_t base = parts[0].start;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = b->user->part(b->user->arg, parts[i],
				  read ? b->buf + (parts[i].start - base) : NULL);
	return r;
}

/* One unit that cannot be read: tried again, then left to the watch. */
static int read_bad_unit(struct batch *b, struct extent e, int r)
{
	struct io *io = b->fs->io;
	struct error failure;

	for (int i = 1; r < 0 && i < TRIES; i++)
		r = io_read(io, e.start, b->buf, (size_t)e.len);
	if (r == 0)
		return hand_on(b, &e, 1, true);
	error_clear(&failure);
	error_set_at(&failure, WHY_READ, -r, e.start, io->name);
	return watch_failed(b->watch, &failure, e, b->err);
}

static int read_parts(struct batch *b, const struct extent *parts, size_t n);

/* One part is cut in two at a unit, several between two of them. */
static int read_halves(struct batch *b, const struct extent *parts, size_t n, int failed)
{
	struct extent e = parts[0];
	uint64_t units = e.len / b->fs->unit;
	struct extent half;
	int r;

	if (n > 1) {
		r = read_parts(b, parts, n / 2);
		return r ? r : read_parts(b, parts + n / 2, n - n / 2);
	}
	if (units < 2)
		return read_bad_unit(b, e, failed);
	half = (struct extent){ e.start, units / 2 * b->fs->unit };
	r = read_parts(b, &half, 1);
	half = (struct extent){ extent_end(half), e.len - half.len };
	return r ? r : read_parts(b, &half, 1);
}

/* The depth is that of halving one span down to its units. */
static int read_parts(struct batch *b, const struct extent *parts, size_t n)
{
	struct extent span = span_of(parts, n);
	int r = io_read(b->fs->io, span.start, b->buf, (size_t)span.len);

	if (r < 0)
		return read_halves(b, parts, n, r);
	r = hand_on(b, parts, n, true);
	return r ? r : watch_did(b->watch, DID_READ, span);
}

/* The parts in runs without a wide gap: each run is one read. */
static int read_runs(struct batch *b)
{
	size_t first = 0;
	int r = 0;

	for (size_t i = 1; r == 0 && i <= b->n; i++) {
		if (i < b->n && b->parts[i].start - extent_end(b->parts[i - 1]) <= GAP_MAX)
			continue;
		r = read_parts(b, b->parts + first, i - first);
		first = i;
	}
	return r;
}

static int flush_batch(struct batch *b)
{
	const struct batch_user *u = b->user;
	int r;

	if (b->n == 0)
		return 0;
	if (u->wants_bytes && !u->wants_bytes(u->arg))
		r = hand_on(b, b->parts, b->n, false);
	else
		r = read_runs(b);
	b->n = 0;
	return r;
}

static int take_piece(void *arg, struct extent e, bool hole)
{
	struct batch *b = arg;
	bool full = b->n == BATCH_PARTS ||
		    (b->n > 0 && extent_end(e) - b->parts[0].start > BATCH_SPAN);
	int r = hole || full ? flush_batch(b) : 0;

	if (r)
		return r;
	if (hole)
		return watch_did(b->watch, DID_HOLE, e);
	b->parts[b->n++] = e;
	return 0;
}

int batch_walk(struct fs *fs, const struct batch_user *user, const struct watch *watch,
	       struct error *err)
{
	struct batch *b = malloc(sizeof(*b));
	void *buf = NULL;
	int r;

	if (!b || posix_memalign(&buf, 4096, BATCH_SPAN)) {
		free(b);
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	}
	*b = (struct batch){ .fs = fs, .user = user, .watch = watch, .err = err, .buf = buf };
	r = pieces_walk(fs, BATCH_SPAN, take_piece, b, err);
	if (r == 0)
		r = flush_batch(b);
	free(buf);
	free(b);
	return r;
}
