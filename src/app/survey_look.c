/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The thread that estimates, one target at a time: two at once would only make a disk seek. First a
 * few chunks of each, so that every row soon has a figure, the preferred one before; then what is
 * to be read in full; then all are refined in turn, until they are within half a per cent. It reads
 * without any lock, from filesystems that may be mounted: the figures are for the eye, a job makes
 * its own map.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/branch.h"
#include "app/survey_impl.h"
#include "app/thread.h"
#include "engine/engine.h"

/* Chunks of a step: half a second of a rotating disk at first, then what takes about STEP_US. Each
   step walks the whole map once, which for a large filesystem must pay. */
#define FIRST_CHUNKS 48
#define MOST_CHUNKS 8192
#define STEP_US UINT64_C(300000)
/* Filesystems kept open between steps: each is some memory. */
#define OPEN_MAX 8
/* Good enough, as a part of the free space: to stop, and for batch to go on. */
#define SETTLED_PART 200
#define GOOD_PART 50
#define GOOD_US UINT64_C(5000000)

static const char *name_of(const struct look *look)
{
	return look->target->name;
}

static uint64_t half_width(const struct estimate *e)
{
	uint64_t up = e->stale_high > e->stale ? e->stale_high - e->stale : 0;
	uint64_t down = e->stale > e->stale_low ? e->stale - e->stale_low : 0;

	return up > down ? up : down;
}

static bool is_within(const struct estimate *e, unsigned part)
{
	return e->known && (e->exact || half_width(e) <= e->free / part);
}

bool look_is_good(const struct look *look)
{
	uint64_t now = thread_now_us();
	uint64_t running = look->begun_us ? now - look->begun_us : 0;

	if (look->done || look->dropped)
		return true;
	if (look->begun_us && now - look->moved_us > (look->exact ? SILENT_EXACT_US : SILENT_US))
		return true;
	if (look->exact)
		return false;
	return is_within(&look->estimate, GOOD_PART) || look->spent_us + running > GOOD_US;
}

int look_percent(const struct look *look)
{
	const struct estimate *e = &look->estimate;
	uint64_t goal = e->free / SETTLED_PART;
	double part;

	if (look->done || look->dropped)
		return -1;
	if (look->exact && e->free && look->dealt < e->free)
		return (int)((double)look->dealt * 100 / (double)e->free);
	if (look->exact)
		return e->free ? 99 : 0;
	if (!e->known)
		return 0;
	/* The width shrinks with the root of what is read. */
	part = (double)goal / (double)(half_width(e) + 1);
	return part < 0.99 ? (int)(part * part * 100) : 99;
}

struct look *look_find(struct board *board, const char *name)
{
	for (struct look *look = board->looks; look; look = look->next) {
		if (!look->dropped && strcmp(name_of(look), name) == 0)
			return look;
	}
	return NULL;
}

static bool is_open(const struct look *look)
{
	return look->hold.lock != NULL;
}

static void look_close(struct look *look)
{
	sampler_free(look->sampler);
	look->sampler = NULL;
	hold_release(&look->hold);
}

static void look_free(struct look *look)
{
	look_close(look);
	target_free(look->tree);
	free(look);
}

static unsigned count_open(const struct board *board)
{
	unsigned n = 0;

	for (const struct look *look = board->looks; look; look = look->next)
		n += is_open(look);
	return n;
}

static bool is_preferred(const struct board *board, const struct look *look)
{
	return board->preferred && strcmp(board->preferred, name_of(look)) == 0;
}

/* The lower, the sooner. */
static unsigned rank(const struct board *board, const struct look *look, bool room)
{
	bool first = look->steps == 0 && !look->exact;

	if (first)
		return is_preferred(board, look) ? 0 : 1;
	if (look->exact)
		return is_preferred(board, look) ? 2 : 3;
	if (is_preferred(board, look))
		return 4;
	return is_open(look) || room ? 5 : 6;
}

static struct look *pick(struct board *board)
{
	bool room = count_open(board) < OPEN_MAX;
	struct look *best = NULL;

	for (struct look *look = board->looks; look; look = look->next) {
		unsigned a = best ? rank(board, best, room) : 0;
		unsigned b = rank(board, look, room);

		if (look->done)
			continue;
		if (!best || b < a || (b == a && look->steps < best->steps))
			best = look;
	}
	return best;
}

struct step {
	struct board *board;
	struct look *look;
};

/* Ends the engine's reading as soon as anybody wants something else. */
static int look_did(void *arg, enum did what, struct extent e)
{
	const struct step *step = arg;
	struct board *board = step->board;
	struct look *look = step->look;
	int percent;
	int rc;

	pthread_mutex_lock(&board->mutex);
	percent = look_percent(look);
	look->moved_us = thread_now_us();
	if (what == DID_READ || what == DID_HOLE || what == DID_FAILED)
		look->dealt += e.len;
	if (look->exact && look_percent(look) != percent)
		board_wake(board);
	rc = board->stop || board->paused || look->dropped ? -ECANCELED : 0;
	pthread_mutex_unlock(&board->mutex);
	return rc;
}

/* What cannot be read widens the interval. */
static int look_failed(void *arg, const struct error *err, struct extent e)
{
	(void)arg;
	(void)err;
	(void)e;
	return 0;
}

static int open_look(struct look *look, const struct watch *watch, struct error *err)
{
	int rc = 0;

	if (!is_open(look))
		rc = hold_look(look->target, &look->hold, err);
	if (rc == 0 && !look->exact && !look->sampler)
		rc = sampler_new(look->hold.fs, thread_now_us(), watch, &look->sampler, err);
	return rc;
}

/* One step, without the mutex: 0 there is more, 1 it is exact, or a negative errno. */
static int read_more(struct look *look, const struct watch *watch, struct estimate *e)
{
	struct error err;
	int rc;

	error_clear(&err);
	rc = open_look(look, watch, &err);
	if (rc)
		return rc;
	if (look->exact) {
		rc = engine_scan(look->hold.fs, watch, e, &err);
		return rc ? rc : 1;
	}
	rc = sampler_more(look->sampler, look->chunks, watch, &err);
	if (rc >= 0)
		sampler_result(look->sampler, e);
	return rc;
}

static void pace(struct look *look, uint64_t us)
{
	if (us < STEP_US / 2 && look->chunks < MOST_CHUNKS)
		look->chunks *= 2;
	else if (us > STEP_US * 2 && look->chunks > FIRST_CHUNKS)
		look->chunks /= 2;
}

static void take_result(struct board *board, struct look *look, int rc, const struct estimate *e)
{
	bool canceled = rc == -ECANCELED;
	uint64_t us = thread_now_us() - look->begun_us;

	look->spent_us += us;
	board->looked_us += us;
	if (look->steps > 0)
		pace(look, us);
	look->begun_us = 0;
	look->steps += !canceled;
	if (rc >= 0) {
		look->estimate = *e;
		look->fresh = true;
	}
	look->done = rc == 1 || (rc < 0 && !canceled) ||
		     (rc == 0 && is_within(e, SETTLED_PART));
	board_wake(board);
}

static void do_step(struct board *board, struct look *look)
{
	struct step step = { board, look };
	struct watch watch = { look_did, look_failed, &step };
	struct estimate e = { 0 };
	int rc;

	look->begun_us = look->moved_us = thread_now_us();
	look->dealt = 0;
	pthread_mutex_unlock(&board->mutex);
	rc = read_more(look, &watch, &e);
	pthread_mutex_lock(&board->mutex);
	take_result(board, look, rc, &e);
	if (look->done || count_open(board) > OPEN_MAX)
		look_close(look);
}

/* Frees what is dropped; with all, everything. */
static void sweep(struct board *board, bool all)
{
	struct look **at = &board->looks;

	while (*at) {
		struct look *look = *at;

		if (all || look->dropped) {
			*at = look->next;
			look_free(look);
		} else {
			at = &look->next;
		}
	}
}

/* A job may change everything meanwhile, and nobody is to be kept from detaching a device. */
static void close_all(struct board *board)
{
	for (struct look *look = board->looks; look; look = look->next)
		look_close(look);
	prospects_close(board);
}

/* Forecasts come behind the first figures, and take half the time that estimates do. */
static bool is_forecasts_turn(const struct board *board, const struct look *look)
{
	if (!look)
		return true;
	return !look->exact && look->steps > 0 && board->foretold_us <= board->looked_us / 2;
}

/* One step of something; false when there is nothing to do. */
static bool do_any(struct board *board)
{
	struct look *look = board->paused ? NULL : pick(board);
	struct prospect *prospect = board->paused ? NULL : prospect_pick(board);

	board->looking = look || prospect;
	if (prospect && is_forecasts_turn(board, look))
		prospect_step(board, prospect);
	else if (look)
		do_step(board, look);
	return board->looking;
}

static void *looker_thread(void *arg)
{
	struct board *board = arg;

	pthread_mutex_lock(&board->mutex);
	while (!board->stop) {
		sweep(board, false);
		prospects_sweep(board, false);
		if (do_any(board))
			continue;
		close_all(board);
		pthread_cond_broadcast(&board->change);
		pthread_cond_wait(&board->change, &board->mutex);
	}
	sweep(board, true);
	prospects_sweep(board, true);
	board->looker = board->looking = false;
	pthread_cond_broadcast(&board->change);
	pthread_mutex_unlock(&board->mutex);
	board_unref(board);
	return NULL;
}

int looker_start(struct board *board)
{
	int rc = board->looker ? 0 : thread_start(NULL, looker_thread, board);

	if (rc == 0 && !board->looker) {
		board->looker = true;
		board->refs++;
	}
	return rc;
}

int look_add(struct board *board, const struct target *t, bool exact)
{
	struct look *look = calloc(1, sizeof(*look));
	struct look **end = &board->looks;
	int rc;

	if (!look)
		return -ENOMEM;
	look->target = branch_copy(t, &look->tree);
	if (!look->target) {
		free(look);
		return -ENOMEM;
	}
	look->exact = exact;
	look->chunks = FIRST_CHUNKS;
	look->estimate.free = t->free;
	rc = looker_start(board);
	if (rc) {
		look_free(look);
		return rc;
	}
	while (*end)
		end = &(*end)->next;
	*end = look;
	pthread_cond_broadcast(&board->change);
	return 0;
}
