/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Into a target and through its gate. Nothing of what the survey saw is trusted here but where the
 * target is: it may have been mounted, resized, formatted or taken since, and each of these is
 * refused. What has a verdict against it is refused without a look.
 */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "app/choose.h"
#include "app/hold.h"

int hold_verdict(const struct target *t, struct error *err)
{
	if (t->verdict.why == WHY_NONE)
		return 0;
	if (err)
		*err = t->verdict;
	return error_set(NULL, t->verdict.why, t->verdict.errnum, NULL);
}

/* Whether the filesystem that was opened is the one which the user saw. */
static int check_same(const struct target *t, const struct io *window, const struct fs *fs,
		      struct error *err)
{
	bool same = window->size == t->size;

	if (fs && fs->uuid[0] && t->uuid && strlen(fs->uuid) == strlen(t->uuid))
		same = same && strcasecmp(fs->uuid, t->uuid) == 0;
	return same ? 0 : error_set(err, WHY_NOT_FOUND, ESTALE, t->name);
}

static int lock_for(const struct target *t, enum lock_kind kind, struct hold *h, struct error *err)
{
	int rc = lock_take(t, kind, &h->lock, err);

	if (rc)
		return rc;
	lock_window(h->lock)->ask = h->ask;
	lock_window(h->lock)->ask_arg = h->ask_arg;
	return 0;
}

static int open_fs(const struct target *t, struct hold *h, struct error *err)
{
	struct io *window = lock_window(h->lock);

	if (target_is_mounted(t))
		return fs_open_mounted(t->mountpoints[0], window, &h->fs, err);
	return fs_open(window, target_type(t), &h->fs, err);
}

int hold_take(const struct target *t, struct hold *h, struct error *err)
{
	bool mounted = target_is_mounted(t);
	int rc = lock_for(t, mounted ? LOCK_MOUNTED : LOCK_EXCLUSIVE, h, err);

	if (rc)
		return rc;
	rc = open_fs(t, h, mounted ? NULL : err);
	if (mounted)
		return 0;
	return rc ? rc : check_same(t, lock_window(h->lock), h->fs, err);
}

int hold_look(const struct target *t, struct hold *h, struct error *err)
{
	int rc = lock_for(t, LOCK_LOOK, h, err);

	if (rc)
		return rc;
	if (target_is_mounted(t) && open_fs(t, h, NULL) == 0)
		return 0;
	return fs_open(lock_window(h->lock), target_type(t), &h->fs, err);
}

int hold_source(const struct target *t, struct hold *h, struct error *err)
{
	int rc = lock_for(t, LOCK_LOOK, h, err);

	h->source = true;
	if (rc == 0)
		rc = fs_open(lock_window(h->lock), target_type(t), &h->fs, err);
	return rc ? rc : check_same(t, lock_window(h->lock), h->fs, err);
}

void hold_release(struct hold *h)
{
	fs_close(h->fs);
	lock_release(h->lock);
	*h = (struct hold){ .lock = NULL };
}

struct walk {
	struct gate_look *look;
	struct map_maker map;
	unsigned seen;
};

static int walk_extent(void *arg, struct extent e)
{
	struct walk *w = arg;
	struct gate_look *look = w->look;

	if (look->cells)
		map_free(&w->map, e);
	return look->pause && w->seen++ % 1024 == 0 ? look->pause(look->arg) : 0;
}

/* The free bytes of a mounted filesystem that has no map, or one that changed while it was read. */
static int count_mounted(const struct target *t, struct gate_look *look, struct error *err)
{
	uint64_t size;
	uint64_t bytes;
	int rc = mount_usage(t->mountpoints[0], &size, &bytes);

	if (rc)
		return error_set(err, WHY_SYSTEM, -rc, t->mountpoints[0]);
	if (look->cells)
		memset(look->cells, 0, JOB_MAP_CELLS);
	look->window = 0;
	look->sum = (struct gate_sum){ bytes, 0 };
	return 0;
}

int gate_look(const struct target *t, struct hold *h, struct gate_look *look, struct error *err)
{
	uint64_t window = lock_window(h->lock)->size;
	struct walk w = { look, { look->cells, window, 0 }, 0 };
	bool mounted = target_is_mounted(t) && !h->source;
	int rc = -EOPNOTSUPP;

	if (h->fs)
		rc = gate_dry_walk(h->fs, walk_extent, &w, &look->sum, mounted ? NULL : err);
	if (mounted && rc < 0 && rc != -ECANCELED)
		return count_mounted(t, look, err);
	if (rc)
		return rc;
	if (look->cells)
		map_end(&w.map);
	look->window = window;
	return 0;
}

/* The method that m means for t, as far as can be told without trying. */
static int settle_method(const struct target *t, enum method m, enum method *taken,
			 struct error *err)
{
	int rc = choose_check(t, m, err);

	if (rc)
		return rc;
	*taken = m;
	return m == METHOD_AUTO ? choose_method(t, taken, err) : 0;
}

/* Whether its disk can be held against writing, and it be read. */
static int check_source(const struct target *t, struct hold *h, struct error *err)
{
	struct target *whole = target_copy(target_top(t));
	struct lock *lock = NULL;
	int rc = whole ? lock_take(whole, LOCK_SHARED, &lock, err)
		       : error_set(err, WHY_MEMORY, ENOMEM, NULL);

	lock_release(lock);
	target_free(whole);
	return rc ? rc : hold_source(t, h, err);
}

int job_check(const struct target *t, enum method m, enum method *taken, uint64_t *free_bytes,
	      struct error *err)
{
	struct gate_look look = { .cells = NULL };
	struct hold h = { .lock = NULL };
	enum method method;
	int rc = hold_verdict(t, err);

	if (rc == 0)
		rc = settle_method(t, m, &method, err);
	if (rc == 0)
		rc = method == METHOD_OVERLAY ? check_source(t, &h, err) : hold_take(t, &h, err);
	if (rc == 0)
		rc = gate_look(t, &h, &look, err);
	hold_release(&h);
	if (rc)
		return rc;
	if (taken)
		*taken = method;
	if (free_bytes)
		*free_bytes = look.sum.bytes;
	return 0;
}

int job_free_map(const struct target *t, extent_fn *fn, void *arg, struct error *err)
{
	struct hold h = { .lock = NULL };
	struct gate_sum sum;
	int rc = hold_look(t, &h, err);

	if (rc == 0)
		rc = gate_dry_walk(h.fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_walk(h.fs, fn, arg, err);
	hold_release(&h);
	return rc;
}
