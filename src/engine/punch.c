/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "punch": free space is given back to the host, unread. Holes are punched with the
 * rest: one call for an extent is cheaper than one for each of its parts, and what a host calls a
 * hole may have been reserved (fallocate), which is given back too.
 *
 * A part of a host's block cannot become a hole: it stays, and reads as zero from then on. So that
 * a second run finds nothing to do, what may be that small is looked at before.
 */

#include <errno.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/stride.h"
#include "engine/narrow.h"
#include "engine/present.h"
#include "engine/report.h"
#include "engine/zero.h"

#define STEP_LEAST (1 * MIB)
#define STEP_FIRST (8 * MIB)
#define STEP_MOST (1 * GIB)
#define PARTS 64
#define HOST_BLOCK 4096 /* of nearly all hosts; a larger one only costs the second run's verdict */

struct part {
	struct extent e;
	enum did was; /* HOLE, ZERO, or ZEROED when it may be stale */
};

struct punch {
	struct fs *fs;
	struct zero zero;         /* what has no whole sector, and the end of all */
	struct stride stride;     /* punched at once */
	size_t n;
	struct part parts[PARTS]; /* of a step, as they were before */
};

/* Whole sectors are given back, what is left of others is written. */
static int attempt_punch(void *arg, struct extent e)
{
	struct punch *p = arg;
	struct io *io = p->fs->io;
	struct extent inner = extent_shrink(e, io->sector);
	int rc;

	if (inner.len == 0)
		return zero_write(io, e);
	stride_begin(&p->stride);
	rc = io_punch(io, inner);
	stride_end(&p->stride, inner.len);
	if (rc == -EOPNOTSUPP)
		error_set(p->zero.err, WHY_NO_PUNCH, EOPNOTSUPP, io->name);
	if (rc == 0)
		spots_note(&p->zero.spots, io, inner);
	if (rc == 0)
		rc = zero_write(io, (struct extent){ e.start, inner.start - e.start });
	if (rc == 0)
		rc = zero_write(io, (struct extent){ extent_end(inner),
						     extent_end(e) - extent_end(inner) });
	return rc;
}

/* Tells what lies in e, which is free of old data now, as it was before. */
static int good_punch(void *arg, struct extent e)
{
	struct punch *p = arg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		const struct part *part = &p->parts[i];

		rc = report_did(p->zero.watch, part->was, extent_clip(part->e, e));
	}
	return rc;
}

/* So small that there may be no whole block of the host in it, and zero. */
static bool is_small_zero(struct io *io, struct extent e)
{
	unsigned char bytes[2 * HOST_BLOCK];

	return e.len < sizeof(bytes) && io_read(io, e.start, bytes, (size_t)e.len) == 0 &&
	       bytes_are_zero(bytes, (size_t)e.len);
}

static int punch_gather(void *arg, struct extent e, bool hole)
{
	struct punch *p = arg;
	enum did was = DID_ZEROED;

	if (hole)
		was = DID_HOLE;
	else if (is_small_zero(p->fs->io, e))
		was = DID_ZERO;
	p->parts[p->n++] = (struct part){ e, was };
	return p->n == PARTS;
}

/* The first part of *e, as long as is punched at once; *e becomes the rest. */
static int punch_step(struct punch *p, struct extent *e)
{
	const struct narrow narrow = {
		.watch = p->zero.watch,
		.err = p->zero.err,
		.name = p->fs->io->name,
		.why = WHY_WRITE,
		.attempt = attempt_punch,
		.good = good_punch,
		.arg = p,
	};
	struct extent rest = *e;
	struct extent step = narrow_cut(&rest, p->stride.now);
	int rc;

	p->n = 0;
	rc = present_cut(p->fs->io, step, punch_gather, p, p->zero.err);
	if (rc < 0)
		return rc;
	step.len = extent_end(p->parts[p->n - 1].e) - step.start;
	*e = (struct extent){ extent_end(step), e->len - step.len };
	return p->zero.dry ? good_punch(p, step) : narrow_run(&narrow, step);
}

static int punch_extent(void *arg, struct extent e)
{
	int rc = 0;

	while (rc == 0 && e.len > 0)
		rc = punch_step(arg, &e);
	return rc;
}

int engine_punch(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	struct punch p = {
		.fs = fs,
		.zero = { .io = fs->io, .watch = watch, .err = err, .dry = dry },
		.stride = { .least = STEP_LEAST, .most = STEP_MOST, .now = STEP_FIRST },
	};
	int rc = gate_walk(fs, punch_extent, &p, err);

	return zero_finish(&p.zero, rc);
}
