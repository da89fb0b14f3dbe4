/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Spans of at most 1 MiB, which the processor's cache holds, and the pieces in each; a slow medium
 * is read by less at once. A gap is read across when it is shorter than what a disk passes by while
 * it would seek.
 *
 * Before the oldest span is read and looked at, the kernel has been asked for the next ones, unless
 * the medium is slow: they come in while it is worked on, and while what was written goes out. That
 * keeps several requests in flight without a thread, and takes about as long as threads do; an
 * io_uring with four requests can be faster (tests/bench/flight.c).
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/stride.h"
#include "engine/narrow.h"
#include "engine/reader.h"
#include "engine/report.h"

#define SPAN (1 * MIB)
#define SPAN_FIRST (256 * KIB)
#define SPAN_LEAST (64 * KIB)
#define GAP (32 * KIB)
#define PIECES 512
#define SPANS 4 /* one that is gathered, and those which are expected */

struct piece {
	struct extent e;
	bool hole;
};

struct span {
	struct extent e; /* the bytes to be read */
	size_t n;
	struct piece pieces[PIECES];
};

struct reader {
	struct io *io;
	const struct watch *watch;
	struct error *err;
	reader_fn *look;
	void *arg;
	bool forget;
	struct stride stride; /* read at once, at most SPAN */
	unsigned char *buf;   /* the bytes of the oldest span */
	size_t oldest;
	size_t waiting;       /* spans from the oldest on; the one behind them is gathered */
	struct span spans[SPANS];
};

int reader_new(struct io *io, const struct watch *watch, reader_fn *look, void *arg,
	       struct error *err, struct reader **reader)
{
	struct reader *r = calloc(1, sizeof(*r));
	void *buf = NULL;

	if (!r || posix_memalign(&buf, GRAIN, SPAN) != 0) {
		free(r);
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	}
	*r = (struct reader){ .io = io, .watch = watch, .err = err, .look = look, .arg = arg };
	r->stride = (struct stride){ SPAN_LEAST, SPAN, SPAN_FIRST, 0 };
	r->buf = buf;
	*reader = r;
	return 0;
}

void reader_free(struct reader *r)
{
	if (r)
		free(r->buf);
	free(r);
}

void reader_forget(struct reader *r)
{
	r->forget = true;
}

bool reader_floods(uint64_t bytes)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long size = sysconf(_SC_PAGESIZE);

	return pages <= 0 || size <= 0 || bytes / (uint64_t)size > (uint64_t)pages / 4;
}

static struct span *oldest(struct reader *r)
{
	return &r->spans[r->oldest];
}

static struct span *gathered(struct reader *r)
{
	return &r->spans[(r->oldest + r->waiting) % SPANS];
}

static unsigned char *bytes_of(struct reader *r, struct extent e)
{
	return r->buf + (e.start - oldest(r)->e.start);
}

static int look_at(struct reader *r, struct extent e)
{
	return r->look(r->arg, e, bytes_of(r, e));
}

static int attempt_read(void *arg, struct extent part)
{
	struct reader *r = arg;

	return io_read(r->io, part.start, bytes_of(r, part), (size_t)part.len);
}

static int good_read(void *arg, struct extent part)
{
	struct reader *r = arg;
	int rc = report_did(r->watch, DID_READ, part);

	return rc ? rc : look_at(r, part);
}

/* Holes are told, and the rest is looked at, as the whole span was read. */
static int deal_whole(struct reader *r)
{
	const struct span *span = oldest(r);
	int rc = report_did(r->watch, DID_READ, span->e);

	for (size_t i = 0; rc == 0 && i < span->n; i++) {
		const struct piece *p = &span->pieces[i];

		rc = p->hole ? report_did(r->watch, DID_HOLE, p->e) : look_at(r, p->e);
	}
	return rc;
}

/* The same when reading the whole failed, may be in a gap which nobody wants. */
static int deal_one_by_one(struct reader *r)
{
	const struct narrow narrow = {
		.watch = r->watch,
		.err = r->err,
		.name = r->io->name,
		.why = WHY_READ,
		.attempt = attempt_read,
		.good = good_read,
		.arg = r,
	};
	const struct span *span = oldest(r);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < span->n; i++) {
		const struct piece *p = &span->pieces[i];

		rc = p->hole ? report_did(r->watch, DID_HOLE, p->e) : narrow_run(&narrow, p->e);
	}
	return rc;
}

static int deal(struct reader *r)
{
	struct span *span = oldest(r);
	int rc = 0;

	stride_begin(&r->stride);
	if (span->e.len > 0)
		rc = io_read(r->io, span->e.start, r->buf, (size_t)span->e.len);
	stride_end(&r->stride, span->e.len);
	rc = rc == 0 ? deal_whole(r) : deal_one_by_one(r);
	if (r->forget)
		io_forget(r->io, span->e);
	span->n = 0;
	span->e.len = 0;
	r->oldest = (r->oldest + 1) % SPANS;
	return rc;
}

int reader_finish(struct reader *r)
{
	int rc = 0;

	for (; rc == 0 && r->waiting > 0; r->waiting--)
		rc = deal(r);
	return rc ? rc : deal(r);
}

/* Nothing more is gathered in the span that is: it waits in its turn, and another is begun. But not
   on a slow medium, or one of which nothing is known yet. */
static int expect(struct reader *r)
{
	if (r->stride.now < SPAN)
		return reader_finish(r);
	io_expect(r->io, gathered(r)->e);
	if (r->waiting == SPANS - 1)
		return deal(r);
	r->waiting++;
	return 0;
}

static int push(struct reader *r, struct extent e, bool hole)
{
	int rc = gathered(r)->n == PIECES ? expect(r) : 0;
	struct span *span = gathered(r);

	if (rc == 0)
		span->pieces[span->n++] = (struct piece){ e, hole };
	return rc;
}

int reader_hole(struct reader *r, struct extent e)
{
	return push(r, e, true);
}

/* Whether part, which lies behind all others, is read with them. */
static bool fits(const struct reader *r, struct extent span, struct extent part)
{
	uint64_t most = r->stride.now;

	if (span.len == 0)
		return true;
	return part.start - extent_end(span) <= GAP && extent_end(part) - span.start <= most &&
	       part.start / most == span.start / most;
}

int reader_add(struct reader *r, struct extent e)
{
	while (e.len > 0) {
		struct extent part = narrow_cut(&e, r->stride.now);
		int rc = fits(r, gathered(r)->e, part) ? 0 : expect(r);
		struct extent *span;

		if (rc == 0)
			rc = push(r, part, false);
		if (rc)
			return rc;
		span = &gathered(r)->e;
		if (span->len == 0)
			span->start = part.start;
		span->len = extent_end(part) - span->start;
	}
	return 0;
}

bool stale_next(struct extent piece, const unsigned char *bytes, uint64_t at, struct extent *run)
{
	struct extent rest = { at, extent_end(piece) - at };

	run->len = 0;
	while (rest.len > 0) {
		struct extent grain = narrow_cut(&rest, GRAIN);
		bool zero = bytes_are_zero(bytes + (grain.start - piece.start), (size_t)grain.len);

		if (zero && run->len > 0)
			return true;
		if (!zero && run->len == 0)
			run->start = grain.start;
		if (!zero)
			run->len += grain.len;
	}
	return run->len > 0;
}
