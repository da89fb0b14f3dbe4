/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Arithmetic on extents that never wraps. */

#include "achica/extent.h"

struct extent extent_clip(struct extent e, struct extent bounds)
{
	uint64_t start = e.start > bounds.start ? e.start : bounds.start;
	uint64_t end = extent_end(e) < extent_end(bounds) ? extent_end(e) : extent_end(bounds);

	return (struct extent){ start, end > start ? end - start : 0 };
}

bool extent_overlaps(struct extent a, struct extent b)
{
	return extent_clip(a, b).len > 0;
}

struct extent extent_shrink(struct extent e, uint64_t unit)
{
	uint64_t head = e.start % unit ? unit - e.start % unit : 0;

	if (head >= e.len)
		return (struct extent){ e.start, 0 };
	return (struct extent){ e.start + head, (e.len - head) / unit * unit };
}

uint64_t extent_on_stripe(uint64_t at, uint64_t stripes, uint64_t chunk, uint64_t stripe)
{
	uint64_t row = chunk * stripes;
	uint64_t rest = at % row;
	uint64_t skip = chunk * stripe;

	rest = rest > skip ? rest - skip : 0;
	return at / row * chunk + (rest < chunk ? rest : chunk);
}
