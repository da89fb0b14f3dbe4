/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A disk opened as a whole, and each of its targets besides. A target that cannot be opened, or
 * whose map does not pass the gate, is no part: what it holds stays.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/hold.h"
#include "app/outlook.h"
#include "engine/forecast.h"

struct member {
	const struct target *target;
	struct hold hold;
};

struct outlook {
	struct lock *lock;
	struct member *members;
	size_t n;
	struct cover_part *parts;
	size_t n_parts;
	struct forecaster *forecaster;
};

static const struct target *next_in(const struct target *t)
{
	const struct target *next = target_next(t);

	return next && next->parent ? next : NULL;
}

bool outlook_can(const struct target *top)
{
	bool is_file = top->kind == TARGET_IMAGE;

	if (top->state != TARGET_READY || !top->path || top->size == 0)
		return false;
	if (is_file && top->format && strcmp(top->format, "raw") != 0)
		return false;
	for (const struct target *t = top; t; t = next_in(t)) {
		if (is_file || target_can(t))
			return true;
	}
	return false;
}

void outlook_close(struct outlook *o)
{
	if (!o)
		return;
	forecaster_free(o->forecaster);
	for (size_t i = 0; i < o->n; i++)
		hold_release(&o->members[i].hold);
	free(o->members);
	free(o->parts);
	lock_release(o->lock);
	free(o);
}

/* What wants consent is cleared when it is given: what it would save is told with the others. */
static bool is_member(const struct target *t)
{
	return target_can(t) || target_wants_consent(t);
}

static size_t count_members(const struct target *top, size_t *parts)
{
	size_t n = 0;

	*parts = 0;
	for (const struct target *t = top; t; t = next_in(t)) {
		n += is_member(t);
		*parts += is_member(t) ? t->n_segments + 1 : 0;
	}
	return n;
}

static struct cover_part *put_part(struct outlook *o, struct fs *fs, struct extent range,
				   uint64_t start, unsigned owner)
{
	struct cover_part *part = &o->parts[o->n_parts++];

	*part = (struct cover_part){
		.fs = fs,
		.range = range,
		.start = start,
		.owner = owner,
	};
	return part;
}

/* For each of them the map of the filesystem is walked. */
#define SEGMENTS_MAX 256

/* A volume in segments is as many parts, each its own piece of the filesystem, and so are stripes.
   Where they are too many, all that the volume holds is counted as staying. */
static void put_segments(struct outlook *o, const struct target *t, struct fs *fs, unsigned owner)
{
	const struct extent all = { 0, fs->size };
	uint32_t beside = 0; /* stripes of this run that were put already */
	uint64_t at = 0;

	for (size_t i = 0; t->n_segments <= SEGMENTS_MAX && i < t->n_segments; i++) {
		const struct stretch *s = &t->segments[i];
		struct extent range = { at, s->in.len * s->stripes };
		struct cover_part *part;

		range = extent_clip(range, all);
		part = put_part(o, fs, range, s->in.start - t->base + t->start, owner);
		if (s->stripes > 1) {
			part->stripes = s->stripes;
			part->stripe = beside;
			part->chunk = s->chunk;
		}
		beside = (beside + 1) % s->stripes;
		at += beside ? 0 : s->in.len * s->stripes;
	}
}

static void add_part(struct outlook *o, const struct target *t, struct fs *fs, unsigned owner)
{
	struct gate_sum sum;

	if (gate_dry_walk(fs, NULL, NULL, &sum, NULL) < 0 && !target_is_mounted(t))
		return;
	if (t->n_segments)
		put_segments(o, t, fs, owner);
	else
		put_part(o, fs, (struct extent){ 0, fs->size }, t->start, owner);
}

static int compare_parts(const void *a, const void *b)
{
	const struct cover_part *x = a;
	const struct cover_part *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int open_members(struct outlook *o, const struct target *top)
{
	size_t n_parts;
	size_t n = count_members(top, &n_parts);

	o->members = calloc(n + 1, sizeof(*o->members));
	o->parts = calloc(n_parts + 1, sizeof(*o->parts));
	if (!o->members || !o->parts)
		return -ENOMEM;
	for (const struct target *t = top; t; t = next_in(t)) {
		struct member *m = &o->members[o->n];

		if (!is_member(t))
			continue;
		m->target = t;
		if (hold_look(t, &m->hold, NULL) == 0)
			add_part(o, t, m->hold.fs, (unsigned)o->n);
		o->n++;
	}
	qsort(o->parts, o->n_parts, sizeof(o->parts[0]), compare_parts);
	return 0;
}

static int open_all(struct outlook *o, const struct target *top, uint64_t seed,
		    const struct watch *watch, struct error *err)
{
	struct cover cover = { NULL, NULL, 0 };
	int rc = lock_take(top, LOCK_LOOK, &o->lock, err);

	if (rc)
		return rc;
	if (open_members(o, top) < 0)
		return error_set(err, WHY_MEMORY, ENOMEM, top->name);
	cover.disk = lock_window(o->lock);
	cover.parts = o->parts;
	cover.n = o->n_parts;
	return forecaster_new(&cover, (unsigned)o->n, seed, watch, &o->forecaster, err);
}

int outlook_open(const struct target *top, uint64_t seed, const struct watch *watch,
		 struct outlook **outlook, struct error *err)
{
	struct outlook *o = calloc(1, sizeof(*o));
	int rc = o ? open_all(o, top, seed, watch, err)
		   : error_set(err, WHY_MEMORY, ENOMEM, top->name);

	if (rc)
		outlook_close(o);
	else
		*outlook = o;
	return rc;
}

int outlook_more(struct outlook *o, size_t units, const struct watch *watch, struct error *err)
{
	return forecaster_more(o->forecaster, units, watch, err);
}

uint64_t outlook_present(const struct outlook *o)
{
	return forecaster_present(o->forecaster);
}

/* By itself that is not cleared, so it is there after. */
static void add_back(struct forecast *forecast, const uint64_t saves[FORECAST_COUNT])
{
	for (int i = 0; i < FORECAST_COUNT; i++) {
		forecast->after[i].bytes += saves[i];
		forecast->after[i].low += saves[i];
		forecast->after[i].high += saves[i];
	}
}

void outlook_apply(const struct outlook *o, struct target *to)
{
	uint64_t (*saves)[FORECAST_COUNT] = calloc(o->n + 1, sizeof(*saves));

	if (!saves)
		return;
	forecaster_result(o->forecaster, &to->forecast, saves);
	for (size_t i = 0; i < o->n; i++) {
		struct target *t = target_find(to, o->members[i].target->name);

		if (target_wants_consent(o->members[i].target))
			add_back(&to->forecast, saves[i]);
		if (t)
			memcpy(t->saves, saves[i], sizeof(t->saves));
	}
	free(saves);
}
