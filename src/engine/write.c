/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Write: free space that is stale is overwritten with zeros. What is zero already stays as it is,
 * so nothing solid is made of a hole, and a second run writes nothing. Where nearly all that was
 * read of late was stale, reading is a waste: most batches are then written unread, and one in
 * SAMPLE_EVERY is still read to see whether that holds.
 */

#include <errno.h>
#include <stdlib.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "engine/batch.h"
#include "engine/pieces.h"

/* Progress never runs further ahead of the medium than this. */
#define FLUSH_EVERY (256 * MIB)

/* What a zero test looks at: the host's page, or the unit where that is smaller. */
#define GRAIN_MAX (4 * KIB)

/* Blind writing: after this much in a row was all but stale, this many batches of which one is
   read. */
#define BLIND_AFTER (32 * MIB)
#define SAMPLE_EVERY 8

/* Stale means: all of it but one part in this many. */
#define NEARLY_ALL 64

/* A medium that failed may take it yet. */
#define TRIES 3

struct writer {
	struct fs *fs;
	bool dry;
	const struct watch *watch;
	struct error *err;
	const unsigned char *zeros; /* BATCH_SPAN of them */
	uint64_t grain;
	uint64_t unflushed;         /* bytes written since the last flush */
	uint64_t seen_stale;        /* since a batch was last found to hold much zero */
	unsigned batch;
};

/* Reading pays where zeros were found of late; a dry run always reads, to count. */
static bool wants_bytes(void *arg)
{
	struct writer *w = arg;

	w->batch++;
	return w->dry || w->seen_stale < BLIND_AFTER || w->batch % SAMPLE_EVERY == 0;
}

static int write_failed(struct writer *w, struct extent e, int r)
{
	struct error failure;

	error_clear(&failure);
	error_set_at(&failure, WHY_WRITE, -r, e.start, w->fs->io->name);
	return watch_failed(w->watch, &failure, e, w->err);
}

static int flush(struct writer *w)
{
	int r = w->unflushed ? io_flush(w->fs->io) : 0;

	w->unflushed = 0;
	return r < 0 ? error_set(w->err, WHY_FLUSH, -r, w->fs->io->name) : 0;
}

/* After a failed write: one unit after the other, so that only the bad ones are given up. */
static int write_units(struct writer *w, struct extent e)
{
	uint64_t unit = w->fs->unit;

	while (e.len > 0) {
		struct extent one = { e.start, e.len < unit ? e.len : unit };
		int r = -EIO;

		for (int i = 0; r < 0 && i < TRIES; i++)
			r = io_write(w->fs->io, one.start, w->zeros, (size_t)one.len);
		r = r < 0 ? write_failed(w, one, r) : watch_did(w->watch, DID_ZEROED, one);
		if (r)
			return r;
		e = (struct extent){ extent_end(one), e.len - one.len };
	}
	return 0;
}

/* At most BATCH_SPAN bytes. */
static int write_zeros(struct writer *w, struct extent e)
{
	int r;

	if (w->dry)
		return watch_did(w->watch, DID_ZEROED, e);
	w->unflushed += e.len;
	if (io_write(w->fs->io, e.start, w->zeros, (size_t)e.len) < 0)
		return write_units(w, e);
	r = watch_did(w->watch, DID_ZEROED, e);
	if (r == 0 && w->unflushed >= FLUSH_EVERY)
		r = flush(w);
	return r;
}

/* Length of the run from at that is all zero, or all stale, whichever *zero says. */
static uint64_t run_length(const struct writer *w, const unsigned char *data, uint64_t at,
			   uint64_t len, bool *zero)
{
	uint64_t end = at;
	uint64_t n = len - at < w->grain ? len - at : w->grain;

	*zero = bytes_are_zero(data + at, (size_t)n);
	do {
		end += n;
		n = len - end < w->grain ? len - end : w->grain;
	} while (n > 0 && bytes_are_zero(data + end, (size_t)n) == *zero);
	return end - at;
}

static int write_part(void *arg, struct extent e, const unsigned char *data)
{
	struct writer *w = arg;
	uint64_t stale = 0;
	uint64_t at = 0;
	int r = 0;

	if (!data)
		return write_zeros(w, e);
	while (r == 0 && at < e.len) {
		bool zero;
		uint64_t n = run_length(w, data, at, e.len, &zero);
		struct extent run = { e.start + at, n };

		r = zero ? watch_did(w->watch, DID_ZERO, run) : write_zeros(w, run);
		stale += zero ? 0 : n;
		at += n;
	}
	w->seen_stale = e.len - stale <= e.len / NEARLY_ALL ? w->seen_stale + stale : 0;
	return r;
}

int engine_write(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	struct writer w = { .fs = fs, .dry = dry, .watch = watch, .err = err };
	struct batch_user user = { wants_bytes, write_part, &w };
	void *zeros = NULL;
	int r;

	if (posix_memalign(&zeros, 4096, BATCH_SPAN))
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	for (size_t i = 0; i < BATCH_SPAN; i++)
		((unsigned char *)zeros)[i] = 0;
	w.zeros = zeros;
	w.grain = fs->unit < GRAIN_MAX ? fs->unit : GRAIN_MAX;
	r = batch_walk(fs, &user, watch, err);
	if (r == 0)
		r = flush(&w);
	free(zeros);
	return r;
}
