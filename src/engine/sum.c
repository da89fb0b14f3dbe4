/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The sum of what is in use: hashes of its sectors, each seeded with its place, added up. Sectors
 * of zeros count for nothing, so a hole of the host is as good as zeros, and it does not matter how
 * what is read was cut. That finds what changed by accident; it is no seal against who means to.
 */

#include "base/bytes.h"
#include "base/hash.h"
#include "engine/narrow.h"
#include "engine/present.h"
#include "engine/reader.h"

#define SECTOR 512

struct sum {
	struct io *io;
	struct error *err;
	struct reader *reader;
	uint64_t at;    /* end of the free extent before */
	uint64_t sum;
};

static int sum_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct sum *s = arg;
	struct extent rest = piece;

	while (rest.len > 0) {
		struct extent e = narrow_cut(&rest, SECTOR);
		const unsigned char *p = bytes + (e.start - piece.start);

		if (!bytes_are_zero(p, (size_t)e.len))
			s->sum += hash_xxh64(p, (size_t)e.len, e.start);
	}
	return 0;
}

static int sum_part(void *arg, struct extent e, bool hole)
{
	struct sum *s = arg;

	return hole ? reader_hole(s->reader, e) : reader_add(s->reader, e);
}

static int sum_used(struct sum *s, uint64_t end)
{
	struct extent used = { s->at, end - s->at };

	return present_cut(s->io, used, sum_part, s, s->err);
}

static int sum_before(void *arg, struct extent e)
{
	struct sum *s = arg;
	int rc = sum_used(s, e.start);

	s->at = extent_end(e);
	return rc;
}

int engine_sum(struct fs *fs, bool fresh, const struct watch *watch, uint64_t *sum,
	       struct error *err)
{
	struct sum s = { .io = fs->io, .err = err };
	uint64_t used = fs->io->size - (fs->free < fs->io->size ? fs->free : 0);
	int rc = reader_new(fs->io, watch, sum_look, &s, err, &s.reader);

	if (rc)
		return rc;
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
	*sum = s.sum;
	return rc;
}
