/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Free space cut where the host's holes begin and end. What the host said last is kept, so that
 * thousands of small extents in one run of data, or in one hole, cost one question.
 */

#include <errno.h>
#include <string.h>

#include "engine/pieces.h"

struct pieces {
	struct io *io;
	uint64_t step;
	piece_fn *fn;
	void *arg;
	struct extent hole; /* the last answer: a hole (may be empty), and the data behind it */
	struct extent data;
};

/* Asks the host about what begins at from. An io that cannot tell has data everywhere. */
static void ask(struct pieces *p, uint64_t from)
{
	struct extent data;
	int r = io_next_data(p->io, from, &data);

	if (r < 0)
		data = (struct extent){ from, p->io->size - from };
	if (r == 1 || data.start < from)
		data = (struct extent){ p->io->size, 0 };
	p->hole = (struct extent){ from, data.start - from };
	p->data = data;
}

static int hand_on_data(struct pieces *p, struct extent e)
{
	int r = 0;

	while (r == 0 && e.len > 0) {
		uint64_t len = e.len < p->step ? e.len : p->step;

		r = p->fn(p->arg, (struct extent){ e.start, len }, false);
		e = (struct extent){ e.start + len, e.len - len };
	}
	return r;
}

static int cut_extent(void *arg, struct extent e)
{
	struct pieces *p = arg;
	int r = 0;

	while (r == 0 && e.len > 0) {
		struct extent part;

		if (e.start < p->hole.start || e.start >= extent_end(p->data))
			ask(p, e.start);
		part = extent_clip(e, p->hole);
		if (part.len > 0) {
			r = p->fn(p->arg, part, true);
		} else {
			part = extent_clip(e, p->data);
			r = hand_on_data(p, part);
		}
		e = (struct extent){ extent_end(part), extent_end(e) - extent_end(part) };
	}
	return r;
}

int pieces_walk(struct fs *fs, uint64_t step, piece_fn *fn, void *arg, struct error *err)
{
	struct pieces p = { .io = fs->io, .step = step, .fn = fn, .arg = arg };

	return gate_walk(fs, cut_extent, &p, err);
}

int watch_did(const struct watch *watch, enum did what, struct extent e)
{
	return watch && watch->did && e.len > 0 ? watch->did(watch->arg, what, e) : 0;
}

/* Whether the next range would fail like this one. */
static bool is_hopeless(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS || errnum == ENOMEM ||
	       errnum == ENODEV || errnum == ENXIO;
}

int watch_failed(const struct watch *watch, const struct error *failure, struct extent e,
		 struct error *err)
{
	int r;

	if (watch && watch->failed && !is_hopeless(failure->errnum)) {
		r = watch->failed(watch->arg, failure, e);
		return r ? r : watch_did(watch, DID_FAILED, e);
	}
	r = error_set_at(err, failure->why, failure->errnum, failure->at, failure->what);
	return r;
}
