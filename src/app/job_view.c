/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Snapshots: whoever looks gets a copy that holds together, taken under the mutex. */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/job_impl.h"

uint64_t boottime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t job_clock(const struct job *job)
{
	uint64_t now = job->paused || job->ended ? job->since_us : boottime_us();

	return job->started ? now - job->start_us - job->paused_us : 0;
}

void job_wake(struct job *job)
{
	uint64_t one = 1;

	job->woken_us = boottime_us();
	/* A counter that is full is readable already, which is all that is wanted. */
	(void)!write(job->fd, &one, sizeof(one));
}

void job_note(struct job *job, const struct job_item *item, enum job_note note, uint64_t a,
	      uint64_t b, const struct error *err)
{
	struct job_event *event = &job->event[job->events++ % JOB_EVENTS];

	*event = (struct job_event){ .note = note, .a = a, .b = b };
	event->item = (size_t)(item - job->items);
	error_clear(&event->error);
	if (err)
		event->error = *err;
	clock_gettime(CLOCK_REALTIME, &event->when);
	job_wake(job);
}

int job_fd(const struct job *job)
{
	return job->fd;
}

void job_ack(struct job *job)
{
	uint64_t count;

	(void)!read(job->fd, &count, sizeof(count));
}

static uint64_t paused_ms(const struct job *job)
{
	uint64_t us = job->paused_us;

	if (job->paused && !job->ended && job->started)
		us += boottime_us() - job->since_us;
	return us / 1000;
}

static size_t find_current(const struct job *job)
{
	size_t waiting = job->n;

	for (size_t i = 0; i < job->n; i++) {
		enum job_phase phase = job->items[i].view.phase;

		if (phase_is_work(phase))
			return i;
		if (phase == JOB_WAITING && waiting == job->n)
			waiting = i;
	}
	return waiting;
}

void job_view(struct job *job, struct job_view *view)
{
	unsigned permille;

	pthread_mutex_lock(&job->mutex);
	permille = pace_permille(job);
	if (permille > job->permille)
		job->permille = permille;
	*view = (struct job_view){
		.items = job->n,
		.current = find_current(job),
		.paused = job->paused,
		.ended = job->ended,
		.asks = job->asks && !job->answered,
		.asker = job->asker,
		.question = job->question,
		.paused_ms = paused_ms(job),
		.elapsed_ms = job_clock(job) / 1000,
		.left_ms = pace_left_all(job),
		.permille = job->permille,
		.max_rate = job->options.max_rate,
		.events = job->events,
	};
	pthread_mutex_unlock(&job->mutex);
}

void job_view_item(struct job *job, size_t i, struct job_view_item *view)
{
	pthread_mutex_lock(&job->mutex);
	*view = job->items[i].view;
	pace_fill(job, &job->items[i], view);
	pthread_mutex_unlock(&job->mutex);
}

void job_view_map(struct job *job, size_t i, unsigned char *cells)
{
	pthread_mutex_lock(&job->mutex);
	memcpy(cells, job->items[i].map, JOB_MAP_CELLS);
	pthread_mutex_unlock(&job->mutex);
}

bool job_view_event(struct job *job, uint64_t index, struct job_event *event)
{
	bool kept;

	pthread_mutex_lock(&job->mutex);
	kept = index < job->events && job->events - index <= JOB_EVENTS;
	if (kept)
		*event = job->event[index % JOB_EVENTS];
	pthread_mutex_unlock(&job->mutex);
	return kept;
}

const struct target *job_target(const struct job *job, size_t i)
{
	return job->items[i].target;
}

/* A target that ended without harm but not to its end counts as an error: it is not done. */
static bool is_error(const struct job_view_item *v)
{
	return v->phase == JOB_FAILED || v->phase == JOB_STOPPED || v->errors > 0;
}

int job_exit_status(struct job *job)
{
	bool refused = false;
	bool nothing = true;
	bool failed = false;

	pthread_mutex_lock(&job->mutex);
	for (size_t i = 0; i < job->n; i++) {
		const struct job_view_item *v = &job->items[i].view;

		failed |= is_error(v);
		refused |= v->phase == JOB_REFUSED;
		nothing &= v->zeroed == 0 && v->phase != JOB_SKIPPED;
	}
	pthread_mutex_unlock(&job->mutex);
	if (failed)
		return 1;
	if (refused)
		return 4;
	return nothing ? 3 : 0;
}
