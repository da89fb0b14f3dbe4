/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A buffer of 1 MiB, which the processor's cache holds, and the pieces in it; a slow medium is read
 * by less at once. The kernel reads ahead by itself, so that the next bytes come in while these are
 * looked at. A gap is read across
 * when it is shorter than what a disk passes by while it would seek.
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

struct piece {
	struct extent e;
	bool hole;
};

struct reader {
	struct io *io;
	const struct watch *watch;
	struct error *err;
	reader_fn *look;
	void *arg;
	bool forget;
	struct stride stride; /* read at once, at most SPAN */
	unsigned char *buf;
	struct extent span; /* the bytes to be read, or that buf holds */
	size_t n;
	struct piece pieces[PIECES];
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

static int look_at(struct reader *r, struct extent e)
{
	return r->look(r->arg, e, r->buf + (e.start - r->span.start));
}

static int attempt_read(void *arg, struct extent part)
{
	struct reader *r = arg;

	return io_read(r->io, part.start, r->buf + (part.start - r->span.start),
		       (size_t)part.len);
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
	int rc = report_did(r->watch, DID_READ, r->span);

	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		const struct piece *p = &r->pieces[i];

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
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		const struct piece *p = &r->pieces[i];

		rc = p->hole ? report_did(r->watch, DID_HOLE, p->e) : narrow_run(&narrow, p->e);
	}
	return rc;
}

int reader_finish(struct reader *r)
{
	int rc = 0;

	stride_begin(&r->stride);
	if (r->span.len > 0)
		rc = io_read(r->io, r->span.start, r->buf, (size_t)r->span.len);
	stride_end(&r->stride, r->span.len);
	rc = rc == 0 ? deal_whole(r) : deal_one_by_one(r);
	if (r->forget)
		io_forget(r->io, r->span);
	r->n = 0;
	r->span.len = 0;
	return rc;
}

static int push(struct reader *r, struct extent e, bool hole)
{
	int rc = r->n == PIECES ? reader_finish(r) : 0;

	r->pieces[r->n++] = (struct piece){ e, hole };
	return rc;
}

int reader_hole(struct reader *r, struct extent e)
{
	return push(r, e, true);
}

/* Whether part, which lies behind all others, is read with them. */
static bool fits(const struct reader *r, struct extent part)
{
	uint64_t end = extent_end(r->span);
	uint64_t most = r->stride.now;

	if (r->span.len == 0)
		return true;
	return part.start - end <= GAP && extent_end(part) - r->span.start <= most &&
	       part.start / most == r->span.start / most;
}

int reader_add(struct reader *r, struct extent e)
{
	while (e.len > 0) {
		struct extent part = narrow_cut(&e, r->stride.now);
		int rc = fits(r, part) ? 0 : reader_finish(r);

		if (rc == 0)
			rc = push(r, part, false);
		if (rc)
			return rc;
		if (r->span.len == 0)
			r->span.start = part.start;
		r->span.len = extent_end(part) - r->span.start;
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
