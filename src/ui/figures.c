/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Sums and guesses over targets, and names and figures as columns want them. */

#include <math.h>
#include <string.h>

#include "achica/units.h"
#include "ui/ui.h"

const char *short_name(const struct target *t)
{
	size_t len = t->parent ? strlen(t->parent->name) : 0;

	if (target_volume(t))
		return target_volume(t);
	if (len && strncmp(t->name, t->parent->name, len) == 0 && t->name[len] == '#')
		return t->name + len;
	if (t->kind != TARGET_IMAGE && strncmp(t->name, "/dev/", 5) == 0 && t->name[5])
		return t->name + 5;
	return t->name;
}

static double above(const struct estimate *e)
{
	return e->stale_high > e->stale ? (double)(e->stale_high - e->stale) : 0;
}

static double below(const struct estimate *e)
{
	return e->stale > e->stale_low ? (double)(e->stale - e->stale_low) : 0;
}

/* Samples of different targets are independent, so their widths add as squares. sum starts as
   { .known = true, .exact = true }; one that is not known makes the sum not known. */
void estimate_add(struct estimate *sum, const struct estimate *e)
{
	double up = hypot(above(sum), above(e));
	double down = hypot(below(sum), below(e));

	sum->known = sum->known && e->known;
	sum->exact = sum->exact && e->exact;
	sum->free = size_add(sum->free, e->free);
	sum->hole = size_add(sum->hole, e->hole);
	sum->zero = size_add(sum->zero, e->zero);
	sum->present = size_add(sum->present, e->present);
	sum->sampled = size_add(sum->sampled, e->sampled);
	sum->stale = size_add(sum->stale, e->stale);
	sum->stale_high = size_add(sum->stale, (uint64_t)up);
	sum->stale_low = (double)sum->stale > down ? sum->stale - (uint64_t)down : 0;
}

/* say_estimate with its number at the right of 7 cells, so that numbers stand below each other. */
char *say_figure(const struct estimate *e, const char *pm, char *buf, size_t n)
{
	char text[64], figure[64];
	size_t blank, len;

	say_estimate(e, pm, text, sizeof(text));
	blank = strcspn(text, " ");
	memcpy(figure, text, blank);
	figure[blank] = '\0';
	len = say_cells(figure);
	if (len >= 7 || !strpbrk(figure, "0123456789?"))
		snprintf(buf, n, "%s", text);
	else
		snprintf(buf, n, "%*s%s", (int)(7 - len), "", text);
	return buf;
}

/* What was zeroed, and what is still to be, as far as the sample knows. */
uint64_t expected_stale(const struct job_view_item *item)
{
	uint64_t unread = item->free > item->done ? item->free - item->done : 0;
	uint64_t left = 0;

	if (item->estimate.known && item->estimate.stale > item->zeroed)
		left = item->estimate.stale - item->zeroed;
	return item->zeroed + (left < unread ? left : unread);
}

/* 0 is no limit, the fastest. */
uint64_t next_rate(uint64_t rate, bool faster)
{
	static const uint64_t steps[] = { 20000000, 50000000, 100000000, 200000000, 500000000 };
	size_t n = sizeof(steps) / sizeof(steps[0]);

	if (faster) {
		for (size_t i = 0; rate && i < n; i++) {
			if (steps[i] > rate)
				return steps[i];
		}
		return 0;
	}
	while (n > 1 && rate && steps[n - 1] >= rate)
		n--;
	return steps[n - 1];
}
