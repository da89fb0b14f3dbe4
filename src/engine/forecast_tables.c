/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * How many L2 tables there will be. A table is there when any unit of its stretch has data. How
 * many units a stretch has is known for all, whether they have data from the sample alone: units
 * with used space, and those without, each have it with a chance of their own. At best all units of
 * a stretch are alike, at worst each that has data is in another.
 */

#include <math.h>

#include "engine/forecast_impl.h"

/* A chance from 0 to 1 and its 95 % interval. */
struct chance {
	double low, middle, high;
};

static struct chance chance_of(const struct tally *tally, int sort, int time)
{
	double n = tally->units[sort];
	double p = n > 0 ? tally->data[sort][time] / n : 0;
	double half = n > 0 ? 2.2 * sqrt(p * (1 - p) / n) + 3 / n : 1;

	return (struct chance){ fmax(p - half, 0), p, fmin(p + half, 1) };
}

/* That at least one of so many has it, one independent of the other. */
static double any(double chance, double units)
{
	return 1 - pow(1 - chance, units);
}

struct forecast_size tables_of(const struct forecaster *f, int format, int time)
{
	struct chance used = chance_of(&f->tally, USED, time);
	struct chance spare = chance_of(&f->tally, SPARE, time);
	uint64_t counted = f->tally.tables[time][format];
	double low = 0, middle = 0, high = 0;

	if (f->all)
		return (struct forecast_size){ counted, counted, counted };
	if (time == AFTER)
		spare = (struct chance){ 0, 0, 0 };
	for (int i = 0; i < SORTS * ALIKE; i++) {
		const struct stretches *s = &f->whole.stretches[format][i];
		double n = (double)s->n;
		double a = n > 0 ? (double)s->units[USED] / n : 0;
		double b = n > 0 ? (double)s->units[SPARE] / n : 0;

		low += n * fmax(a > 0 ? used.low : 0, b > 0 ? spare.low : 0);
		middle += n * (1 - (1 - any(used.middle, a)) * (1 - any(spare.middle, b)));
		high += n * fmin(a * used.high + b * spare.high, 1);
	}
	return (struct forecast_size){ (uint64_t)rint(middle), (uint64_t)low,
				       (uint64_t)ceil(high) };
}
