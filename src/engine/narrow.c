/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * From a failed range to the grains that fail. Few steps with many parts, not halves: a drive may
 * take seconds for each attempt at a bad sector, so those are what is saved. A grain gets three
 * tries.
 */

#include <errno.h>
#include <stddef.h>

#include "achica/units.h"
#include "engine/narrow.h"
#include "engine/report.h"

#define TRIES 3

static const uint64_t steps[] = { 1 * MIB, 64 * KIB, GRAIN };
#define LAST (sizeof(steps) / sizeof(steps[0]) - 1)

struct search {
	const struct narrow *n;
	struct extent bad; /* failed, not told yet */
	int errnum;
};

struct extent narrow_cut(struct extent *e, uint64_t step)
{
	uint64_t room = step - e->start % step;
	struct extent part = { e->start, e->len < room ? e->len : room };

	*e = (struct extent){ extent_end(part), e->len - part.len };
	return part;
}

/* What the kernel answers for a place that cannot be read or written, as against a device that is
   gone, full or read-only (Linux, block/blk-core.c, blk_errors). */
static bool is_of_one_place(int errnum)
{
	return errnum == EIO || errnum == ENODATA || errnum == EILSEQ || errnum == EREMOTEIO ||
	       errnum == ETIMEDOUT;
}

static int tell_bad(struct search *s)
{
	struct extent bad = s->bad;

	s->bad.len = 0;
	if (bad.len == 0)
		return 0;
	return report_failed(s->n->watch, s->n->why, s->errnum, bad, s->n->name);
}

static int add_bad(struct search *s, struct extent e, int errnum)
{
	int rc = 0;

	if (extent_end(s->bad) != e.start || s->errnum != errnum || s->bad.len >= steps[0])
		rc = tell_bad(s);
	if (rc)
		return rc;
	if (s->bad.len == 0)
		s->bad.start = e.start;
	s->bad.len += e.len;
	s->errnum = errnum;
	return report_tick(s->n->watch, e.start);
}

static int add_good(struct search *s, struct extent e)
{
	int rc = tell_bad(s);

	if (rc == 0 && s->n->good)
		rc = s->n->good(s->n->arg, e);
	return rc;
}

static int try_part(const struct narrow *n, struct extent e, int tries)
{
	int rc;

	do {
		rc = n->attempt(n->arg, e);
	} while (rc < 0 && --tries > 0 && is_of_one_place(-rc));
	return rc;
}

static int search_parts(struct search *s, struct extent e, size_t level)
{
	while (e.len > 0) {
		struct extent part = narrow_cut(&e, steps[level]);
		int rc = try_part(s->n, part, level == LAST ? TRIES : 1);

		if (rc == 0)
			rc = add_good(s, part);
		else if (!is_of_one_place(-rc))
			rc = error_set_at(s->n->err, s->n->why, -rc, part.start, s->n->name);
		else if (level == LAST)
			rc = add_bad(s, part, -rc);
		else
			rc = search_parts(s, part, level + 1);
		if (rc)
			return rc;
	}
	return 0;
}

int narrow_run(const struct narrow *n, struct extent e)
{
	struct search s = { .n = n };
	int rc;

	if (e.len == 0)
		return 0;
	rc = try_part(n, e, 1);
	if (rc == 0)
		return n->good ? n->good(n->arg, e) : 0;
	if (!is_of_one_place(-rc))
		return error_set_at(n->err, n->why, -rc, e.start, n->name);
	rc = search_parts(&s, e, 0);
	return rc ? rc : tell_bad(&s);
}
