/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "write": free space that is no hole is read, and what is not zero is zeroed. Zeros are
 * never written over zeros, so that nothing grows and nothing wears.
 *
 * Where all that was read for a while is stale, reading is waste: then most is zeroed unread, and
 * one part in sixteen still read, to see when that ends. Only where the host tells its holes, for
 * zeros written into one that was not told (a thin volume, a loop device over a sparse file) would
 * make it solid; and never in a dry run, which is to count.
 */

#include "achica/units.h"
#include "engine/narrow.h"
#include "engine/present.h"
#include "engine/reader.h"
#include "engine/report.h"
#include "engine/zero.h"

#define SURE (16 * MIB)  /* stale bytes in a row, after which there is no need to read */
#define CHECK (1 * MIB)  /* what is still read of as much */

struct writer {
	struct zero zero;
	struct reader *reader;
	bool may_skip;    /* reading */
	uint64_t streak;  /* bytes read in a row that were nearly all stale */
	uint64_t blind;   /* bytes that may be zeroed without reading */
};

/* Nearly all: but one part in 32. */
static void learn(struct writer *w, uint64_t len, uint64_t stale)
{
	w->streak = stale >= len - len / 32 ? w->streak + len : 0;
	if (!w->may_skip || w->streak < SURE)
		return;
	w->blind = SURE - CHECK;
	w->streak = SURE - CHECK;
}

static int write_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct writer *w = arg;
	uint64_t at = piece.start;
	uint64_t stale = 0;
	struct extent run;
	int rc = 0;

	while (rc == 0 && stale_next(piece, bytes, at, &run)) {
		rc = report_did(w->zero.watch, DID_ZERO, (struct extent){ at, run.start - at });
		if (rc == 0)
			rc = zero_extent(&w->zero, run);
		at = extent_end(run);
		stale += run.len;
	}
	if (rc)
		return rc;
	learn(w, piece.len, stale);
	return report_did(w->zero.watch, DID_ZERO, (struct extent){ at, extent_end(piece) - at });
}

static int write_blind(struct writer *w, struct extent e)
{
	int rc = reader_finish(w->reader);

	w->blind -= e.len;
	return rc ? rc : zero_extent(&w->zero, e);
}

static int write_range(void *arg, struct extent e, bool hole)
{
	struct writer *w = arg;
	int rc = 0;

	if (hole)
		return reader_hole(w->reader, e);
	while (rc == 0 && e.len > 0) {
		struct extent part = narrow_cut(&e, CHECK);

		rc = w->blind >= part.len ? write_blind(w, part) : reader_add(w->reader, part);
	}
	return rc;
}

int engine_write(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	struct writer w = {
		.zero = { .io = fs->io, .watch = watch, .err = err, .dry = dry },
		.may_skip = fs->io->tells_holes && !dry,
	};
	int rc = reader_new(fs->io, watch, write_look, &w, err, &w.reader);

	if (rc)
		return rc;
	if (reader_floods(fs->free))
		reader_forget(w.reader);
	rc = present_walk(fs, write_range, &w, err);
	if (rc == 0)
		rc = reader_finish(w.reader);
	if (rc == 0)
		rc = zero_flush(&w.zero);
	reader_free(w.reader);
	return rc;
}
