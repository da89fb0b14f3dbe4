/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What the engine tells while it works. Here the worker waits: for the end of a pause, for the rate
 * limit, for the user's answer to an I/O error; and here it learns that it is to stop, because the
 * user wants it or because somebody came in whom no lock keeps out. It is looked for him in every
 * wait too: he may be kept waiting until we have looked.
 */

#include <errno.h>

#include "app/job_impl.h"
#include "app/thread.h"
#include "disk/disk.h"

/* The longest wait without another look at what the user wants. */
#define NAP_US 100000
/* How much may be moved at once after idling, as time. */
#define BURST_US 100000
/* How often is looked who came in: after LOOK_US and as many times what the last look took. */
#define LOOK_US 200000
#define LOOK_PART 20

static void note_quarters(struct job *job, struct job_item *item)
{
	const struct job_view_item *v = &item->view;
	unsigned quarters = v->free ? (unsigned)((double)v->done * 4 / (double)v->free) : 0;

	if (quarters > 3)
		quarters = 3;
	if (quarters <= item->quarters)
		return;
	item->quarters = quarters;
	job_note(job, item, NOTE_QUARTER, quarters * 25u, 0, NULL);
}

static void count_work(struct job *job, struct job_item *item, enum did what, uint64_t len)
{
	struct job_view_item *v = &item->view;

	switch (what) {
	case DID_READ:
		return;
	case DID_HOLE:
		item->holes += len;
		v->was_zero += len;
		break;
	case DID_ZERO:
		v->was_zero += len;
		break;
	case DID_ZEROED:
		v->zeroed += len;
		break;
	case DID_FAILED:
		v->errors += len;
		break;
	case DID_KEPT:
		v->kept += len;
		break;
	}
	v->done += len;
	/* Mounted: more may have become free since it was counted, or it is trimmed twice. */
	if (v->done > v->free)
		v->done = v->free;
	note_quarters(job, item);
}

/* Reading back is told in reads, which may reach over small gaps that are not free. */
static void count_verified(struct job_item *item, enum did what, uint64_t len)
{
	uint64_t left = item->view.free - item->verified;

	if (what == DID_READ || what == DID_HOLE || what == DID_FAILED)
		item->verified += len < left ? len : left;
}

/* Time goes to what was waited for: reading, or else zeroing. */
static void measure(struct job *job, struct job_item *item, enum did what, uint64_t len)
{
	uint64_t now = job_clock(job);
	uint64_t us = now > item->moved_us ? now - item->moved_us : 0;
	bool reads = what == DID_READ || (what != DID_ZEROED && item->view.read > 0);

	if (reads)
		meter_add(&item->read, what == DID_READ ? len : 0, us);
	else
		meter_add(&item->zero, what == DID_ZEROED ? len : 0, us);
	item->moved_us = now;
}

/* So is the reading of what is in use. */
static void count_summed(struct job_item *item, enum did what, uint64_t len)
{
	uint64_t left = item->to_sum - item->summed;

	if (what == DID_READ || what == DID_HOLE)
		item->summed += len < left ? len : left;
}

static void count(struct job *job, struct job_item *item, enum did what, struct extent e)
{
	measure(job, item, what, e.len);
	if (item->view.phase == JOB_SUMMING) {
		count_summed(item, what, e.len);
		return;
	}
	if (what == DID_READ)
		item->view.read += e.len;
	if (item->view.phase == JOB_WORKING)
		count_work(job, item, what, e.len);
	else if (item->view.phase == JOB_VERIFYING)
		count_verified(item, what, e.len);
	map_mark(item, what, e);
}

/* Whether such a report means that bytes went to or from the device. */
static bool moves(const struct job *job, const struct job_item *item, enum did what)
{
	enum method m = item->view.method;

	if (what == DID_READ)
		return true;
	return what == DID_ZEROED && !job->options.dry_run &&
	       (m == METHOD_WRITE || m == METHOD_FILL);
}

/* Workers wait for the limit in turn: each until all that was moved so far, its own the last, would
   have been allowed. */
static void charge(struct job_worker *worker, uint64_t bytes)
{
	struct job *job = worker->job;
	uint64_t now = job_clock(job);
	uint64_t least = now > BURST_US ? now - BURST_US : 0;

	if (job->due_us < least)
		job->due_us = least;
	job->due_us += (uint64_t)((double)bytes * 1e6 / (double)job->options.max_rate);
	worker->due_us = job->due_us;
}

void job_guard(struct job_worker *worker, const char *mountpoint, uint64_t reserve)
{
	worker->guarded = mountpoint;
	worker->reserve = reserve;
}

int job_keep_out(struct job_worker *worker)
{
	struct job *job = worker->job;
	uint64_t start = boottime_us();
	struct error err = { 0 };
	uint64_t end;
	int rc;

	if (!worker->lock || start < worker->look_us)
		return 0;
	rc = lock_check(worker->lock, &err);
	end = boottime_us();
	worker->look_us = end + LOOK_US + LOOK_PART * (end - start);
	if (rc == 0)
		return 0;
	pthread_mutex_lock(&job->mutex);
	worker->item->view.error = err;
	pthread_mutex_unlock(&job->mutex);
	return rc;
}

/* Waits for a change, us microseconds or a nap at most, and looks who came in. */
static int nap(struct job_worker *worker, uint64_t us)
{
	struct job *job = worker->job;
	int rc;

	thread_wait(&job->change, &job->mutex, us < NAP_US ? us : NAP_US);
	pthread_mutex_unlock(&job->mutex);
	rc = job_keep_out(worker);
	pthread_mutex_lock(&job->mutex);
	return rc;
}

/*
 * Whether the engine is to go on a step in spite of a pause: a fill holds nearly all of the free
 * space, and only it can give some back when others have used up the reserve.
 */
static bool is_short(const struct job_worker *worker)
{
	struct job *job = worker->job;
	uint64_t size;
	uint64_t free_bytes;

	if (!worker->guarded)
		return false;
	pthread_mutex_unlock(&job->mutex);
	if (mount_usage(worker->guarded, &size, &free_bytes) < 0)
		free_bytes = UINT64_MAX;
	pthread_mutex_lock(&job->mutex);
	return free_bytes < worker->reserve;
}

/* Waits as long as the rate limit, which all workers share, and a pause want. */
static int obey(struct job_worker *worker)
{
	struct job *job = worker->job;
	int rc = 0;

	while (rc == 0 && !job_canceled(job, worker->item)) {
		uint64_t now = job_clock(job);

		if (job->paused) {
			rc = nap(worker, NAP_US);
			if (rc == 0 && is_short(worker))
				return 0;
			continue;
		}
		if (job->options.max_rate == 0 || worker->due_us <= now)
			return 0;
		rc = nap(worker, worker->due_us - now);
	}
	return rc ? rc : -ECANCELED;
}

int job_obey(struct job_worker *worker)
{
	int rc;

	pthread_mutex_lock(&worker->job->mutex);
	rc = obey(worker);
	pthread_mutex_unlock(&worker->job->mutex);
	return rc ? rc : job_keep_out(worker);
}

int job_did(void *arg, enum did what, struct extent e)
{
	struct job_worker *worker = arg;
	struct job_item *item = worker->item;
	struct job *job = worker->job;
	int rc;

	pthread_mutex_lock(&job->mutex);
	count(job, item, what, e);
	if (boottime_us() - job->woken_us >= NAP_US)
		job_wake(job);
	if (job->options.max_rate && moves(job, item, what))
		charge(worker, e.len);
	rc = obey(worker);
	/* What the limit holds back goes at that pace. A pause is not on the clock. */
	measure(job, item, what, 0);
	pthread_mutex_unlock(&job->mutex);
	/* After the waits: what is written next follows this look. */
	return rc ? rc : job_keep_out(worker);
}

/* The user's answer: 0 goes on, -ECANCELED stops. One question at a time. */
static int ask(struct job_worker *worker, const struct error *err)
{
	struct job_item *item = worker->item;
	struct job *job = worker->job;
	int rc = 0;

	while (rc == 0 && job->asks && !job_canceled(job, item))
		rc = nap(worker, NAP_US);
	if (rc || job_canceled(job, item))
		return rc ? rc : -ECANCELED;
	job->question = *err;
	job->asker = (size_t)(item - job->items);
	job->asks = true;
	job->answered = false;
	job_wake(job);
	while (rc == 0 && !job->answered && !job_canceled(job, item))
		rc = nap(worker, NAP_US);
	job->asks = false;
	pthread_cond_broadcast(&job->change);
	if (rc)
		return rc;
	if (!job->answered)
		return -ECANCELED;
	item->skip_all = job->answer == JOB_SKIP_ALL;
	return job->answer == JOB_STOP_TARGET ? -EIO : 0;
}

int job_failed(void *arg, const struct error *err, struct extent e)
{
	struct job_worker *worker = arg;
	struct job_item *item = worker->item;
	struct job *job = worker->job;
	int rc = 0;

	pthread_mutex_lock(&job->mutex);
	if (!item->skip_all && job->options.ask_errors)
		rc = ask(worker, err);
	else if (!item->skip_all && job->options.on_error == JOB_STOP)
		rc = -EIO;
	item->moved_us = job_clock(job);
	if (rc == 0)
		job_note(job, item, NOTE_IO_ERROR, e.start, e.len, err);
	if (rc == -EIO)
		item->view.error = *err;
	pthread_mutex_unlock(&job->mutex);
	return rc;
}
