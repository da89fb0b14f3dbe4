/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Punch: free space goes back to the host. Metadata alone: nothing is read. Extents come joined
 * from the gate, so each is as long as it can be; holes are left as they are.
 */

#include <errno.h>

#include "achica/units.h"
#include "engine/pieces.h"

/* Long enough to cost nothing, short enough that a stop is felt at once. */
#define PUNCH_STEP GIB

struct punch {
	struct fs *fs;
	bool dry;
	bool changed;
	const struct watch *watch;
	struct error *err;
};

static int punch_piece(void *arg, struct extent e, bool hole)
{
	struct punch *p = arg;
	struct io *io = p->fs->io;
	struct error failure;
	int r;

	if (hole)
		return watch_did(p->watch, DID_HOLE, e);
	r = p->dry ? 0 : io_punch(io, e);
	if (r == 0) {
		p->changed = true;
		return watch_did(p->watch, DID_ZEROED, e);
	}
	if (r == -EOPNOTSUPP && !p->changed)
		return error_set(p->err, WHY_NO_PUNCH, EOPNOTSUPP, io->name);
	error_clear(&failure);
	error_set_at(&failure, WHY_WRITE, -r, e.start, io->name);
	return watch_failed(p->watch, &failure, e, p->err);
}

int engine_punch(struct fs *fs, bool dry, const struct watch *watch, struct error *err)
{
	struct punch p = { .fs = fs, .dry = dry, .watch = watch, .err = err };
	int r;

	/* A device zeroes whole sectors; a filesystem of smaller blocks is not from there. */
	if (fs->unit % fs->io->sector != 0)
		return error_set(err, WHY_NO_PUNCH, EOPNOTSUPP, fs->io->name);
	r = pieces_walk(fs, PUNCH_STEP, punch_piece, &p, err);
	if (r || dry)
		return r;
	r = io_flush(fs->io);
	return r < 0 ? error_set(err, WHY_FLUSH, -r, fs->io->name) : 0;
}
