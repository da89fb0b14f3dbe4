/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Looking only: the exact estimate, which reads all of the free space, and the proof afterwards
 * that all of it reads as zero.
 */

#include "achica/units.h"
#include "base/bytes.h"
#include "engine/batch.h"
#include "engine/pieces.h"

#define GRAIN_MAX (4 * KIB)

struct scan {
	const struct watch *watch;
	struct error *err;
	const char *name;
	uint64_t grain;
	struct estimate sum;
	bool verify; /* the first stale byte is an error */
};

static int stale_found(struct scan *s, struct extent e, const unsigned char *data)
{
	uint64_t at = 0;

	while (data[at] == 0)
		at++;
	return error_set_at(s->err, WHY_VERIFY, 0, e.start + at, s->name);
}

static int scan_part(void *arg, struct extent e, const unsigned char *data)
{
	struct scan *s = arg;

	for (uint64_t at = 0; at < e.len; at += s->grain) {
		uint64_t n = e.len - at < s->grain ? e.len - at : s->grain;
		struct extent one = { e.start + at, n };

		if (bytes_are_zero(data + at, (size_t)n))
			s->sum.zero += n;
		else if (s->verify)
			return stale_found(s, one, data + at);
		else
			s->sum.stale += n;
	}
	s->sum.sampled += e.len;
	return 0;
}

/* Holes are counted from what the watch is told, which passes through here. */
static int count_did(void *arg, enum did what, struct extent e)
{
	struct scan *s = arg;

	if (what == DID_HOLE)
		s->sum.hole += e.len;
	if (what == DID_FAILED)
		s->sum.stale_high += e.len;
	return watch_did(s->watch, what, e);
}

static int pass_failed(void *arg, const struct error *failure, struct extent e)
{
	struct scan *s = arg;

	/* The range is told as DID_FAILED by who asked. */
	if (s->watch && s->watch->failed)
		return s->watch->failed(s->watch->arg, failure, e);
	return error_set_at(s->err, failure->why, failure->errnum, failure->at, failure->what);
}

static int scan_all(struct fs *fs, struct scan *s)
{
	const struct watch through = { count_did, pass_failed, s };
	const struct batch_user user = { NULL, scan_part, s };

	s->name = fs->io->name;
	s->grain = fs->unit < GRAIN_MAX ? fs->unit : GRAIN_MAX;
	return batch_walk(fs, &user, &through, s->err);
}

int engine_verify(struct fs *fs, const struct watch *watch, struct error *err)
{
	struct scan s = { .watch = watch, .err = err, .verify = true };

	return scan_all(fs, &s);
}

/* What could not be read may be stale: it widens the interval, and the figure is not exact. */
int engine_scan(struct fs *fs, const struct watch *watch, struct estimate *estimate,
		struct error *err)
{
	struct scan s = { .watch = watch, .err = err };
	uint64_t unread;
	int r = scan_all(fs, &s);

	if (r)
		return r;
	unread = s.sum.stale_high;
	s.sum.zero += unread;
	s.sum.present = s.sum.zero + s.sum.stale;
	s.sum.free = s.sum.present + s.sum.hole;
	s.sum.stale_low = s.sum.stale;
	s.sum.stale_high = s.sum.stale + unread;
	s.sum.known = true;
	s.sum.exact = unread == 0;
	*estimate = s.sum;
	return 0;
}
