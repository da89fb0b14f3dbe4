/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Reading all of the free space: to count what is stale, or to see that nothing is. */

#include <errno.h>

#include "engine/present.h"
#include "engine/reader.h"
#include "engine/report.h"

struct scan {
	struct fs *fs;
	const struct watch *watch;
	struct error *err;
	struct reader *reader;
	struct estimate e;
};

static int scan_range(void *arg, struct extent e, bool hole)
{
	struct scan *s = arg;

	s->e.free += e.len;
	if (hole)
		s->e.hole += e.len;
	return hole ? reader_hole(s->reader, e) : reader_add(s->reader, e);
}

static int scan_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct scan *s = arg;
	uint64_t at = piece.start;
	uint64_t stale = 0;
	struct extent run;

	while (stale_next(piece, bytes, at, &run)) {
		stale += run.len;
		at = extent_end(run);
	}
	s->e.stale += stale;
	s->e.zero += piece.len - stale;
	return 0;
}

static int scan_run(struct scan *s, reader_fn *look)
{
	int rc = reader_new(s->fs->io, s->watch, look, s, s->err, &s->reader);

	if (rc)
		return rc;
	if (reader_floods(s->fs->free))
		reader_forget(s->reader);
	rc = present_walk(s->fs, scan_range, s, s->err);
	if (rc == 0)
		rc = reader_finish(s->reader);
	reader_free(s->reader);
	return rc;
}

int engine_scan(struct fs *fs, const struct watch *watch, struct estimate *estimate,
		struct error *err)
{
	struct scan s = { .fs = fs, .watch = watch, .err = err };
	int rc = scan_run(&s, scan_look);

	if (rc)
		return rc;
	s.e.known = true;
	s.e.present = s.e.free - s.e.hole;
	s.e.sampled = s.e.zero + s.e.stale;
	s.e.exact = s.e.sampled == s.e.present;
	s.e.stale_low = s.e.stale;
	/* What cannot be read may be anything; it is counted as zero, for it will not be zeroed. */
	s.e.stale_high = s.e.stale + (s.e.present - s.e.sampled);
	s.e.zero = s.e.present - s.e.stale;
	*estimate = s.e;
	return 0;
}

static int verify_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct scan *s = arg;
	struct extent run;
	uint64_t at;

	if (!stale_next(piece, bytes, piece.start, &run))
		return 0;
	for (at = run.start; bytes[at - piece.start] == 0; at++)
		;
	return error_set_at(s->err, WHY_VERIFY, EIO, at, s->fs->io->name);
}

int engine_verify(struct fs *fs, const struct watch *watch, struct error *err)
{
	struct scan s = { .fs = fs, .watch = watch, .err = err };

	/* What the cache holds is what was meant to be written; the medium is to be read. */
	io_forget(fs->io, (struct extent){ 0, fs->size });
	return scan_run(&s, verify_look);
}
