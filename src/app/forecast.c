/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The forecast of what the user marked, from the one for all and what each target saves of it. */

#include <string.h>

#include "achica/target.h"
#include "achica/units.h"

#define PAYS_BYTES (1 * MIB)
#define PAYS_PART 20

bool forecast_pays(uint64_t plain, uint64_t other)
{
	uint64_t least = plain / PAYS_PART > PAYS_BYTES ? plain / PAYS_PART : PAYS_BYTES;

	return plain > other && plain - other >= least;
}

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

	if (now->bytes == FORECAST_NEVER)
		return *now;
	for (const struct target *t = top; t && (t == top || t->parent); t = target_next(t)) {
		if (target_can(t) && is_marked(arg, t))
			saved += t->saves[format];
	}
	rest = now->bytes > saved ? now->bytes - saved : 0;
	return moved(rest > after->bytes + saved ? now : after, rest);
}

void forecast_done(struct target *top, bool (*is_marked)(void *arg, const struct target *t),
		   void *arg)
{
	struct forecast_size *now = top->forecast.now;

	for (int i = 0; i < FORECAST_COUNT && top->forecast.known; i++)
		now[i] = forecast_marked(top, (enum forecast_format)i, is_marked, arg);
	for (struct target *t = top; t && (t == top || t->parent); t = target_next(t)) {
		if (target_can(t) && is_marked(arg, t))
			memset(t->saves, 0, sizeof(t->saves));
	}
}

static void add_size(struct forecast_size *sum, struct forecast_size size)
{
	if (sum->bytes == FORECAST_NEVER || size.bytes == FORECAST_NEVER) {
		*sum = (struct forecast_size){ FORECAST_NEVER, FORECAST_NEVER, FORECAST_NEVER };
		return;
	}
	sum->bytes += size.bytes;
	sum->low += size.low;
	sum->high += size.high;
}

static bool has_marked(const struct target *top, bool (*is_marked)(void *, const struct target *),
		       void *arg)
{
	for (const struct target *t = top; t && (t == top || t->parent); t = target_next(t)) {
		if (is_marked(arg, t))
			return true;
	}
	return false;
}

bool forecast_sum(const struct target *tree, bool (*is_marked)(void *arg, const struct target *t),
		  void *arg, struct forecast_sum *sum)
{
	bool any = false;

	*sum = (struct forecast_sum){ .now = { { 0, 0, 0 } } };
	for (const struct target *t = tree; t; t = t->next) {
		if (!has_marked(t, is_marked, arg))
			continue;
		if (!t->forecast.known)
			return false;
		any = true;
		for (int i = 0; i < FORECAST_COUNT; i++) {
			enum forecast_format format = (enum forecast_format)i;

			add_size(&sum->now[i], t->forecast.now[i]);
			add_size(&sum->after[i], forecast_marked(t, format, is_marked, arg));
		}
	}
	return any;
}
