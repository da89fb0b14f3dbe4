/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The forecast of what the user marked, from the one for all and what each target saves of it. */

#include "achica/target.h"

/* size, moved to where the middle is bytes. */
static struct forecast_size moved(const struct forecast_size *size, uint64_t bytes)
{
	uint64_t below = size->bytes - size->low;

	return (struct forecast_size){ bytes, bytes > below ? bytes - below : 0,
				       bytes + (size->high - size->bytes) };
}

struct forecast_size forecast_marked(const struct target *top, enum forecast_format format,
				     bool (*is_marked)(void *arg, const struct target *t),
				     void *arg)
{
	const struct forecast_size *now = &top->forecast.now[format];
	const struct forecast_size *after = &top->forecast.after[format];
	uint64_t saved = 0;
	uint64_t rest;

	for (const struct target *t = top; t && (t == top || t->parent); t = target_next(t)) {
		if (target_can(t) && is_marked(arg, t))
			saved += t->saves[format];
	}
	rest = now->bytes > saved ? now->bytes - saved : 0;
	return moved(rest > after->bytes + saved ? now : after, rest);
}
