/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Trim: the mounted filesystem itself tells the disk what is free, by FITRIM (linux/fs.h). It goes
 * in steps, so that the bar moves and a stop is felt. A filesystem may leave space out that it has
 * just freed (XFS does), so rounds follow until the image stops shrinking.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "achica/units.h"
#include "engine/pieces.h"

#define ROUNDS_MAX 5
#define STEP_MIN GIB
#define STEPS 64

struct trim {
	struct mounted *m;
	const struct watch *watch;
	struct error *err;
	int fd;
	uint64_t size;  /* bytes of the filesystem */
};

/* The answers that mean "not here". */
static bool is_unsupported(int errnum)
{
	return errnum == EOPNOTSUPP || errnum == ENOTTY || errnum == ENOSYS;
}

static int trim_failed(struct trim *t, int errnum)
{
	if (is_unsupported(errnum))
		return error_set(t->err, WHY_NO_TRIM, errnum, t->m->mountpoint);
	return error_set(t->err, WHY_SYSTEM, errnum, t->m->mountpoint);
}

/* One round over all of it; *trimmed: bytes that the kernel says it passed on. */
static int trim_round(struct trim *t, uint64_t *trimmed)
{
	uint64_t step = t->size / STEPS > STEP_MIN ? t->size / STEPS : STEP_MIN;

	*trimmed = 0;
	for (uint64_t at = 0; at < t->size; at += step) {
		/* The last step has no end: a filesystem may be larger than statvfs says. */
		bool last = t->size - at <= step;
		struct fstrim_range range = { at, last ? UINT64_MAX - at : step, 0 };
		int r;

		if (ioctl(t->fd, FITRIM, &range) < 0)
			return trim_failed(t, errno);
		*trimmed += range.len;
		r = watch_did(t->watch, DID_KEPT, (struct extent){ at, 0 });
		if (r)
			return r;
	}
	return 0;
}

static int allocated(const struct mounted *m, uint64_t *bytes)
{
	return m->allocated ? m->allocated(m->arg, bytes) : -ENOTSUP;
}

/* What the image gave back, where that can be told; else what the kernel says of the first round. */
static int trim_rounds(struct trim *t, uint64_t *gained)
{
	uint64_t before = 0;
	uint64_t now = 0;
	uint64_t last;
	uint64_t trimmed;
	bool known = allocated(t->m, &before) == 0;
	int r;

	last = before;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		syncfs(t->fd);
		r = trim_round(t, i == 0 ? gained : &trimmed);
		if (r)
			return r;
		if (!known || allocated(t->m, &now) < 0 || now >= last)
			break;
		last = now;
	}
	if (known)
		*gained = before > last ? before - last : 0;
	return 0;
}

/* All that is free has been dealt with: what was not given back was no data. */
static int report(struct trim *t, uint64_t gained, uint64_t free_bytes)
{
	uint64_t zeroed = gained < free_bytes ? gained : free_bytes;
	int r = watch_did(t->watch, DID_ZEROED, (struct extent){ 0, zeroed });

	return r ? r : watch_did(t->watch, DID_HOLE, (struct extent){ 0, free_bytes - zeroed });
}

int engine_trim(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	struct trim t = { .m = m, .watch = watch, .err = err };
	uint64_t gained = 0;
	struct statvfs st;
	int r;

	t.fd = open(m->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.fd < 0 || fstatvfs(t.fd, &st) < 0) {
		r = error_set(err, WHY_OPEN, errno, m->mountpoint);
	} else {
		t.size = size_mul(st.f_blocks, st.f_frsize);
		r = dry ? 0 : trim_rounds(&t, &gained);
	}
	if (r == 0)
		r = report(&t, gained, size_mul(st.f_bfree, st.f_frsize));
	if (t.fd >= 0)
		close(t.fd);
	return r;
}
