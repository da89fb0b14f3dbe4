/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Filling where the layout is known (ext4, XFS): space is claimed by fallocate, which writes
 * nothing, FIEMAP tells where it lies (linux/fiemap.h), those blocks are read from the device, and
 * zeros are written through the file over what is stale. So a sparse image does not grow, and what
 * is zero already is not written.
 *
 * That the file owns the blocks makes this safe against everybody else in the filesystem. That the
 * device's cache may be out of date is the reason to forget it before reading.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "achica/units.h"
#include "engine/blind.h"
#include "engine/fill_impl.h"
#include "engine/mounted.h"
#include "engine/narrow.h"
#include "engine/present.h"
#include "engine/reader.h"
#include "engine/report.h"

#define CLAIM_LEAST (1 * MIB) /* at once */
#define CLAIM_MOST (256 * MIB)
#define WRITE_LEAST (64 * KIB)
#define WRITE_FIRST (256 * KIB)
#define BATCH 256u        /* extents asked for at once */
#define ZEROS (4 * MIB)
#define ALIGN 4096u       /* of the zeros in memory, for O_DIRECT */
#define FOLIO_MAX (4 * MIB) /* what the kernel caches as one is no larger: 2 MiB on most machines */

/* Extents of which the place on the device is not known, or not theirs alone. */
#define NOT_PLAIN (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | \
		   FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL | \
		   FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_SHARED)

struct layout {
	struct fill *f;
	struct reader *reader;
	unsigned char *zeros;
	struct fiemap *map;
	struct blind blind;
	struct stride claim; /* at once ... */
	uint64_t most;       /* ... while there is so much */
	struct stride write; /* zeros, at once */
	uint64_t file_at;    /* of the extent being compared: its place in the file */
	uint64_t device_at;  /* and on the device */
};

/* Blocks may be smaller than what the device takes at once. False when it was so already. */
static bool be_buffered(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_DIRECT) && fcntl(fd, F_SETFL, flags & ~O_DIRECT) == 0;
}

/* part is in bytes of the device. */
static int attempt_write(void *arg, struct extent part)
{
	struct layout *l = arg;
	uint64_t at = l->file_at + (part.start - l->device_at);
	uint64_t all = part.len;

	stride_begin(&l->write);
	while (part.len > 0) {
		size_t want = part.len < ZEROS ? (size_t)part.len : (size_t)ZEROS;
		ssize_t n = pwrite(l->f->fd, l->zeros, want, (off_t)at);

		if (n < 0 && (errno == EINTR || (errno == EINVAL && be_buffered(l->f->fd))))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (uint64_t)n;
		part.len -= (uint64_t)n;
	}
	stride_end(&l->write, all);
	return 0;
}

static int good_write(void *arg, struct extent part)
{
	struct layout *l = arg;
	int rc = report_did(l->f->watch, DID_ZEROED, part);

	l->f->zeroed += part.len;
	return rc ? rc : fill_wrote(l->f, (struct extent){ l->file_at + (part.start - l->device_at),
							    part.len });
}

static int write_stale(struct layout *l, struct extent run)
{
	const struct narrow narrow = {
		.watch = l->f->watch,
		.err = l->f->err,
		.name = l->f->m->mountpoint,
		.why = WHY_WRITE,
		.attempt = attempt_write,
		.good = good_write,
		.arg = l,
	};
	int rc = 0;

	while (rc == 0 && run.len > 0)
		rc = narrow_run(&narrow, narrow_cut(&run, l->write.now));
	return rc;
}

/* piece without what lies in the part of the file that has been given back meanwhile. */
static struct extent still_ours(const struct layout *l, struct extent piece)
{
	uint64_t at = l->file_at + (piece.start - l->device_at);
	uint64_t rest = at < l->f->size ? l->f->size - at : 0;

	if (piece.len > rest)
		piece.len = rest;
	return piece;
}

static int layout_look(void *arg, struct extent piece, const unsigned char *bytes)
{
	struct layout *l = arg;
	uint64_t at = piece.start;
	uint64_t before = l->f->zeroed;
	struct extent run;
	int rc = fill_guard(l->f);

	piece = still_ours(l, piece);
	while (rc == 0 && stale_next(piece, bytes, at, &run)) {
		rc = report_did(l->f->watch, DID_ZERO, (struct extent){ at, run.start - at });
		if (rc == 0)
			rc = write_stale(l, run);
		at = extent_end(run);
	}
	if (rc || piece.len == 0)
		return rc;
	l->f->done = l->file_at + (extent_end(piece) - l->device_at);
	blind_learn(&l->blind, piece.len, l->f->zeroed - before);
	return report_did(l->f->watch, DID_ZERO, (struct extent){ at, extent_end(piece) - at });
}

static int layout_blind(struct layout *l, struct extent part)
{
	int rc = reader_finish(l->reader);

	if (rc == 0)
		rc = fill_guard(l->f);
	part = still_ours(l, part);
	if (rc == 0)
		rc = write_stale(l, part);
	if (rc == 0 && part.len > 0)
		l->f->done = l->file_at + (extent_end(part) - l->device_at);
	return rc;
}

static int layout_part(void *arg, struct extent e, bool hole)
{
	struct layout *l = arg;
	int rc = 0;

	if (hole)
		return reader_hole(l->reader, e);
	while (rc == 0 && e.len > 0) {
		struct extent part;
		bool unread = blind_cut(&l->blind, &e, &part);

		rc = unread ? layout_blind(l, part) : reader_add(l->reader, part);
		if (rc == 0 && !unread && l->blind.checking)
			rc = reader_finish(l->reader);
	}
	return rc;
}

/* The cache lets go of whole folios only, and those may reach beyond e on both sides. */
static void forget_around(struct io *device, struct extent e)
{
	uint64_t start = e.start - e.start % FOLIO_MAX;
	uint64_t end = extent_end(e) + (FOLIO_MAX - 1);

	end -= end % FOLIO_MAX;
	if (end > device->size)
		end = device->size;
	io_forget(device, (struct extent){ start, end - start });
}

/* Compares, and zeroes what is stale, of one extent of the file. */
static int layout_extent(struct layout *l, const struct fiemap_extent *x, struct extent claimed)
{
	struct extent in_file = extent_clip(claimed,
					    (struct extent){ x->fe_logical, x->fe_length });
	struct io *device = l->f->m->device;
	struct extent e = { x->fe_physical + (in_file.start - x->fe_logical), in_file.len };
	int rc;

	l->file_at = in_file.start;
	l->device_at = e.start;
	e = still_ours(l, e);
	if ((x->fe_flags & NOT_PLAIN) || e.start > device->size || e.len > device->size - e.start)
		return write_stale(l, e);
	forget_around(device, e);
	rc = present_cut(device, e, layout_part, l, l->f->err);
	return rc ? rc : reader_finish(l->reader);
}

/* What of the file from at on has blocks: at most BATCH extents, up to end. */
static int layout_ask(struct layout *l, uint64_t at, uint64_t end)
{
	memset(l->map, 0, sizeof(*l->map));
	l->map->fm_start = at;
	l->map->fm_length = end - at;
	l->map->fm_extent_count = BATCH;
	return ioctl(l->f->fd, FS_IOC_FIEMAP, l->map) < 0 ? -errno : 0;
}

/* Goes through what was claimed, as far as it has blocks; *end becomes the end of that. */
static int layout_compare(struct layout *l, struct extent claimed, uint64_t *end)
{
	uint64_t at = claimed.start;
	int rc = 0;

	*end = at;
	while (rc == 0 && at < extent_end(claimed)) {
		rc = layout_ask(l, at, extent_end(claimed));
		if (rc)
			return error_set(l->f->err, WHY_SYSTEM, -rc, l->f->m->mountpoint);
		if (l->map->fm_mapped_extents == 0)
			return 0;
		for (uint32_t i = 0; rc == 0 && i < l->map->fm_mapped_extents; i++) {
			const struct fiemap_extent *x = &l->map->fm_extents[i];

			at = x->fe_logical + x->fe_length;
			rc = layout_extent(l, x, claimed);
		}
		*end = at < extent_end(claimed) ? at : extent_end(claimed);
	}
	return rc;
}

/* What the claim left over: another file, or smaller claims. */
static int layout_short(struct layout *l, int errnum, uint64_t room)
{
	struct fill *f = l->f;
	int rc;

	if (errnum != EFBIG) {
		f->full = f->full || room <= f->block;
		l->most = room / 2 > f->block ? room / 2 : f->block;
		return 0;
	}
	rc = fill_flush(f);
	if (rc == 0)
		rc = fill_next_file(f);
	f->full = f->full || rc == -ENOSPC;
	return rc == -ENOSPC ? 0 : rc;
}

static int layout_claim(struct layout *l, uint64_t room)
{
	struct fill *f = l->f;
	struct extent claimed = { f->size, room };
	int errnum = 0;
	uint64_t end;
	int rc;

	stride_begin(&l->claim);
	if (fallocate(f->fd, 0, (off_t)claimed.start, (off_t)claimed.len) < 0)
		errnum = errno;
	stride_end(&l->claim, claimed.len);
	if (errnum == EINTR)
		return 0;
	if (errnum == EOPNOTSUPP && f->size == 0)
		return -EOPNOTSUPP;
	if (errnum && errnum != EFBIG && !fill_is_end(errnum))
		return error_set(f->err, WHY_SYSTEM, errnum, f->m->mountpoint);
	/* When there was not enough, the first part may have been claimed nevertheless. */
	f->size = extent_end(claimed);
	rc = layout_compare(l, claimed, &end);
	if (f->size > end)
		f->size = end;
	return rc == 0 && errnum ? layout_short(l, errnum, room) : rc;
}

static int layout_run(struct layout *l)
{
	struct fill *f = l->f;
	uint64_t room;
	int rc = 0;

	while (rc == 0 && !f->full) {
		rc = fill_room(f, l->claim.now < l->most ? l->claim.now : l->most, &room);
		if (rc == 0 && room > 0)
			rc = layout_claim(l, room);
	}
	return rc;
}

/*
 * What is still free at the end, the reserve and what the filesystem would not hand out, gets its
 * turn in exchange for as much that is zero by now. ext4 does not hand out again what was freed a
 * moment ago, before its journal has it, so what it hands out is the rest. XFS may rather wait for
 * its log: then the exchange finds zeros, and the rest is told as kept.
 */
static int layout_swap(struct layout *l)
{
	struct fill *f = l->f;
	uint64_t before = f->zeroed;
	struct space space;
	uint64_t bytes;
	int rc = fill_flush(f);

	if (rc == 0)
		rc = mounted_space(f->m, f->dir, &space, f->err);
	if (rc)
		return rc;
	bytes = fill_give_front(f, space.free);
	if (bytes > 0)
		rc = layout_claim(l, bytes);
	f->swapped = f->zeroed - before;
	return rc;
}

bool fill_knows_layout(const struct mounted *m)
{
	static const char *const known[] = { "ext4", "xfs", NULL };

	return mounted_is(m, known);
}

int fill_by_layout(struct fill *f)
{
	struct layout l = {
		.f = f,
		.blind = { .allowed = mounted_is_solid(f->m) },
		.most = UINT64_MAX,
		.claim = { CLAIM_LEAST, CLAIM_MOST, CLAIM_MOST, 0 },
		.write = { WRITE_LEAST, ZEROS, WRITE_FIRST, 0 },
	};
	void *zeros;
	int rc;

	if (!f->m->device || !fill_knows_layout(f->m))
		return -EOPNOTSUPP;
	if (posix_memalign(&zeros, ALIGN, ZEROS) == 0)
		l.zeros = memset(zeros, 0, ZEROS);
	l.map = malloc(sizeof(*l.map) + BATCH * sizeof(l.map->fm_extents[0]));
	if (!l.zeros || !l.map)
		rc = error_set(f->err, WHY_MEMORY, ENOMEM, f->m->mountpoint);
	else
		rc = reader_new(f->m->device, f->watch, layout_look, &l, f->err, &l.reader);
	if (rc == 0)
		rc = layout_run(&l);
	if (rc == 0 && !f->pressed)
		rc = layout_swap(&l);
	reader_free(l.reader);
	free(l.map);
	free(l.zeros);
	return rc;
}
