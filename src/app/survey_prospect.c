/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The forecasts of disks and images, by the thread that estimates (survey_look.c), a few units at a
 * time. They end when they are within half a per cent, or after a time: they need not be as good as
 * the estimates.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "app/branch.h"
#include "app/survey_impl.h"
#include "app/thread.h"
#include "engine/forecast.h"

/* Units of a step: what a rotating disk reads in half a second, then what takes about STEP_US. */
#define FIRST_UNITS 32
#define MOST_UNITS 4096
#define STEP_US UINT64_C(300000)
#define OPEN_MAX 4
/* What there is to read of a small disk is read at once, and is exact. */
#define SMALL (64 * MIB)
#define SETTLED_PART 200
#define GOOD_PART 50
#define GOOD_US UINT64_C(1500000)
#define SETTLED_US UINT64_C(5000000)

static bool is_within(const struct forecast *f, unsigned part)
{
	const struct forecast_size *now = &f->now[FORECAST_PLAIN];
	const struct forecast_size *after = &f->after[FORECAST_PLAIN];
	uint64_t most = now->bytes / part * 2;

	return f->known && now->high - now->low <= most && after->high - after->low <= most;
}

bool prospect_is_good(const struct prospect *p)
{
	uint64_t now = thread_now_us();
	uint64_t running = p->begun_us ? now - p->begun_us : 0;

	if (p->done || p->dropped)
		return true;
	if (p->begun_us && now - p->moved_us > (p->exact ? SILENT_EXACT_US : SILENT_US))
		return true;
	if (p->exact || p->steps == 0)
		return false;
	return is_within(&p->top->forecast, GOOD_PART) || p->spent_us + running > GOOD_US;
}

struct prospect *prospect_find(struct board *board, const char *name)
{
	for (struct prospect *p = board->prospects; p; p = p->next) {
		if (!p->dropped && strcmp(p->top->name, name) == 0)
			return p;
	}
	return NULL;
}

struct prospect *prospect_pick(struct board *board)
{
	struct prospect *best = NULL;

	for (struct prospect *p = board->prospects; p; p = p->next) {
		if (!p->done && (!best || p->spent_us < best->spent_us))
			best = p;
	}
	return best;
}

static unsigned count_open(const struct board *board)
{
	unsigned n = 0;

	for (const struct prospect *p = board->prospects; p; p = p->next)
		n += p->outlook != NULL;
	return n;
}

static void prospect_close(struct prospect *p)
{
	outlook_close(p->outlook);
	p->outlook = NULL;
}

static void prospect_free(struct prospect *p)
{
	prospect_close(p);
	target_free(p->top);
	free(p);
}

void prospects_close(struct board *board)
{
	for (struct prospect *p = board->prospects; p; p = p->next)
		prospect_close(p);
}

void prospects_sweep(struct board *board, bool all)
{
	struct prospect **at = &board->prospects;

	while (*at) {
		struct prospect *p = *at;

		if (all || p->dropped) {
			*at = p->next;
			prospect_free(p);
		} else {
			at = &p->next;
		}
	}
}

struct step {
	struct board *board;
	struct prospect *prospect;
};

/* Ends the engine's reading as soon as anybody wants something else. */
static int step_did(void *arg, enum did what, struct extent e)
{
	const struct step *step = arg;
	struct board *board = step->board;
	int rc;

	(void)what;
	(void)e;
	pthread_mutex_lock(&board->mutex);
	step->prospect->moved_us = thread_now_us();
	rc = board->stop || board->paused || step->prospect->dropped ? -ECANCELED : 0;
	pthread_mutex_unlock(&board->mutex);
	return rc;
}

/* What cannot be read counts as data. */
static int step_failed(void *arg, const struct error *err, struct extent e)
{
	(void)arg;
	(void)err;
	(void)e;
	return 0;
}

static int read_more(struct prospect *p, const struct watch *watch)
{
	size_t units = p->units;
	struct error err;
	int rc = 0;

	error_clear(&err);
	if (!p->outlook)
		rc = outlook_open(p->top, thread_now_us(), watch, &p->outlook, &err);
	if (rc)
		return rc;
	if (p->exact || outlook_present(p->outlook) <= SMALL)
		units = FORECASTER_ALL;
	return outlook_more(p->outlook, units, watch, &err);
}

static void pace(struct prospect *p, uint64_t us)
{
	if (us < STEP_US / 2 && p->units < MOST_UNITS)
		p->units *= 2;
	else if (us > STEP_US * 2 && p->units > FIRST_UNITS)
		p->units /= 2;
}

void prospect_step(struct board *board, struct prospect *p)
{
	struct step step = { board, p };
	struct watch watch = { step_did, step_failed, &step };
	uint64_t us;
	int rc;

	p->begun_us = p->moved_us = thread_now_us();
	pthread_mutex_unlock(&board->mutex);
	rc = read_more(p, &watch);
	pthread_mutex_lock(&board->mutex);
	us = thread_now_us() - p->begun_us;
	p->begun_us = 0;
	p->spent_us += us;
	board->foretold_us += us;
	pace(p, us);
	p->steps += rc >= 0;
	p->fresh |= rc >= 0;
	if (rc >= 0)
		outlook_apply(p->outlook, p->top);
	p->done = rc == 1 || (rc < 0 && rc != -ECANCELED) ||
		  (rc == 0 && (is_within(&p->top->forecast, SETTLED_PART) ||
			       p->spent_us > SETTLED_US));
	if (p->done || count_open(board) > OPEN_MAX)
		prospect_close(p);
	board_wake(board);
}

int prospect_add(struct board *board, const struct target *top, bool exact)
{
	struct prospect *p = calloc(1, sizeof(*p));
	struct prospect **end = &board->prospects;
	int rc;

	if (!p)
		return -ENOMEM;
	rc = branch_copy(top, &p->top) ? looker_start(board) : -ENOMEM;
	if (rc) {
		prospect_free(p);
		return rc;
	}
	p->exact = exact;
	p->units = FIRST_UNITS;
	while (*end)
		end = &(*end)->next;
	*end = p;
	pthread_cond_broadcast(&board->change);
	return 0;
}
