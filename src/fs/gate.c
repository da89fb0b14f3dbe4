/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The gate: no extent of a driver reaches anybody before it was compared with the one before, the
 * size of the filesystem and its unit. Touching extents are joined, so one is held back until the
 * next is known. After a bad one, nothing more is handed on, not even what is held back.
 */

#include <assert.h>
#include <stddef.h>

#include "fs/fs.h"

struct gate {
	struct fs *fs;
	extent_fn *fn; /* NULL: only looks */
	void *arg;
	struct error *err;
	struct extent held; /* checked, not handed on yet */
	struct gate_sum sum;
};

static int gate_hand_on(struct gate *g)
{
	struct extent e = g->held;

	g->held = (struct extent){ extent_end(e), 0 };
	if (e.len == 0)
		return 0;
	g->sum.extents++;
	return g->fn ? g->fn(g->arg, e) : 0;
}

static int gate_check(struct gate *g, struct extent e)
{
	const struct fs *fs = g->fs;
	const char *type = fs->type;

	if (e.len == 0 || e.start > fs->size || e.len > fs->size - e.start)
		return error_set_at(g->err, WHY_MAP_RANGE, 0, e.start, type);
	if (e.start % fs->unit != 0 || e.len % fs->unit != 0)
		return error_set_at(g->err, WHY_MAP_RANGE, 0, e.start, type);
	if (e.start < extent_end(g->held))
		return error_set_at(g->err, WHY_MAP_ORDER, 0, e.start, type);
	return 0;
}

static int gate_extent(void *arg, struct extent e)
{
	struct gate *g = arg;
	int rc = gate_check(g, e);

	if (rc)
		return rc;
	g->sum.bytes += e.len;
	if (e.start == extent_end(g->held)) {
		if (g->held.len == 0)
			g->held.start = e.start;
		g->held.len += e.len;
		return 0;
	}
	rc = gate_hand_on(g);
	g->held = e;
	return rc;
}

static int gate_run(struct gate *g)
{
	int rc;

	assert(g->fs->unit != 0);
	rc = g->fs->driver->walk(g->fs, gate_extent, g, g->err);
	return rc ? rc : gate_hand_on(g);
}

int gate_walk(struct fs *fs, extent_fn *fn, void *arg, struct error *err)
{
	struct gate g = { .fs = fs, .fn = fn, .arg = arg, .err = err };

	return gate_run(&g);
}

int gate_dry_walk(struct fs *fs, extent_fn *fn, void *arg, struct gate_sum *sum,
		  struct error *err)
{
	struct gate g = { .fs = fs, .fn = fn, .arg = arg, .err = err };
	int rc = gate_run(&g);

	if (rc)
		return rc;
	if (fs->free != FS_FREE_UNKNOWN && fs->free != g.sum.bytes)
		return error_set_at(err, WHY_MAP_TOTAL, 0, g.sum.bytes, fs->type);
	*sum = g.sum;
	return 0;
}
