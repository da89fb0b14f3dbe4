/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The sum of what is in use: hashes of its sectors, each seeded with its place, added up. Sectors
 * of zeros count for nothing, so a hole of the host is as good as zeros, and it does not matter how
 * what is read was cut. That finds what changed by accident; it is no seal against who means to.
 */

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "engine/narrow.h"
#include "engine/present.h"
#include "engine/reader.h"

#define SECTOR 512

struct summing {
	struct io *io;
	struct error *err;
	struct reader *reader;
	uint64_t at;    /* end of the free extent before */
	struct sum *sum;
};

static int sum_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct summing *s = arg;
	struct extent rest = piece;

	while (rest.len > 0) {
		struct extent e = narrow_cut(&rest, SECTOR);
		const unsigned char *p = bytes + (e.start - piece.start);

		if (!bytes_are_zero(p, (size_t)e.len))
			s->sum->parts[e.start / s->sum->part] +=
				hash_xxh64(p, (size_t)e.len, e.start);
	}
	return 0;
}

static int sum_part(void *arg, struct extent e, bool hole)
{
	struct summing *s = arg;

	return hole ? reader_hole(s->reader, e) : reader_add(s->reader, e);
}

static int sum_used(struct summing *s, uint64_t end)
{
	struct extent used = { s->at, end - s->at };

	return present_cut(s->io, used, sum_part, s, s->err);
}

static int sum_before(void *arg, struct extent e)
{
	struct summing *s = arg;
	int rc = sum_used(s, e.start);

	s->at = extent_end(e);
	return rc;
}

int engine_sum(struct fs *fs, bool fresh, const struct watch *watch, struct sum *sum,
	       struct error *err)
{
	const struct io_failure failure = fs->io->failure;
	struct summing s = { .io = fs->io, .err = err, .sum = sum };
	uint64_t used = fs->io->size - (fs->free < fs->io->size ? fs->free : 0);
	int rc = reader_new(fs->io, watch, sum_look, &s, err, &s.reader);

	if (rc)
		return rc;
	memset(sum, 0, sizeof(*sum));
	/* Whole sectors: none lies in two of them. */
	sum->part = (fs->io->size / SUM_PARTS / SECTOR + 1) * SECTOR;
	if (fresh)
		io_forget(fs->io, (struct extent){ 0, fs->io->size });
	if (reader_floods(used))
		reader_forget(s.reader);
	rc = gate_walk(fs, sum_before, &s, err);
	if (rc == 0)
		rc = sum_used(&s, fs->io->size);
	if (rc == 0)
		rc = reader_finish(s.reader);
	reader_free(s.reader);
	/* Nothing was to be done there: what fails later has a reason of its own. */
	if (rc)
		fs->io->failure = failure;
	return rc;
}

bool sum_differs(const struct sum *a, const struct sum *b, uint64_t *at)
{
	size_t i = 0;

	while (i < SUM_PARTS && a->parts[i] == b->parts[i])
		i++;
	if (i < SUM_PARTS)
		*at = i * a->part;
	return i < SUM_PARTS;
}
