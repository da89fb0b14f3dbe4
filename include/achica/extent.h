/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_EXTENT_H
#define ACHICA_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A run of bytes from the start of a window: the only unit of place and length outside a
 * filesystem driver. An extent never wraps: start + len <= UINT64_MAX.
 */
struct extent {
	uint64_t start; /* bytes */
	uint64_t len;   /* bytes; 0 is the empty extent */
};

/*
 * A piece of a window that lies in several places. stripes of them in a row, all of the same length
 * and with the same stripes and chunk, lie side by side: the window takes chunk bytes of each in
 * turn. A piece that lies alone has stripes 1, and chunk does not matter.
 */
struct stretch {
	struct extent in;  /* bytes of what the window is on; with stripes a multiple of chunk */
	uint32_t stripes;
	uint32_t chunk;    /* bytes */
};

/* How many of the first at bytes of a run of stripes lie on one of them (from 0); chunk not 0. */
uint64_t extent_on_stripe(uint64_t at, uint64_t stripes, uint64_t chunk, uint64_t stripe);

/*
 * Receives extents, ascending and never overlapping. A non-zero result ends the walk and is
 * returned from it unchanged.
 */
typedef int extent_fn(void *arg, struct extent e);

/* The first byte after e. */
static inline uint64_t extent_end(struct extent e)
{
	return e.start + e.len;
}

/* The part of e inside bounds; empty (len 0) when they do not meet. */
struct extent extent_clip(struct extent e, struct extent bounds);

/* Whether a and b share at least one byte. */
bool extent_overlaps(struct extent a, struct extent b);

/* e made smaller to whole multiples of unit (bytes, not 0) on both sides; may become empty. */
struct extent extent_shrink(struct extent e, uint64_t unit);

#endif
