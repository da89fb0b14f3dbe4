/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What the threads found becomes the tree. A row is exchanged as a whole when its probe is back;
 * one that is read again stays as it was until then, so that nothing jumps under the user's hand.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "app/branch.h"
#include "app/survey_impl.h"
#include "app/thread.h"

/* Without an answer for so long a device is called stuck. */
#define STUCK_US UINT64_C(5000000)

static struct pending *find_pending(const struct survey *s, const char *name)
{
	struct pending *p = s->pending;

	while (p && strcmp(p->name, name) != 0)
		p = p->next;
	return p;
}

/* The timer rings when the next probe will have to be called stuck. */
static void set_timer(struct survey *s)
{
	struct itimerspec when = { 0 };
	uint64_t first = UINT64_MAX;

	for (const struct pending *p = s->pending; p; p = p->next) {
		if (!p->stuck && p->start_us + STUCK_US < first)
			first = p->start_us + STUCK_US;
	}
	if (first != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(first / 1000000);
		when.it_value.tv_nsec = (long)(first % 1000000) * 1000;
	}
	timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void pending_free(struct pending *p)
{
	if (!p)
		return;
	target_free(p->again);
	free(p->name);
	free(p);
}

static int begin_probe(struct survey *s, const struct target *row)
{
	struct pending *p = find_pending(s, row->name);
	int rc = -ENOMEM;

	if (p) {
		target_free(p->again);
		return branch_copy(row, &p->again) ? 0 : -ENOMEM;
	}
	p = calloc(1, sizeof(*p));
	if (p)
		p->name = strdup(row->name);
	if (p && p->name)
		rc = probe_start(s->board, row);
	if (rc) {
		pending_free(p);
		return rc;
	}
	p->start_us = thread_now_us();
	p->next = s->pending;
	s->pending = p;
	set_timer(s);
	return 0;
}

void row_probe(struct survey *s, const struct target *from, struct target *shown)
{
	int rc = begin_probe(s, from);

	shown->state = rc ? TARGET_READY : TARGET_PROBING;
	if (rc)
		error_set(&shown->verdict, WHY_SYSTEM, -rc, shown->path);
}

/* The estimates. */

static const struct target *next_in(const struct target *t)
{
	const struct target *next = target_next(t);

	return next && next->parent ? next : NULL;
}

/* Figures of before stay until there are new ones. */
static void carry_estimates(struct target *top, const struct target *before)
{
	for (struct target *t = top; t; t = (struct target *)next_in(t)) {
		const struct target *old = before;

		while (old && strcmp(old->name, t->name) != 0)
			old = next_in(old);
		if (old && rows_are_same(t, old)) {
			t->estimate = old->estimate;
			t->forecast = old->forecast;
			memcpy(t->saves, old->saves, sizeof(t->saves));
		}
		if (!t->estimate.known)
			t->estimate.free = t->free;
	}
}

void looks_drop(struct survey *s, const struct target *top)
{
	struct prospect *prospect;

	pthread_mutex_lock(&s->board->mutex);
	for (const struct target *t = top; t; t = next_in(t)) {
		struct look *look = look_find(s->board, t->name);

		if (look)
			look->dropped = true;
	}
	prospect = prospect_find(s->board, top->name);
	if (prospect)
		prospect->dropped = true;
	pthread_cond_broadcast(&s->board->change);
	pthread_mutex_unlock(&s->board->mutex);
}

static void add_looks(struct survey *s, const struct target *top)
{
	pthread_mutex_lock(&s->board->mutex);
	for (const struct target *t = top; t; t = next_in(t)) {
		/* Without memory there is no figure. */
		if (s->estimate && (target_can(t) || target_wants_consent(t)))
			(void)look_add(s->board, t, s->exact);
	}
	if (s->estimate && outlook_can(top))
		(void)prospect_add(s->board, top, s->exact);
	pthread_mutex_unlock(&s->board->mutex);
}

/* A sample that agrees with what was read in full before says nothing new. */
static bool adds_nothing(const struct estimate *have, const struct estimate *sample)
{
	return have->known && have->exact && !sample->exact && sample->free == have->free &&
	       sample->stale_low <= have->stale && have->stale <= sample->stale_high;
}

static bool apply_estimates(struct survey *s)
{
	bool changed = false;

	for (struct look *look = s->board->looks; look; look = look->next) {
		struct target *t;

		if (!look->fresh || look->dropped)
			continue;
		look->fresh = false;
		t = s->tree ? target_find(s->tree, look->target->name) : NULL;
		if (!t || adds_nothing(&t->estimate, &look->estimate))
			continue;
		t->estimate = look->estimate;
		changed = true;
	}
	return changed;
}

/* The figures of a forecast, from the looker's copy. */
static void copy_forecast(struct target *to, const struct target *from)
{
	to->forecast = from->forecast;
	for (const struct target *t = from; t; t = next_in(t)) {
		struct target *same = target_find(to, t->name);

		if (same)
			memcpy(same->saves, t->saves, sizeof(same->saves));
	}
}

static bool apply_forecasts(struct survey *s)
{
	bool changed = false;

	for (struct prospect *p = s->board->prospects; p; p = p->next) {
		struct target *t;

		if (!p->fresh || p->dropped)
			continue;
		p->fresh = false;
		t = s->tree ? target_find(s->tree, p->top->name) : NULL;
		if (!t)
			continue;
		copy_forecast(t, p->top);
		changed = true;
	}
	return changed;
}

/* The rows. */

/* Its probe is back. Returns the row to read once more, if that was asked for meanwhile. */
static struct target *end_pending(struct survey *s, const char *name)
{
	struct pending **at = &s->pending;
	struct target *again = NULL;
	struct pending *p;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	p = *at;
	if (p) {
		again = p->again;
		p->again = NULL;
		*at = p->next;
	}
	pending_free(p);
	return again;
}

/* The row in the tree makes room for what was found. */
static void exchange(struct survey *s, struct target *top)
{
	struct target *again = end_pending(s, top->name);
	struct target *old = rows_exchange(&s->tree, top);

	if (old) {
		carry_estimates(top, old);
		rows_consent(s, top);
		looks_drop(s, old);
		add_looks(s, top);
		if (again)
			row_probe(s, again, top);
		target_free(old);
	} else {
		target_free(top);
	}
	target_free(again);
}

static bool apply_found(struct survey *s, struct found *found)
{
	bool changed = found != NULL;

	while (found) {
		struct found *next = found->next;

		exchange(s, found->top);
		free(found);
		found = next;
	}
	return changed;
}

static bool apply_stuck(struct survey *s)
{
	uint64_t now = thread_now_us();
	bool changed = false;

	for (struct pending *p = s->pending; p; p = p->next) {
		struct target *row = s->tree ? target_find(s->tree, p->name) : NULL;

		if (p->stuck || now < p->start_us + STUCK_US)
			continue;
		p->stuck = changed = true;
		if (!row)
			continue;
		looks_drop(s, row);
		target_free(row->children);
		row->children = NULL;
		row->state = TARGET_STUCK;
		error_clear(&row->verdict);
		error_set(&row->verdict, WHY_TIMEOUT, ETIMEDOUT, row->path);
	}
	set_timer(s);
	return changed;
}

static void drain(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
}

bool survey_update(struct survey *s)
{
	struct found *found;
	bool changed;

	drain(s->board->fd);
	drain(s->timer);
	pthread_mutex_lock(&s->board->mutex);
	found = s->board->found;
	s->board->found = NULL;
	pthread_mutex_unlock(&s->board->mutex);
	changed = apply_found(s, found);
	pthread_mutex_lock(&s->board->mutex);
	changed |= apply_estimates(s);
	changed |= apply_forecasts(s);
	pthread_mutex_unlock(&s->board->mutex);
	changed |= apply_stuck(s);
	return changed;
}
