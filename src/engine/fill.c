/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The method "fill": a nameless file claims the free space of a mounted filesystem, so that nobody
 * else can have it, and is made zero. Where the layout of the file can be known, only what is stale
 * is written (fill_layout.c); elsewhere zeros are written until nothing is left. That would make a
 * sparse image grow, for nothing tells where its holes are, so there it is refused.
 *
 * Filesystems that do not write zeros where they are told to, or not to a disk, are refused by
 * name, by their mount options, and by looking whether the first zeros took space at all.
 *
 * Memory: one buffer of 1 MiB.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "achica/target.h"
#include "achica/units.h"
#include "engine/fill_impl.h"
#include "engine/mounted.h"
#include "engine/report.h"

#define WRITE_SIZE (1 * MIB)
#define WRITE_FIRST (256 * KIB)
#define WRITE_LEAST (64 * KIB)
#define LOOK_EVERY (8 * MIB)    /* at the free space, while there is much of it */
#define TRIAL (64 * MIB)        /* written, before it is checked that it took space */
#define AHEAD_MAX (8 * MIB)     /* of what the filesystem may have claimed for the file unasked */
#define FAILURES_MAX 64         /* in a row */
#define HOLES_FEW (1 * MIB)     /* in an image that is not called sparse */

static const char *const not_filled[] = {
	/* pack, or never overwrite */
	"zfs", "fuse.zfs", "bcachefs", "ubifs", "jffs2", "nilfs2", "reiser4",
	/* have no disk of their own */
	"tmpfs", "ramfs", "overlay", "squashfs", "erofs",
	/* are on somebody else's disk */
	"nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "fuse.sshfs",
	NULL,
};

uint64_t engine_default_reserve(uint64_t size, bool others)
{
	uint64_t part = size / 100;

	if (!others)
		return 0;
	return part > 64 * MIB ? part : 64 * MIB;
}

static int check_type(const struct mounted *m, struct error *err)
{
	static const char *const btrfs[] = { "btrfs", NULL };
	static const char *const f2fs[] = { "f2fs", NULL };

	if (mounted_is(m, not_filled))
		return error_set(err, WHY_NO_FILL, 0, m->fstype);
	if (mounted_is(m, btrfs) && (mount_has_option(m->options, "compress") ||
				     mount_has_option(m->options, "compress-force")))
		return error_set(err, WHY_NO_FILL, 0, "btrfs compress");
	if (mounted_is(m, f2fs) && mount_has_option(m->options, "compress_extension=*"))
		return error_set(err, WHY_NO_FILL, 0, "f2fs compress_extension=*");
	return 0;
}

/* One run of plain writing. */
struct plain {
	struct fill *f;
	unsigned char *zeros;
	uint64_t free;      /* before */
	uint64_t written;
	uint64_t budget;    /* bytes that may be written before the free space is looked at again */
	uint64_t ahead;     /* bytes tried to write when none was free any more */
	uint64_t step;      /* bytes written at once at most; becomes small towards the end */
	struct stride stride;
	unsigned failures;  /* in a row */
	bool tried;         /* zeros do take space here */
};

/* Whether the free space became less by what was written: zeros may be stored as nothing. */
static int plain_check(struct plain *p)
{
	struct fill *f = p->f;
	struct space now;
	int rc;

	if (p->tried || p->written < TRIAL)
		return 0;
	p->tried = true;
	rc = fill_flush(f);
	if (rc == 0)
		rc = mounted_space(f->m, f->dir, &now, f->err);
	if (rc || now.free + p->written / 2 < p->free)
		return rc;
	return error_set(f->err, WHY_NO_FILL, 0, f->m->fstype);
}

static int plain_wrote(struct plain *p, uint64_t bytes)
{
	struct fill *f = p->f;
	const struct extent e = { f->size, bytes };
	int rc = report_did(f->watch, DID_ZEROED, (struct extent){ 0, bytes });

	f->size += bytes;
	f->done = f->size;
	p->written += bytes;
	p->failures = 0;
	p->budget -= bytes < p->budget ? bytes : p->budget;
	if (rc == 0)
		rc = fill_wrote(f, e);
	return rc ? rc : plain_check(p);
}

/* A write failed: less at once, another file, or a bad place to be left out. */
static int plain_failed(struct plain *p, int errnum, uint64_t bytes)
{
	struct fill *f = p->f;
	int rc;

	if (errnum == EFBIG && f->size > 0) {
		rc = fill_flush(f);
		if (rc == 0)
			rc = fill_next_file(f);
		f->full = rc == -ENOSPC;
		return f->full ? 0 : rc;
	}
	if (fill_is_end(errnum)) {
		f->full = p->step <= f->block;
		p->step = p->step / 2 > f->block ? p->step / 2 : f->block;
		return 0;
	}
	if (errnum == EINVAL && fcntl(f->fd, F_GETFL) & O_DIRECT)
		return fcntl(f->fd, F_SETFL, 0) < 0 ? -errno : 0;
	if (errnum != EIO || ++p->failures > FAILURES_MAX)
		return error_set(f->err, WHY_WRITE, errnum, f->m->mountpoint);
	if (p->failures % 3 != 0)
		return 0; /* another try */
	rc = report_failed(f->watch, WHY_WRITE, errnum, (struct extent){ 0, bytes },
			   f->m->mountpoint);
	f->size += bytes;
	return rc;
}

/* HFS Plus claims more than it was asked for: what is then not free is the file's, yet not zero. */
static int plain_room(struct plain *p)
{
	struct fill *f = p->f;
	int rc = fill_room(f, LOOK_EVERY, &p->budget);

	if (rc || p->budget > 0 || f->m->reserve || p->written == 0 || p->ahead >= AHEAD_MAX)
		return rc;
	f->full = false;
	p->budget = f->block;
	p->ahead += f->block;
	return 0;
}

static int plain_step(struct plain *p)
{
	struct fill *f = p->f;
	uint64_t bytes = p->step < p->stride.now ? p->step : p->stride.now;
	ssize_t n;
	int rc;

	if (p->budget == 0) {
		rc = plain_room(p);
		if (rc || p->budget == 0)
			return rc;
	}
	if (bytes > p->budget)
		bytes = p->budget;
	stride_begin(&p->stride);
	n = pwrite(f->fd, p->zeros, bytes, (off_t)f->size);
	stride_end(&p->stride, bytes);
	if (n > 0)
		return plain_wrote(p, (uint64_t)n);
	if (n < 0 && errno == EINTR)
		return 0;
	return plain_failed(p, n < 0 ? errno : ENOSPC, bytes);
}

/* Zeros would be written into the holes of the image. */
static int check_holes(const struct mounted *m, struct error *err)
{
	return mounted_has_holes(m, HOLES_FEW) ? error_set(err, WHY_NO_FILL, 0, "sparse image") : 0;
}

static int fill_plainly(struct fill *f)
{
	struct plain p = {
		.f = f, .step = WRITE_SIZE, .stride = { WRITE_LEAST, WRITE_SIZE, WRITE_FIRST, 0 },
	};
	struct space space;
	void *zeros = NULL;
	int rc = check_holes(f->m, f->err);

	if (rc)
		return rc;
	if (posix_memalign(&zeros, 4096, WRITE_SIZE) != 0)
		return error_set(f->err, WHY_MEMORY, ENOMEM, f->m->mountpoint);
	memset(zeros, 0, WRITE_SIZE);
	p.zeros = zeros;
	rc = mounted_space(f->m, f->dir, &space, f->err);
	if (rc == 0) {
		f->block = space.block;
		p.free = space.free;
	}
	while (rc == 0 && !f->full)
		rc = plain_step(&p);
	free(zeros);
	return rc;
}

/* What was left free, on purpose or because the filesystem keeps it for itself. */
static int tell_kept(struct fill *f)
{
	struct space space;
	int rc = mounted_space(f->m, f->dir, &space, f->err);

	if (rc || space.free <= f->swapped)
		return rc;
	return report_did(f->watch, DID_KEPT, (struct extent){ 0, space.free - f->swapped });
}

/* All that a dry run can say without reading. */
static int tell_reserve(const struct mounted *m, const struct watch *watch, struct error *err)
{
	struct space space;
	int dir = mounted_open(m, err);
	int rc = dir < 0 ? dir : mounted_space(m, dir, &space, err);

	if (dir >= 0)
		close(dir);
	if (rc)
		return rc;
	return report_did(watch, DID_KEPT,
			  (struct extent){ 0, space.free < m->reserve ? space.free : m->reserve });
}

static int fill_run(struct fill *f)
{
	int flushed;
	/* What was deleted a moment ago becomes free. */
	int rc = mounted_sync(f->m, f->dir, f->err);

	if (rc == 0)
		rc = fill_next_file(f);
	if (rc == 0)
		rc = fill_by_layout(f);
	if (rc == -EOPNOTSUPP && (!f->err || f->err->why == WHY_NONE))
		rc = fill_plainly(f);
	/* Also when it was stopped: what was told is to be true. */
	flushed = fill_flush(f);
	if (rc == 0)
		rc = flushed;
	return rc ? rc : tell_kept(f);
}

int engine_fill_check(const struct mounted *m, struct error *err)
{
	int rc = check_type(m, err);

	return rc || fill_knows_layout(m) ? rc : check_holes(m, err);
}

int engine_fill(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	struct fill *f;
	int rc = dry ? engine_fill_check(m, err) : check_type(m, err);

	m->gave_back = 0;
	if (rc)
		return rc;
	if (dry)
		return tell_reserve(m, watch, err);
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_set(err, WHY_MEMORY, ENOMEM, m->mountpoint);
	f->m = m;
	f->watch = watch;
	f->err = err;
	f->dir = mounted_open(m, err);
	rc = f->dir < 0 ? f->dir : fill_run(f);
	fill_close(f);
	if (rc == 0)
		rc = mounted_sync(m, f->dir, err);
	if (f->dir >= 0)
		close(f->dir);
	free(f);
	return rc;
}
