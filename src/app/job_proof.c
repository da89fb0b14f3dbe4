/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The proofs of --verify: what was free reads as zero, from the medium; what is in use has the sum
 * that it had before; the filesystem's own fsck finds no error, neither before, where it would be a
 * reason not to begin, nor after. It is given a read-only device, or where none can be made a whole
 * image, if it is known to open that for reading alone. What is mounted changes by itself and is
 * not proved. Where a proof cannot be had, the work goes on without it and says so.
 */

#include <errno.h>
#include <string.h>

#include "app/fsck.h"
#include "app/job_proof.h"
#include "disk/view.h"

static void set(struct proof_run *p, enum proof *field, enum proof value)
{
	pthread_mutex_lock(&p->worker->job->mutex);
	*field = value;
	pthread_mutex_unlock(&p->worker->job->mutex);
}

static void note(struct proof_run *p, enum job_note what)
{
	struct job_worker *w = p->worker;

	pthread_mutex_lock(&w->job->mutex);
	job_note(w->job, w->item, what, 0, 0, NULL);
	pthread_mutex_unlock(&w->job->mutex);
}

static struct job_proofs *proofs_of(struct proof_run *p)
{
	return &p->worker->item->view.proofs;
}

struct summing {
	struct job_worker *worker;
	uint64_t unread;   /* the first byte that cannot be read, ERROR_NOWHERE none */
};

static int sum_did(void *arg, enum did what, struct extent e)
{
	const struct summing *s = arg;

	return job_did(s->worker, what, e);
}

/* Nothing is to be done there, so nobody is asked. */
static int sum_failed(void *arg, const struct error *err, struct extent e)
{
	struct summing *s = arg;

	(void)err;
	s->unread = e.start;
	return -EIO;
}

/* 0, and that proof is off when some of what is in use cannot be read. */
static int take_sum(struct proof_run *p, bool fresh, struct sum *sum, struct error *err)
{
	struct job_proofs *proofs = proofs_of(p);
	struct summing s = { p->worker, ERROR_NOWHERE };
	const struct watch watch = { sum_did, sum_failed, &s };
	int rc;

	job_phase(p->worker, JOB_SUMMING);
	rc = engine_sum(p->hold->fs, fresh, &watch, sum, err);
	if (rc && s.unread == ERROR_NOWHERE && err->why == WHY_READ)
		s.unread = err->at;
	if (rc == 0 || s.unread == ERROR_NOWHERE)
		return rc;
	error_clear(err);
	pthread_mutex_lock(&p->worker->job->mutex);
	proofs->used = PROOF_UNREADABLE;
	proofs->unread_at = s.unread;
	job_note(p->worker->job, p->worker->item, NOTE_NOT_COMPARED, s.unread, 0, NULL);
	pthread_mutex_unlock(&p->worker->job->mutex);
	return 0;
}

/* Does not wait, not in a pause either: the program is to be held then. */
static bool is_over(void *arg)
{
	struct job_worker *worker = arg;
	bool canceled;

	pthread_mutex_lock(&worker->job->mutex);
	canceled = job_canceled(worker->job, worker->item);
	pthread_mutex_unlock(&worker->job->mutex);
	return canceled || job_keep_out(worker) != 0;
}

static bool is_paused(void *arg)
{
	struct job_worker *worker = arg;
	bool paused;

	pthread_mutex_lock(&worker->job->mutex);
	paused = worker->job->paused;
	pthread_mutex_unlock(&worker->job->mutex);
	return paused;
}

/* Whether the program can have the image itself; "?offset=" in a name e2fsck would take as told to
   it. */
static bool is_for_file(const struct target *t)
{
	return t->kind == TARGET_IMAGE && t->base == 0 && t->n_segments == 0 &&
	       !strchr(t->path, '?') && fsck_takes_files(t->fstype);
}

static int run_fsck(struct proof_run *p, enum proof *result, struct error *err)
{
	static const enum proof meaning[] = {
		[FSCK_CLEAN] = PROOF_GOOD,
		[FSCK_ERRORS] = PROOF_BAD,
		[FSCK_UNSURE] = PROOF_UNSURE,
		[FSCK_MISSING] = PROOF_NO_TOOL,
	};
	const struct fsck_ask ask = { is_over, is_paused, p->worker };
	const struct target *t = p->t;
	const char *node = t->path;
	enum fsck verdict;
	struct view view;
	bool shown;
	int rc;

	job_phase(p->worker, JOB_FSCK);
	shown = lock_show(p->hold->lock, t, &view) == 0;
	if (!shown && !is_for_file(t)) {
		*result = PROOF_NO_DEVICE;
		return 0;
	}
	if (shown)
		node = view.node;
	rc = fsck_run(t->fstype, node, &ask, &verdict, err);
	if (shown)
		lock_hide(p->hold->lock, &view);
	if (rc == 0)
		*result = meaning[verdict];
	return rc;
}

int proof_before(struct proof_run *p, struct error *err)
{
	struct job_proofs *proofs = proofs_of(p);
	const char *tool = fsck_name(p->t->fstype);
	enum proof result = PROOF_NONE;
	int rc;

	if (target_is_mounted(p->t)) {
		set(p, &proofs->free, PROOF_MOUNTED);
		note(p, NOTE_UNVERIFIED);
		return 0;
	}
	rc = take_sum(p, false, &p->before, err);
	if (rc || !tool)
		return rc;
	pthread_mutex_lock(&p->worker->job->mutex);
	proofs->tool = tool;
	pthread_mutex_unlock(&p->worker->job->mutex);
	rc = run_fsck(p, &result, err);
	if (rc == 0 && result == PROOF_BAD)
		return error_set(err, WHY_FSCK, 0, tool);
	if (rc == 0 && result != PROOF_GOOD)
		set(p, &proofs->fsck, result);
	return rc;
}

static int prove_free(struct proof_run *p, const struct watch *watch, struct error *err)
{
	struct job_proofs *proofs = proofs_of(p);
	int rc;

	job_phase(p->worker, JOB_VERIFYING);
	rc = engine_verify(p->hold->fs, watch, err);
	if (rc && err->why == WHY_VERIFY)
		set(p, &proofs->free, PROOF_BAD);
	if (rc)
		return rc;
	/* What could not be read, or written, was not verified. */
	if (p->worker->item->view.errors) {
		set(p, &proofs->free, PROOF_UNREADABLE);
		return 0;
	}
	set(p, &proofs->free, PROOF_GOOD);
	note(p, NOTE_VERIFIED);
	return 0;
}

static int prove_used(struct proof_run *p, struct error *err)
{
	struct job_proofs *proofs = proofs_of(p);
	uint64_t at;
	bool differs;
	int rc = take_sum(p, true, &p->after, err);

	if (rc || proofs->used != PROOF_NONE)
		return rc;
	differs = sum_differs(&p->before, &p->after, &at);
	set(p, &proofs->used, differs ? PROOF_BAD : PROOF_GOOD);
	if (differs)
		return error_set_at(err, WHY_USED, EIO, at, p->t->path);
	note(p, NOTE_UNCHANGED);
	return 0;
}

static int prove_fsck(struct proof_run *p, struct error *err)
{
	struct job_proofs *proofs = proofs_of(p);
	enum proof result = PROOF_NONE;
	int rc = run_fsck(p, &result, err);

	if (rc)
		return rc;
	set(p, &proofs->fsck, result);
	return result == PROOF_BAD ? error_set(err, WHY_FSCK_AFTER, EIO, proofs->tool) : 0;
}

int proof_after(struct proof_run *p, const struct watch *watch, struct error *err)
{
	const struct job_proofs *proofs = proofs_of(p);
	int rc;

	if (target_is_mounted(p->t))
		return 0;
	rc = prove_free(p, watch, err);
	if (rc == 0 && proofs->used == PROOF_NONE)
		rc = prove_used(p, err);
	if (rc == 0 && proofs->tool && proofs->fsck == PROOF_NONE)
		rc = prove_fsck(p, err);
	return rc;
}
