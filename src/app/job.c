/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The life of a job and what its user can do to it while it runs. A worker thread for each group
 * goes through its targets; it sees a pause, a skip or a stop at the next report of the engine, or
 * at once where it waits. What fails in one group is nothing to the others. Killing the process at
 * any moment leaves nothing behind: locks end with it, fill files have no name, and zeroing free
 * space never leaves a filesystem inconsistent.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/branch.h"
#include "app/job_impl.h"
#include "app/job_overlay.h"
#include "app/thread.h"

static int init_item(struct job_item *item, const struct target *t, enum method asked)
{
	struct job_view_item *v = &item->view;

	item->target = branch_copy(t, &item->tree);
	if (!item->target)
		return -ENOMEM;
	item->asked = asked;
	error_clear(&v->error);
	v->estimate = t->estimate;
	v->host_before = v->host_after = ERROR_NOWHERE;
	return 0;
}

static void free_all(struct job *job)
{
	overlays_free(job);
	free((char *)job->options.overlay);
	for (size_t i = 0; i < job->n; i++)
		target_free(job->items[i].tree);
	free(job->items);
	free(job->workers);
	close(job->fd);
	pthread_cond_destroy(&job->change);
	pthread_mutex_destroy(&job->mutex);
	free(job);
}

static int new_empty(size_t n, const struct job_options *options, struct job **out)
{
	struct job *job = calloc(1, sizeof(*job));
	int rc = -ENOMEM;

	if (!job)
		return rc;
	job->options = *options;
	job->options.overlay = options->overlay ? strdup(options->overlay) : NULL;
	job->items = calloc(n ? n : 1, sizeof(*job->items));
	job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (job->fd < 0)
		rc = -errno;
	if (!job->items || job->fd < 0 || (options->overlay && !job->options.overlay))
		goto out;
	rc = thread_sync(&job->mutex, &job->change);
	if (rc)
		goto out;
	*out = job;
	return 0;
out:
	if (job->fd >= 0)
		close(job->fd);
	free((char *)job->options.overlay);
	free(job->items);
	free(job);
	return rc;
}

/* A worker for each group. */
static int make_workers(struct job *job)
{
	const struct target **targets = calloc(job->n + 1, sizeof(*targets));
	size_t *groups = calloc(job->n + 1, sizeof(*groups));

	for (size_t i = 0; targets && i < job->n; i++)
		targets[i] = job->items[i].target;
	if (targets && groups)
		job->n_workers = target_groups(targets, job->n, groups);
	for (size_t i = 0; i < job->n && job->n_workers; i++)
		job->items[i].group = groups[i];
	free(targets);
	free(groups);
	if (job->n && !job->n_workers)
		return -ENOMEM;
	job->workers = calloc(job->n_workers ? job->n_workers : 1, sizeof(*job->workers));
	if (!job->workers)
		return -ENOMEM;
	for (size_t i = 0; i < job->n_workers; i++)
		job->workers[i] = (struct job_worker){ .job = job, .group = i };
	return 0;
}

int job_new(struct target *const *targets, const enum method *methods, size_t n,
	    const struct job_options *options, struct job **out)
{
	struct job *job = NULL;
	int rc = new_empty(n, options, &job);

	if (rc)
		return rc;
	for (; rc == 0 && job->n < n; job->n++)
		rc = init_item(&job->items[job->n], targets[job->n],
			       methods ? methods[job->n] : options->method);
	if (rc == 0)
		rc = make_workers(job);
	if (rc)
		free_all(job);
	else
		*out = job;
	return rc;
}

bool job_canceled(const struct job *job, const struct job_item *item)
{
	return job->stop || item->skip;
}

static void run_item(struct job_worker *worker, struct job_item *item)
{
	struct job *job = worker->job;

	item->start_us = item->moved_us = job_clock(job);
	if (job_canceled(job, item)) {
		item->view.phase = job->stop ? JOB_STOPPED : JOB_SKIPPED;
	} else {
		item->view.phase = JOB_LOCKING;
		worker->item = item;
		job_wake(job);
		pthread_mutex_unlock(&job->mutex);
		job_item_run(worker);
		pthread_mutex_lock(&job->mutex);
		worker->item = NULL;
	}
	item->end_us = job_clock(job);
	map_finish(item, item->view.phase == JOB_DONE);
	job_wake(job);
}

/* Wants the mutex held. */
static void pause_locked(struct job *job, bool pause)
{
	uint64_t now = boottime_us();

	if (job->ended || job->paused == pause)
		return;
	if (pause)
		job->since_us = now;
	else if (job->started)
		job->paused_us += now - job->since_us;
	job->paused = pause;
	for (size_t i = 0; i < job->n; i++) {
		if (phase_is_work(job->items[i].view.phase))
			job_note(job, &job->items[i], pause ? NOTE_PAUSED : NOTE_RESUMED, 0, 0,
				 NULL);
	}
	pthread_cond_broadcast(&job->change);
}

/* The last one puts out the light. */
static void end_worker(struct job *job)
{
	if (--job->running > 0)
		return;
	pause_locked(job, false);
	job->since_us = boottime_us();
	job->ended = true;
	job_wake(job);
	pthread_cond_broadcast(&job->change);
}

static void *work(void *arg)
{
	struct job_worker *worker = arg;
	struct job *job = worker->job;

	pthread_mutex_lock(&job->mutex);
	for (size_t i = 0; i < job->n; i++) {
		if (job->items[i].group == worker->group)
			run_item(worker, &job->items[i]);
	}
	end_worker(job);
	pthread_mutex_unlock(&job->mutex);
	return NULL;
}

/* Those that were started, which wait for the mutex. */
static void join_workers(struct job *job, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pthread_join(job->workers[i].thread, NULL);
}

int job_start(struct job *job)
{
	size_t n = 0;
	int rc = 0;

	pthread_mutex_lock(&job->mutex);
	job->start_us = job->since_us = boottime_us();
	job->started = true;
	job->running = job->n_workers;
	for (; rc == 0 && n < job->n_workers; n++)
		rc = thread_start(&job->workers[n].thread, work, &job->workers[n]);
	if (rc) {
		job->started = false;
		job->stop = true;
	}
	pthread_mutex_unlock(&job->mutex);
	if (rc)
		join_workers(job, n - 1);
	return rc;
}

void job_wait(struct job *job)
{
	pthread_mutex_lock(&job->mutex);
	while (job->started && !job->ended)
		pthread_cond_wait(&job->change, &job->mutex);
	pthread_mutex_unlock(&job->mutex);
}

void job_free(struct job *job)
{
	if (!job)
		return;
	job_stop(job);
	if (job->started)
		join_workers(job, job->n_workers);
	free_all(job);
}

void job_pause(struct job *job, bool pause)
{
	pthread_mutex_lock(&job->mutex);
	pause_locked(job, pause);
	pthread_mutex_unlock(&job->mutex);
}

void job_skip(struct job *job, size_t i)
{
	pthread_mutex_lock(&job->mutex);
	job->items[i].skip = true;
	pthread_cond_broadcast(&job->change);
	pthread_mutex_unlock(&job->mutex);
}

void job_stop(struct job *job)
{
	pthread_mutex_lock(&job->mutex);
	job->stop = true;
	pause_locked(job, false);
	pthread_cond_broadcast(&job->change);
	pthread_mutex_unlock(&job->mutex);
}

void job_set_rate(struct job *job, uint64_t max_rate_bps)
{
	pthread_mutex_lock(&job->mutex);
	job->options.max_rate = max_rate_bps;
	job->due_us = 0;
	for (size_t i = 0; i < job->n_workers; i++)
		job->workers[i].due_us = 0;
	pthread_cond_broadcast(&job->change);
	pthread_mutex_unlock(&job->mutex);
}

void job_answer(struct job *job, enum job_answer answer)
{
	pthread_mutex_lock(&job->mutex);
	if (job->asks) {
		job->answer = answer;
		job->answered = true;
		pthread_cond_broadcast(&job->change);
	}
	pthread_mutex_unlock(&job->mutex);
}
