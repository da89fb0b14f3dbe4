/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* job.h without disks: items which stand still or go on a step with every look. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "achica/units.h"
#include "tests/ui/fake.h"

#define WHEN 1700000000 /* 2023-11-14 22:13:20 UTC, of every event */

struct item {
	struct target *tree;   /* a disk and the target in it, as the real ones are copied */
	struct target *target;
	struct job_view_item view;
};

struct job {
	struct item *items;
	size_t n;
	size_t current;
	bool ended;
	bool asks;
	bool stopped;
	int fd;
	struct job_event events[JOB_EVENTS];
	uint64_t event_count;
};

static void add_event(struct job *job, size_t item, enum job_note note, uint64_t a, uint64_t b)
{
	job->events[job->event_count++ % JOB_EVENTS] = (struct job_event){
		.when = { .tv_sec = WHEN }, .item = item, .note = note, .a = a, .b = b,
	};
}

static void init_item(struct item *item, const struct target *t)
{
	uint64_t free_bytes = t->estimate.known ? t->estimate.free : t->free;

	item->tree = t->parent ? target_copy(t->parent) : NULL;
	item->target = target_copy(t);
	if (item->tree)
		target_append(NULL, item->tree, item->target);
	else
		item->tree = item->target;
	item->view = (struct job_view_item){
		.method = t->method, .free = free_bytes, .estimate = t->estimate,
		.host_before = ERROR_NOWHERE, .host_after = ERROR_NOWHERE, .left_ms = -1,
	};
	error_clear(&item->view.error);
}

int job_new(struct target *const *targets, const enum method *methods, size_t n,
	    const struct job_options *options, struct job **out)
{
	struct job *job = calloc(1, sizeof(*job));

	job->items = calloc(n, sizeof(*job->items));
	job->n = n;
	job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (size_t i = 0; i < n; i++) {
		init_item(&job->items[i], targets[i]);
		if (methods && methods[i] != METHOD_AUTO)
			job->items[i].view.method = methods[i];
		if (i < sizeof(fake.methods) / sizeof(fake.methods[0]))
			fake.methods[i] = methods ? methods[i] : options->method;
	}
	fake.options = *options;
	fake.max_rate = options->max_rate;
	*out = job;
	return 0;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->n; i++)
		target_free(job->items[i].tree);
	free(job->items);
	close(job->fd);
	free(job);
}

int job_check(const struct target *t, enum method m, enum method *taken, uint64_t *free_bytes,
	      struct error *err)
{
	while (fake.hang)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (fake.noise)
		fprintf(stderr, "noise of a library\n");
	if (m == METHOD_PUNCH && t->method != METHOD_PUNCH)
		return error_set(err, WHY_NO_PUNCH, 0, NULL);
	if (fake.refuse && strcmp(t->name, "/dev/sda1") == 0)
		return error_set(err, WHY_JOURNAL, 0, "ext4");
	*taken = m == METHOD_AUTO ? t->method : m;
	*free_bytes = t->free;
	return 0;
}

static void set_done(struct job_view_item *v, unsigned percent)
{
	v->done = v->free / 100 * percent;
	v->zeroed = v->estimate.stale / 100 * percent;
	v->was_zero = v->done - v->zeroed;
	v->read = v->done;
	v->elapsed_ms = percent * 6000;
	v->left_ms = (100 - percent) * 6000;
	v->read_bps = 412000000;
	v->zero_bps = 271000000;
}

static void finish_item(struct job *job, size_t i, enum job_phase phase)
{
	struct job_view_item *v = &job->items[i].view;

	v->phase = phase;
	v->left_ms = 0;
	if (phase == JOB_DONE) {
		v->done = v->free;
		v->zeroed = v->estimate.stale;
		v->was_zero = v->free - v->zeroed;
		add_event(job, i, NOTE_DONE, v->zeroed, v->was_zero);
	}
	if (phase == JOB_STOPPED)
		add_event(job, i, NOTE_STOPPED, 0, 0);
	while (job->current < job->n && job->items[job->current].view.phase >= JOB_DONE)
		job->current++;
	if (job->current == job->n)
		job->ended = true;
	else
		job->items[job->current].view.phase = JOB_WORKING;
	eventfd_write(job->fd, 1);
}

int job_start(struct job *job)
{
	size_t at = fake.job == FAKE_HOLD && job->n > 1 ? 1 : 0;

	for (size_t i = 0; i < at; i++)
		finish_item(job, i, JOB_DONE);
	for (size_t i = 0; fake.job == FAKE_BOTH && i < job->n; i++) {
		job->items[i].view.phase = JOB_WORKING;
		set_done(&job->items[i].view, 20 + 13 * (unsigned)i);
	}
	job->items[at].view.phase = JOB_WORKING;
	if (fake.job != FAKE_BOTH)
		set_done(&job->items[at].view, fake.job == FAKE_HOLD ? 53 : 0);
	add_event(job, at, NOTE_LOCKED, job->items[at].view.free, 9812);
	add_event(job, at, NOTE_METHOD, job->items[at].view.method, 0);
	job->asks = fake.job == FAKE_ASK;
	eventfd_write(job->fd, 1);
	return 0;
}

int job_fd(const struct job *job)
{
	return job->fd;
}

/* Each look is a step of 20 %. */
void job_ack(struct job *job)
{
	struct job_view_item *v;
	eventfd_t n;
	unsigned percent;

	eventfd_read(job->fd, &n);
	if (fake.job == FAKE_HOLD || fake.job == FAKE_BOTH || job->ended || job->asks ||
	    fake.job_paused)
		return;
	v = &job->items[job->current].view;
	percent = v->free ? (unsigned)(v->done * 100 / v->free) + 21 : 100;
	if (percent >= 100)
		finish_item(job, job->current, JOB_DONE);
	else
		set_done(v, percent);
	eventfd_write(job->fd, 1);
}

void job_wait(struct job *job)
{
	job->ended = true;
}

static unsigned permille_of(const struct job *job)
{
	uint64_t all = 0, done = 0;

	for (size_t i = 0; i < job->n; i++) {
		all += job->items[i].view.free;
		done += job->items[i].view.done;
	}
	return job->ended ? 1000 : all ? (unsigned)(done * 1000.0 / (double)all) : 0;
}

void job_view(struct job *job, struct job_view *view)
{
	*view = (struct job_view){
		.items = job->n, .current = job->current, .paused = fake.job_paused,
		.ended = job->ended, .asks = job->asks, .elapsed_ms = 334000,
		.paused_ms = fake.job_paused ? 12000 : 0, .left_ms = job->ended ? 0 : 392000,
		.permille = permille_of(job), .max_rate = fake.max_rate,
		.events = job->event_count,
	};
	error_clear(&view->question);
	if (job->asks)
		error_set_at(&view->question, WHY_WRITE, EIO, UINT64_C(81604378624), "/dev/sda1");
}

void job_view_item(struct job *job, size_t i, struct job_view_item *item)
{
	*item = job->items[i].view;
}

/* Used and free parts in turn, done as far as the item is. */
void job_view_map(struct job *job, size_t i, unsigned char *cells)
{
	const struct job_view_item *v = &job->items[i].view;
	size_t head = v->free ? (size_t)((double)v->done / (double)v->free * JOB_MAP_CELLS) : 0;

	for (size_t c = 0; c < JOB_MAP_CELLS; c++) {
		if (c % 700 < 300)
			cells[c] = CELL_USED;
		else if (c % 700 > 620)
			cells[c] = CELL_ZERO;
		else
			cells[c] = c < head ? CELL_ZEROED : CELL_TODO;
	}
	if (head < JOB_MAP_CELLS)
		cells[head] |= CELL_HEAD;
	cells[350] |= CELL_ERROR;
}

bool job_view_event(struct job *job, uint64_t index, struct job_event *event)
{
	if (index >= job->event_count || index + JOB_EVENTS < job->event_count)
		return false;
	*event = job->events[index % JOB_EVENTS];
	return true;
}

const char *job_overlay(struct job *job, const struct target *t)
{
	(void)t;
	return job->items[0].view.method == METHOD_OVERLAY ? "/srv/it.overlay.qcow2" : NULL;
}

const struct target *job_target(const struct job *job, size_t i)
{
	return job->items[i].target;
}

void job_pause(struct job *job, bool pause)
{
	if (pause != fake.job_paused)
		add_event(job, job->current, pause ? NOTE_PAUSED : NOTE_RESUMED, 0, 0);
	fake.job_paused = pause;
	eventfd_write(job->fd, 1);
}

void job_skip(struct job *job, size_t i)
{
	fake.skips++;
	fake.skipped = i;
	if (job->items[i].view.phase < JOB_DONE)
		finish_item(job, i, JOB_SKIPPED);
}

void job_stop(struct job *job)
{
	fake.stops++;
	job->stopped = true;
	job->asks = false;
	while (!job->ended)
		finish_item(job, job->current, JOB_STOPPED);
}

void job_set_rate(struct job *job, uint64_t max_rate)
{
	(void)job;
	fake.max_rate = max_rate;
}

void job_answer(struct job *job, enum job_answer answer)
{
	fake.answers++;
	fake.answer = answer;
	job->asks = false;
	eventfd_write(job->fd, 1);
}

int job_exit_status(struct job *job)
{
	return job->stopped ? 1 : 0;
}

int job_free_map(const struct target *t, extent_fn *fn, void *arg, struct error *err)
{
	(void)fn;
	(void)arg;
	return error_set(err, WHY_NOT_TARGET, 0, t->name);
}
