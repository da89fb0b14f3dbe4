/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The free map of a filesystem, laid over the map of holes that its host keeps. */

#include <stddef.h>

#include "engine/present.h"

struct present {
	struct io *io;
	present_fn *fn;
	void *arg;
	struct error *err;
};

/* The first part of e that is no hole; empty, at the end of e, when all of it is. */
static int find_data(struct io *io, struct extent e, struct extent *data, struct error *err)
{
	int rc = io_next_data(io, e.start, data);

	if (rc < 0)
		return error_set_at(err, WHY_READ, -rc, e.start, io->name);
	if (rc == 0)
		*data = extent_clip(*data, e);
	if (rc == 1 || data->len == 0)
		*data = (struct extent){ extent_end(e), 0 };
	return 0;
}

int present_cut(struct io *io, struct extent e, present_fn *fn, void *arg, struct error *err)
{
	while (e.len > 0) {
		struct extent data;
		int rc = find_data(io, e, &data, err);

		if (rc == 0 && data.start > e.start)
			rc = fn(arg, (struct extent){ e.start, data.start - e.start }, true);
		if (rc == 0 && data.len > 0)
			rc = fn(arg, data, false);
		if (rc)
			return rc;
		e = (struct extent){ extent_end(data), extent_end(e) - extent_end(data) };
	}
	return 0;
}

static int present_extent(void *arg, struct extent e)
{
	struct present *p = arg;

	return present_cut(p->io, e, p->fn, p->arg, p->err);
}

int present_walk(struct fs *fs, present_fn *fn, void *arg, struct error *err)
{
	struct present p = { fs->io, fn, arg, err };

	return gate_walk(fs, present_extent, &p, err);
}
