/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "trim": FITRIM (linux/fs.h, fstrim(8)) over the whole of a mounted filesystem, in
 * steps where its addresses run through, so that it can be stopped; again as long as that makes the
 * image smaller, for XFS leaves out what was freed a moment ago.
 *
 * What the kernel calls trimmed is what it asked the device to discard, which may be all that is
 * free, each time. So where the image can be measured, what it lost is told as zeroed, no more.
 *
 * F2FS that discards by itself (mount option discard, its default) takes FITRIM as a request: it
 * answers with 0 bytes, discards while it is idle, and at its unmount what is left to discard
 * (f2fs_trim_fs() of Linux, tried with 6.1). There nothing can be measured so early.
 */

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "achica/target.h"
#include "achica/units.h"
#include "base/stride.h"
#include "engine/mounted.h"
#include "engine/report.h"

#define ROUNDS_MAX 8
#define ROUNDS_XFS 3          /* at least: its first may do next to nothing */
#define WAITS_XFS 3           /* and it may leave out a whole group for part of a second */
#define WAIT_NS 300000000L
#define WORTH_A_ROUND (64 * KIB)
#define STEP_LEAST (128 * MIB) /* a group of ext4 */
#define STEP_FIRST (1 * GIB)
#define STEPS_MOST 1024        /* XFS goes through all that is free of a part, for any step in it */

struct trim {
	struct mounted *m;
	const struct watch *watch;
	struct error *err;
	int dir;
	bool measured;   /* m->allocated works */
	bool whole;      /* ranges are not understood here */
	struct stride stride;
	uint64_t free;   /* bytes, before */
	uint64_t told;   /* of them: as zeroed */
	uint64_t least;  /* the least bytes the image took */
};

static int tell_zeroed(struct trim *t, uint64_t bytes)
{
	uint64_t rest = t->free - t->told;

	if (bytes > rest)
		bytes = rest;
	t->told += bytes;
	if (bytes == 0)
		return report_tick(t->watch, 0);
	return report_did(t->watch, DID_ZEROED, (struct extent){ 0, bytes });
}

/* What the image lost since it was least; 0 when that cannot be known. */
static uint64_t measure_loss(struct trim *t)
{
	uint64_t now;
	uint64_t loss;

	if (!t->measured || t->m->allocated(t->m->arg, &now) < 0 || now >= t->least)
		return 0;
	loss = t->least - now;
	t->least = now;
	return loss;
}

static bool is_unsupported(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == ENOTTY || errnum == ENOSYS || errnum == EBADF;
}

/* 0 and the bytes that the kernel says it discarded, or a negative errno. */
static int trim_range(const struct trim *t, struct extent e, uint64_t *bytes)
{
	struct fstrim_range range = { .start = e.start, .len = e.len };
	int rc;

	do {
		rc = ioctl(t->dir, FITRIM, &range);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	*bytes = range.len;
	return 0;
}

static int trim_step(struct trim *t, struct extent e, bool first_round)
{
	uint64_t claimed = 0;
	uint64_t loss;
	int rc;

	stride_begin(&t->stride);
	rc = trim_range(t, e, &claimed);
	stride_end(&t->stride, e.len);
	if (rc == -EINVAL)
		return rc;
	if (rc == -EIO)
		return report_failed(t->watch, WHY_WRITE, EIO, (struct extent){ e.start, 0 },
				     t->m->mountpoint);
	if (is_unsupported(-rc))
		return error_set(t->err, WHY_NO_TRIM, EOPNOTSUPP, t->m->mountpoint);
	if (rc == -EROFS)
		return error_set(t->err, WHY_MOUNTED_RO, EROFS, t->m->mountpoint);
	if (rc)
		return error_set(t->err, WHY_SYSTEM, -rc, t->m->mountpoint);
	loss = measure_loss(t);
	return tell_zeroed(t, t->measured ? loss : first_round ? claimed : 0);
}

/* Whether bytes of the filesystem are numbered like those of its device, so that steps meet all. */
static bool is_linear(const struct mounted *m)
{
	return mounted_is(m, (const char *const[]){ "ext2", "ext3", "ext4", "xfs", NULL });
}

/* Whether FITRIM only notes what is to be discarded. */
static bool is_lazy(const struct mounted *m)
{
	return mounted_is(m, (const char *const[]){ "f2fs", NULL }) &&
	       mount_has_option(m->options, "discard");
}

static struct stride stride_for(uint64_t size)
{
	struct stride s = { .least = STEP_LEAST, .most = UINT64_MAX / 4, .now = STEP_FIRST };

	while (size / s.least > STEPS_MOST)
		s.least *= 2;
	if (s.now < s.least)
		s.now = s.least;
	return s;
}

static int trim_round(struct trim *t, bool first_round)
{
	uint64_t size = t->m->device && is_linear(t->m) ? t->m->device->size : 0;
	uint64_t at = 0;
	int rc = 0;

	t->stride = stride_for(size);
	while (rc == 0 && !t->whole && size > t->stride.now && at < size - t->stride.now) {
		uint64_t step = t->stride.now;

		rc = trim_step(t, (struct extent){ at, step }, first_round);
		if (rc == -EINVAL && at > 0)
			return 0; /* the filesystem ends before its device */
		if (rc == -EINVAL)
			t->whole = true;
		if (rc == 0)
			at += step;
	}
	if (rc && !t->whole)
		return rc;
	rc = trim_step(t, (struct extent){ at, UINT64_MAX - at }, first_round);
	if (rc == -EINVAL && at == 0)
		return error_set(t->err, WHY_NO_TRIM, EOPNOTSUPP, t->m->mountpoint);
	return rc == -EINVAL ? 0 : rc;
}

/* Whether it is worth to wait for what was busy; all that is free may be told already. */
static bool trim_wait(const struct trim *t, unsigned *waits)
{
	const struct timespec wait = { 0, WAIT_NS };

	if (*waits == 0 || !t->measured || t->told >= t->free - t->free / 20)
		return false;
	(*waits)--;
	nanosleep(&wait, NULL);
	return true;
}

static int trim_rounds(struct trim *t)
{
	bool xfs = mounted_is(t->m, (const char *const[]){ "xfs", NULL });
	unsigned wanted = xfs ? ROUNDS_XFS : 1;
	unsigned waits = xfs ? WAITS_XFS : 0;
	int rc = 0;

	for (unsigned round = 0; rc == 0 && round < ROUNDS_MAX; round++) {
		uint64_t before = t->least;

		rc = trim_round(t, round == 0);
		if (rc == 0)
			rc = mounted_sync(t->m, t->dir, t->err);
		if (rc == 0)
			rc = tell_zeroed(t, measure_loss(t));
		if (round + 1 >= wanted && before - t->least < WORTH_A_ROUND && rc == 0 &&
		    !trim_wait(t, &waits))
			break;
	}
	return rc;
}

static int trim_run(struct trim *t)
{
	struct space space;
	int rc = mounted_sync(t->m, t->dir, t->err);

	if (rc == 0)
		rc = mounted_space(t->m, t->dir, &space, t->err);
	t->free = rc ? 0 : space.free;
	t->measured = t->m->allocated && t->m->allocated(t->m->arg, &t->least) == 0;
	if (rc == 0)
		rc = trim_rounds(t);
	t->m->later = rc == 0 && is_lazy(t->m);
	if (t->m->later)
		rc = tell_zeroed(t, t->free - t->told);
	if (rc)
		return rc;
	return report_did(t->watch, DID_HOLE, (struct extent){ 0, t->free - t->told });
}

int engine_trim(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	struct trim t = { .m = m, .watch = watch, .err = err };
	int rc;

	t.dir = mounted_open(m, err);
	if (t.dir < 0)
		return t.dir;
	rc = dry ? 0 : trim_run(&t);
	close(t.dir);
	return rc;
}
