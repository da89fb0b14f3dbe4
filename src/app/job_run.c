/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The order of a job for one target: exclusive locks > driver open > dry walk through the gate >
 * prove > act > flush > prove > end. Nothing of what the survey saw is trusted here but where the
 * target is: it may have been mounted, resized, formatted or taken since, and each of these
 * refuses. What has a verdict against it is refused without a look.
 */

#include <errno.h>
#include <string.h>

#include "app/choose.h"
#include "app/hold.h"
#include "app/job_impl.h"
#include "app/job_overlay.h"
#include "app/job_proof.h"
#include "app/remains.h"
#include "disk/disk.h"

/* What the worker holds while it is at one target. */
struct run {
	struct job_worker *worker;
	struct job *job;
	struct job_item *item;
	const struct target *t;
	struct hold hold;
	enum method method;  /* asked for, or what auto means */
	struct error err;
	struct watch watch;
	bool ended;          /* by the user, in the middle of the work of a driver */
	struct proof_run proof;
};

void job_phase(struct job_worker *worker, enum job_phase phase)
{
	struct job *job = worker->job;

	pthread_mutex_lock(&job->mutex);
	worker->item->view.phase = phase;
	worker->item->moved_us = job_clock(job);
	job_wake(job);
	pthread_mutex_unlock(&job->mutex);
}

static void note(struct run *r, enum job_note what, uint64_t a, uint64_t b)
{
	pthread_mutex_lock(&r->job->mutex);
	job_note(r->job, r->item, what, a, b, NULL);
	pthread_mutex_unlock(&r->job->mutex);
}

/* Now and then during the dry walk, and whenever a driver reads: what it makes of the answer is no
   failure. */
static int ask(void *arg)
{
	struct run *r = arg;
	int rc = job_obey(r->worker);

	r->ended = r->ended || rc == -ECANCELED;
	return rc;
}

static bool is_proved(const struct run *r)
{
	return r->job->options.verify && !r->job->options.dry_run &&
	       r->method != METHOD_OVERLAY;
}

/* What is in use is read twice, for its sum. */
static uint64_t bytes_to_sum(const struct run *r, uint64_t free_bytes)
{
	uint64_t all = r->hold.fs ? r->hold.fs->io->size : 0;

	if (!is_proved(r) || target_is_mounted(r->t) || all <= free_bytes)
		return 0;
	return 2 * (all - free_bytes);
}

static int check(struct run *r)
{
	unsigned char cells[JOB_MAP_CELLS] = { 0 };
	struct gate_look look = { .cells = cells, .pause = ask, .arg = r };
	int rc;

	job_phase(r->worker, JOB_CHECKING);
	rc = gate_look(r->t, &r->hold, &look, &r->err);
	if (rc)
		return rc;
	pthread_mutex_lock(&r->job->mutex);
	r->item->view.free = look.sum.bytes;
	r->item->window = look.window;
	r->item->to_sum = bytes_to_sum(r, look.sum.bytes);
	memcpy(r->item->map, cells, sizeof(cells));
	job_note(r->job, r->item, NOTE_LOCKED, look.sum.bytes, look.sum.extents, NULL);
	pthread_mutex_unlock(&r->job->mutex);
	return 0;
}

static int host_bytes(void *arg, uint64_t *bytes)
{
	const struct run *r = arg;

	return disk_allocated(r->t, bytes);
}

static void push_host(void *arg)
{
	const struct run *r = arg;

	lock_push(r->hold.lock);
}

static uint64_t reserve_for(struct run *r)
{
	const struct job_options *o = &r->job->options;
	const char *mountpoint = r->t->mountpoints[0];
	uint64_t size = r->t->size;
	uint64_t free_bytes;

	if (o->reserve_given)
		return o->reserve;
	mount_usage(mountpoint, &size, &free_bytes);
	return engine_default_reserve(size, mount_has_users(mountpoint));
}

static void expect(struct run *r, uint64_t zeroed, uint64_t was_zero)
{
	struct job_view_item *v = &r->item->view;

	pthread_mutex_lock(&r->job->mutex);
	v->zeroed = zeroed;
	v->was_zero = was_zero;
	v->done = v->free;
	pthread_mutex_unlock(&r->job->mutex);
}

/* What trimming or filling would zero: all of the free space is read. Without a map of it, as with
   FUSE, all but the reserve would be written. */
static int foresee(struct run *r)
{
	struct estimate e;
	uint64_t kept = r->item->view.kept;
	uint64_t all = r->item->view.free;
	int rc;

	if (!r->hold.fs) {
		expect(r, all > kept ? all - kept : 0, 0);
		return 0;
	}
	rc = engine_scan(r->hold.fs, &r->watch, &e, &r->err);
	if (rc == 0)
		expect(r, e.stale, e.zero + e.hole);
	return rc;
}

static int act_mounted(struct run *r, enum method m)
{
	bool dry = r->job->options.dry_run;
	struct mounted mounted = {
		.mountpoint = r->t->mountpoints[0],
		.fstype = r->t->fstype ? r->t->fstype : "",
		.options = r->t->mount_options,
		.device = lock_window(r->hold.lock),
		.reserve = m == METHOD_FILL ? reserve_for(r) : 0,
		.allocated = host_bytes,
		.push = push_host,
		.arg = r,
		.image_size = target_top(r->t)->size,
	};
	int rc;

	if (m == METHOD_TRIM) {
		rc = engine_trim(&mounted, dry, &r->watch, &r->err);
	} else {
		job_guard(r->worker, mounted.mountpoint, mounted.reserve);
		rc = engine_fill(&mounted, dry, &r->watch, &r->err);
		job_guard(r->worker, NULL, 0);
	}
	if (mounted.gave_back)
		note(r, NOTE_GAVE_BACK, mounted.gave_back, 0);
	if (mounted.later)
		note(r, NOTE_LATER, 0, 0);
	return rc == 0 && dry ? foresee(r) : rc;
}

static int act_overlay(struct run *r)
{
	struct overlay *overlay;
	int rc = overlays_take(r->job, r->item, &overlay, &r->err);

	return rc ? rc : engine_overlay(r->hold.fs, overlay, overlays_shift(r->t), &r->watch,
					&r->err);
}

static int act_by(struct run *r, enum method m)
{
	bool dry = r->job->options.dry_run;

	pthread_mutex_lock(&r->job->mutex);
	r->item->view.method = m;
	pthread_mutex_unlock(&r->job->mutex);
	if (m == METHOD_PUNCH)
		return engine_punch(r->hold.fs, dry, &r->watch, &r->err);
	if (m == METHOD_WRITE)
		return engine_write(r->hold.fs, dry, &r->watch, &r->err);
	if (m == METHOD_OVERLAY)
		return act_overlay(r);
	return act_mounted(r, m);
}

/* By the method asked for; auto goes on to the next where one cannot work. */
static int act(struct run *r)
{
	enum method m = r->method;
	int rc;

	rc = ask(r);
	if (rc)
		return rc;
	note(r, NOTE_METHOD, m, 0);
	job_phase(r->worker, JOB_WORKING);
	while ((rc = act_by(r, m)) < 0 && r->item->asked == METHOD_AUTO) {
		enum method next = choose_next(m, r->err.why);

		if (next == METHOD_AUTO)
			break;
		error_clear(&r->err);
		note(r, NOTE_FALLBACK, m, next);
		m = next;
		rc = choose_check(r->t, m, &r->err);
		if (rc)
			break;
	}
	return rc;
}

/* The engine has flushed; what it could not say, the descriptor that holds the lock says. */
static int flush(struct run *r)
{
	struct io *io = lock_window(r->hold.lock);
	int rc;

	if (r->job->options.dry_run)
		return 0;
	job_phase(r->worker, JOB_FLUSHING);
	if (r->method == METHOD_OVERLAY)
		return overlays_finish(r->job, r->item, &r->err);
	rc = target_is_mounted(r->t) ? 0 : io_flush(io);
	if (rc)
		return io_report(io, WHY_FLUSH, -rc, &r->err);
	note(r, NOTE_FLUSHED, 0, 0);
	return 0;
}

static uint64_t less(uint64_t bytes, uint64_t by)
{
	return bytes > by ? bytes - by : 0;
}

/* What a mounted filesystem still holds that is stale: trimming promises nothing. It was not zero
   before, and was not made so, whatever was told. */
static void measure_remains(struct run *r)
{
	struct job_view_item *v = &r->item->view;
	uint64_t stale;

	if (!target_is_mounted(r->t) || !r->hold.fs || r->hold.source || r->job->options.dry_run)
		return;
	job_phase(r->worker, JOB_VERIFYING);
	stale = remains_of(r->t, r->hold.lock, ask, r);
	if (stale == 0)
		return;
	pthread_mutex_lock(&r->job->mutex);
	v->zeroed = less(v->zeroed, less(stale, v->was_zero));
	v->was_zero = less(v->was_zero, stale);
	pthread_mutex_unlock(&r->job->mutex);
	note(r, NOTE_REMAINS, stale, 0);
}

static void look_at_host(struct run *r, uint64_t *field)
{
	uint64_t bytes;

	if (disk_allocated(r->t, &bytes) < 0)
		return;
	pthread_mutex_lock(&r->job->mutex);
	*field = bytes;
	pthread_mutex_unlock(&r->job->mutex);
}

static int go(struct run *r)
{
	int rc;

	rc = hold_verdict(r->t, &r->err);
	if (rc)
		return rc;
	rc = choose_check(r->t, r->item->asked, &r->err);
	r->method = r->item->asked;
	if (rc == 0 && r->method == METHOD_AUTO)
		rc = choose_method(r->t, &r->method, &r->err);
	if (rc)
		return rc;
	rc = r->method == METHOD_OVERLAY ? hold_source(r->t, &r->hold, &r->err)
					 : hold_take(r->t, &r->hold, &r->err);
	if (rc)
		return rc;
	r->worker->lock = r->hold.lock;
	r->worker->look_us = 0;
	look_at_host(r, &r->item->view.host_before);
	rc = check(r);
	if (rc == 0 && is_proved(r))
		rc = proof_before(&r->proof, &r->err);
	if (rc == 0)
		rc = act(r);
	if (rc == 0)
		rc = flush(r);
	if (rc == 0 && is_proved(r))
		rc = proof_after(&r->proof, &r->watch, &r->err);
	if (rc == 0)
		measure_remains(r);
	look_at_host(r, &r->item->view.host_after);
	return rc;
}

/* The end of an item: its phase, its error, and the line in the log. */
static void conclude(struct run *r, int rc)
{
	struct job_view_item *v = &r->item->view;
	struct job *job = r->job;

	if (rc == 0) {
		v->phase = JOB_DONE;
		job_note(job, r->item, r->method == METHOD_OVERLAY ? NOTE_OVERLAY : NOTE_DONE,
			 v->zeroed, v->was_zero, NULL);
		return;
	}
	if ((rc == -ECANCELED || r->ended) && job_canceled(job, r->item)) {
		v->phase = job->stop ? JOB_STOPPED : JOB_SKIPPED;
		job_note(job, r->item, job->stop ? NOTE_STOPPED : NOTE_SKIPPED, 0, 0, NULL);
		return;
	}
	if (v->error.why == WHY_NONE)
		v->error = r->err;
	if (v->error.why == WHY_NONE)
		error_set(&v->error, WHY_SYSTEM, -rc, r->t->path);
	v->phase = why_is_refusal(v->error.why) && v->zeroed == 0 ? JOB_REFUSED : JOB_FAILED;
	job_note(job, r->item, v->phase == JOB_REFUSED ? NOTE_REFUSED : NOTE_FAILED, 0, 0,
		 &v->error);
}

void job_item_run(struct job_worker *worker)
{
	struct job_item *item = worker->item;
	struct job *job = worker->job;
	struct run r = { .worker = worker, .job = job, .item = item, .t = item->target };
	int rc;

	r.watch = (struct watch){ job_did, job_failed, worker };
	r.proof = (struct proof_run){ .worker = worker, .t = r.t, .hold = &r.hold };
	error_clear(&r.err);
	r.hold.ask = ask;
	r.hold.ask_arg = &r;
	rc = go(&r);
	worker->lock = NULL;
	hold_release(&r.hold);
	pthread_mutex_lock(&job->mutex);
	conclude(&r, rc);
	pthread_mutex_unlock(&job->mutex);
}
