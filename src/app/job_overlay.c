/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "overlay" of a job. Several targets of one disk share an overlay; it tells apart what
 * the one with the smallest blocks needs. It lies where the copy will be, or else where temporary
 * files do; never on the source, which is not written to. What holds the disk stays until the job
 * is freed, so that the copy is made of what was looked at.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/advice.h"
#include "app/advice_path.h"
#include "app/hold.h"
#include "app/job_overlay.h"

#define GRAIN_LEAST 512
#define GRAIN_MOST 4096

struct job_overlay {
	struct job_overlay *next;
	char *top;               /* name of its disk or image */
	char *path;              /* NULL: a dry run */
	struct target *whole;
	struct lock *lock;
	struct overlay *overlay;
	bool finished;
};

/* Wants the mutex held. */
static struct job_overlay *find_locked(const struct job *job, const struct target *t)
{
	struct job_overlay *o = job->overlays;

	while (o && strcmp(o->top, target_top(t)->name) != 0)
		o = o->next;
	return o;
}

/* What is found is the caller's alone: all targets of a disk have one worker. */
static struct job_overlay *find(struct job *job, const struct target *t)
{
	struct job_overlay *o;

	pthread_mutex_lock(&job->mutex);
	o = find_locked(job, t);
	pthread_mutex_unlock(&job->mutex);
	return o;
}

uint64_t overlays_shift(const struct target *t)
{
	return strcmp(t->path, target_top(t)->path) == 0 ? 0 : t->start - t->base;
}

/* Makes *grain small enough for a range that begins or ends there. */
static void fit(uint32_t *grain, uint64_t place)
{
	while (*grain > GRAIN_LEAST && place % *grain != 0)
		*grain /= 2;
}

/* The smallest grain that any target of that disk needs. One that cannot be opened says so when it
   is its turn. */
static uint32_t grain_of(const struct job *job, const struct job_item *item)
{
	uint32_t grain = GRAIN_MOST;

	for (size_t i = 0; i < job->n; i++) {
		const struct target *t = job->items[i].target;
		struct hold h = { .lock = NULL };

		if (strcmp(target_top(t)->name, target_top(item->target)->name) != 0)
			continue;
		if (hold_source(t, &h, NULL) == 0)
			fit(&grain, h.fs->unit);
		hold_release(&h);
		fit(&grain, t->start);
		for (size_t s = 0; s < t->n_segments; s++) {
			fit(&grain, t->segments[s].in.start + overlays_shift(t));
			if (t->segments[s].stripes > 1)
				fit(&grain, t->segments[s].chunk);
		}
	}
	return grain;
}

/* Whether a file can be made in the folder of path. */
static bool can_make(const char *path)
{
	char *folder = strdup(path);
	bool can = false;

	if (folder) {
		*(strrchr(folder, '/') + (strrchr(folder, '/') == folder)) = '\0';
		can = access(folder, W_OK | X_OK) == 0;
	}
	free(folder);
	return can;
}

/* Where it is to be, malloc'ed. Several disks may have theirs where temporary files are. */
static char *choose_path(const struct job *job, const struct job_item *item)
{
	const char *temporary = getenv("TMPDIR");
	char *path = NULL;

	if (job->options.overlay) {
		if (asprintf(&path, "%s.qcow2", job->options.overlay) < 0)
			return NULL;
		return path;
	}
	path = advice_name(item->target, ".overlay");
	if (!path || can_make(path))
		return path;
	free(path);
	if (asprintf(&path, "%s/achica-%d-%zu.overlay.qcow2",
		     temporary && temporary[0] == '/' ? temporary : "/tmp", (int)getpid(),
		     (size_t)(item - job->items) + 1) < 0)
		return NULL;
	return path;
}

static void free_one(struct job_overlay *o, bool keep)
{
	overlay_free(o->overlay, keep);
	lock_release(o->lock);
	target_free(o->whole);
	free(o->path);
	free(o->top);
	free(o);
}

static int make(struct job *job, struct job_item *item, struct job_overlay *o, struct error *err)
{
	const struct target *top = target_top(item->target);
	int rc;

	o->top = strdup(top->name);
	o->whole = target_copy(top);
	if (!o->top || !o->whole)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	rc = lock_take(o->whole, LOCK_SHARED, &o->lock, err);
	if (rc || job->options.dry_run)
		return rc;
	o->path = choose_path(job, item);
	if (!o->path)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	return overlay_new(o->path, top->path, lock_window(o->lock)->size, grain_of(job, item),
			   &o->overlay, err);
}

int overlays_take(struct job *job, struct job_item *item, struct overlay **overlay,
		  struct error *err)
{
	struct job_overlay *o = find(job, item->target);
	int rc = 0;

	if (!o) {
		o = calloc(1, sizeof(*o));
		rc = o ? make(job, item, o, err) : error_set(err, WHY_MEMORY, ENOMEM, NULL);
		if (rc) {
			if (o)
				free_one(o, false);
			return rc;
		}
		pthread_mutex_lock(&job->mutex);
		o->next = job->overlays;
		job->overlays = o;
		pthread_mutex_unlock(&job->mutex);
	}
	*overlay = o->overlay;
	return rc;
}

int overlays_finish(struct job *job, struct job_item *item, struct error *err)
{
	struct job_overlay *o = find(job, item->target);
	int rc = lock_check(o->lock, err);

	if (rc == 0 && o->overlay)
		rc = overlay_finish(o->overlay, err);
	pthread_mutex_lock(&job->mutex);
	o->finished = rc == 0 && o->overlay;
	pthread_mutex_unlock(&job->mutex);
	return rc;
}

const char *job_overlay(struct job *job, const struct target *t)
{
	const struct job_overlay *o;
	const char *path;

	pthread_mutex_lock(&job->mutex);
	o = find_locked(job, t);
	path = o && o->finished ? o->path : NULL;
	pthread_mutex_unlock(&job->mutex);
	return path;
}

void overlays_free(struct job *job)
{
	while (job->overlays) {
		struct job_overlay *o = job->overlays;

		job->overlays = o->next;
		free_one(o, o->finished && !job->options.overlay_goes);
	}
}
