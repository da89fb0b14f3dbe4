/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "write": free space that is no hole is read, and what is not zero is zeroed. Zeros are
 * never written over zeros, so that nothing grows and nothing wears.
 *
 * What is all stale is hardly read (blind.h), where the host tells its holes: zeros written into
 * one that was not told (a thin volume, a loop device over a sparse file) would make it solid. Not
 * in a dry run, which is to count.
 */

#include "engine/blind.h"
#include "engine/present.h"
#include "engine/reader.h"
#include "engine/report.h"
#include "engine/zero.h"

struct writer {
	struct zero zero;
	struct reader *reader;
	struct blind blind;
};

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
	blind_learn(&w->blind, piece.len, stale);
	return report_did(w->zero.watch, DID_ZERO, (struct extent){ at, extent_end(piece) - at });
}

static int write_blind(struct writer *w, struct extent e)
{
	int rc = reader_finish(w->reader);

	return rc ? rc : zero_extent(&w->zero, e);
}

static int write_range(void *arg, struct extent e, bool hole)
{
	struct writer *w = arg;
	int rc = 0;

	if (hole)
		return reader_hole(w->reader, e);
	while (rc == 0 && e.len > 0) {
		struct extent part;
		bool unread = blind_cut(&w->blind, &e, &part);

		rc = unread ? write_blind(w, part) : reader_add(w->reader, part);
		if (rc == 0 && !unread && w->blind.checking)
			rc = reader_finish(w->reader);
	}
	return rc;
}

int engine_write(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	struct writer w = {
		.zero = { .io = fs->io, .watch = watch, .err = err, .dry = dry },
		.blind = { .allowed = fs->io->tells_holes && !dry },
	};
	int rc = reader_new(fs->io, watch, write_look, &w, err, &w.reader);

	if (rc)
		return rc;
	if (reader_floods(fs->free))
		reader_forget(w.reader);
	rc = present_walk(fs, write_range, &w, err);
	if (rc == 0)
		rc = reader_finish(w.reader);
	rc = zero_finish(&w.zero, rc);
	reader_free(w.reader);
	return rc;
}
