/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What is in no partition and in no volume: all of the window is free. Whether the window still is
 * such a gap is for those who know the table to say (disk/gaps.c), and whether anybody misses what
 * is in it, for the user.
 *
 * Refused: a window smaller than a sector. Memory: none.
 */

#include <errno.h>
#include <stdlib.h>

#include "fs/drivers.h"

static int gap_open(struct io *io, struct fs **fs, struct error *err)
{
	struct fs *gap;

	if (io->size < io->sector)
		return error_set_at(err, WHY_OUTSIDE, 0, io->sector, "gap");
	gap = calloc(1, sizeof(*gap));
	if (!gap)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	gap->driver = &fs_gap;
	gap->io = io;
	gap->type = "gap";
	gap->unit = io->sector;
	gap->size = gap->free = io->size - io->size % io->sector;
	*fs = gap;
	return 0;
}

static int gap_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	(void)err;
	return fn(arg, (struct extent){ 0, fs->size });
}

static void gap_close(struct fs *fs)
{
	free(fs);
}

static const char *const types[] = { "gap", NULL };

const struct fs_driver fs_gap = { "gap", types, gap_open, gap_walk, gap_close };
