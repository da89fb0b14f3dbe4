/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Fill: the free space of a mounted filesystem is claimed with files that have no name, zeroed
 * through them, and given back. Nobody else can have the blocks meanwhile, so there is no race.
 *
 * Where the filesystem claims without writing (fallocate) and tells the layout (FIEMAP), the
 * claimed blocks are read from the device below, past its cache, and zeros are written only over
 * what is stale: no hole of the image becomes solid. Elsewhere (FUSE) zeros are written until the
 * room is used up.
 *
 * The free space is looked at all the time: when others have taken it below the reserve, the end
 * of the file that is not zeroed yet is given back at once, and then the file as a whole.
 *
 * Refused: filesystems that pack, or write elsewhere than where a file lies; zeros fill nothing
 * there (peers.md, P8).
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "engine/claim.h"
#include "engine/pieces.h"

#define CHUNK (1 * MIB)
#define GRAIN (4 * KIB)

/* Written zeros are on their way to the medium before more than this waits in memory. */
#define SYNC_EVERY (128 * MIB)

/* Claimed at once: a filesystem may be larger than the largest file. */
#define CLAIM_STEP (16 * GIB)

/* Files when each can only be so large (FAT: 4 GiB). */
#define FILES_MAX 4096

/* How often the free space is looked at. */
#define LOOK_NS 50000000

struct fill {
	struct mounted *m;
	bool dry;
	const struct watch *watch;
	struct error *err;
	unsigned char *buf;   /* CHUNK bytes: what was read, or zeros */
	unsigned char *zeros; /* CHUNK bytes */
	int device;           /* the device below, past its cache; -1: layout unknown */
	int fd;               /* the file at work */
	uint64_t done;        /* bytes of it that are zeroed */
	uint64_t size;        /* bytes of it that are claimed */
	uint64_t unsynced;
	uint64_t looked_ns;
	bool pressed;         /* others needed the space: no more is taken */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int fill_failed(struct fill *f, enum why why, int errnum)
{
	return error_set(f->err, why, errnum, f->m->mountpoint);
}

/* Zeros cannot fill what packs them, and a copy on write leaves the old block alone. */
static int check_type(const struct mounted *m, struct error *err)
{
	static const char *const never[] = {
		"zfs", "fuse.zfs", "bcachefs", "nilfs2", "overlay", "tmpfs", "ubifs", "jffs2",
	};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (m->fstype && strcmp(m->fstype, never[i]) == 0)
			return error_set(err, WHY_NO_FILL, 0, m->fstype);
	}
	if (m->fstype && m->options && strstr(m->options, "compress") != NULL)
		return error_set(err, WHY_NO_FILL, 0, m->fstype);
	return 0;
}

/* Others are below the reserve: the end of the file goes first, it holds nothing yet. */
static int give_back(struct fill *f, uint64_t missing)
{
	uint64_t keep = f->size > missing ? f->size - missing : 0;

	f->pressed = true;
	if (keep < f->done)
		keep = 0;
	if (f->fd < 0 || f->size == 0)
		return 0;
	if (ftruncate(f->fd, (off_t)keep) < 0)
		return fill_failed(f, WHY_SYSTEM, errno);
	f->m->gave_back += f->size - keep;
	f->size = keep;
	return 0;
}

/* Looks whether anybody needs the space; -ENOSPC when this file has nothing more to do. */
static int look(struct fill *f)
{
	uint64_t now = now_ns();
	uint64_t room, free_now;
	int r;

	if (f->m->reserve == 0 || now - f->looked_ns < LOOK_NS)
		return 0;
	f->looked_ns = now;
	r = claim_room(f->fd, f->m->reserve, &room, &free_now);
	if (r < 0)
		return fill_failed(f, WHY_SYSTEM, -r);
	/* The filesystem's own bookkeeping takes a little of it. */
	if (free_now + CHUNK >= f->m->reserve - f->m->reserve / 8)
		return 0;
	r = give_back(f, f->m->reserve - free_now);
	return r ? r : (f->done >= f->size ? -ENOSPC : 0);
}

static int sync_some(struct fill *f, uint64_t written)
{
	f->unsynced += written;
	if (f->unsynced < SYNC_EVERY)
		return 0;
	f->unsynced = 0;
	return fdatasync(f->fd) < 0 ? fill_failed(f, WHY_FLUSH, errno) : 0;
}

/* Zeros over [at, at + len) of the file, len at most CHUNK. *wrote counts what the filesystem took;
   a full one is no error. */
static int write_zeros(struct fill *f, uint64_t at, uint64_t len, uint64_t *wrote)
{
	*wrote = 0;
	while (*wrote < len) {
		ssize_t n = pwrite(f->fd, f->zeros, (size_t)(len - *wrote), (off_t)(at + *wrote));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*wrote += (uint64_t)n;
	}
	return 0;
}

/* One chunk of the file that lies at on_device: stale runs are zeroed. */
static int zero_stale(struct fill *f, struct extent chunk, uint64_t on_device)
{
	ssize_t n = pread(f->device, f->buf, (size_t)chunk.len, (off_t)on_device);
	struct extent read = { on_device, chunk.len };
	uint64_t at = 0;
	int r;

	if (n != (ssize_t)chunk.len)
		memset(f->buf, 1, (size_t)chunk.len); /* unreadable: a write may mend it */
	r = watch_did(f->watch, DID_READ, read);
	while (r == 0 && at < chunk.len) {
		uint64_t end = at;
		uint64_t wrote = 0;
		bool zero = bytes_are_zero(f->buf + at, GRAIN);

		while (end < chunk.len && bytes_are_zero(f->buf + end, GRAIN) == zero)
			end += GRAIN;
		if (!zero)
			r = write_zeros(f, chunk.start + at, end - at, &wrote);
		if (r < 0)
			return fill_failed(f, WHY_WRITE, -r);
		r = watch_did(f->watch, zero ? DID_ZERO : DID_ZEROED,
			      (struct extent){ on_device + at, end - at });
		if (r == 0)
			r = sync_some(f, wrote);
		at = end;
	}
	return r;
}

static int fill_run(void *arg, struct extent in_file, uint64_t on_device)
{
	struct fill *f = arg;

	if (in_file.len % GRAIN || on_device % GRAIN)
		return -EOPNOTSUPP;
	while (in_file.len > 0) {
		uint64_t len = in_file.len < CHUNK ? in_file.len : CHUNK;
		int r = look(f);

		if (r == 0 && in_file.start >= f->size)
			return -ENOSPC;
		if (r == 0)
			r = zero_stale(f, (struct extent){ in_file.start, len }, on_device);
		if (r)
			return r;
		f->done = in_file.start + len;
		in_file = (struct extent){ in_file.start + len, in_file.len - len };
		on_device += len;
	}
	return 0;
}

/* Claims all there is for this file, then zeroes what is stale in it. */
static int fill_claimed(struct fill *f)
{
	uint64_t room = CLAIM_STEP;
	uint64_t got = 1;
	int r = 0;

	while (r == 0 && got > 0 && room > 0) {
		r = claim_room(f->fd, f->m->reserve, &room, NULL);
		if (r == 0)
			r = claim_more(f->fd, f->size, room < CLAIM_STEP ? room : CLAIM_STEP, &got);
		f->size += got;
	}
	/* The layout of an unwritten file is known once it is on the disk. */
	if (r == 0 && fsync(f->fd) < 0)
		r = -errno;
	if (r < 0)
		return r == -EOPNOTSUPP ? r : fill_failed(f, WHY_SYSTEM, -r);
	r = claim_layout(f->fd, 0, f->size, fill_run, f);
	return r == -ENOSPC ? 0 : r;
}

/* Without a layout: writes until the room is used up, in smaller and smaller pieces at the end. */
static int fill_writing(struct fill *f)
{
	uint64_t chunk = CHUNK;

	while (chunk >= 512 && !f->pressed) {
		uint64_t room = 0;
		uint64_t wrote = 0;
		int r = claim_room(f->fd, f->m->reserve, &room, NULL);

		if (r < 0)
			return fill_failed(f, WHY_SYSTEM, -r);
		r = look(f);
		if (r)
			return r == -ENOSPC ? 0 : r;
		/* Without a reserve the filesystem itself says when it is full. */
		if (f->m->reserve > 0 && room < chunk) {
			chunk /= 2;
			continue;
		}
		r = write_zeros(f, f->size, chunk, &wrote);
		f->size += wrote;
		f->done = f->size;
		if (r == -EFBIG)
			return 0;
		if (r == -ENOSPC || r == -EDQUOT)
			chunk /= 2;
		else if (r < 0)
			return fill_failed(f, WHY_WRITE, -r);
		r = watch_did(f->watch, DID_ZEROED, (struct extent){ 0, wrote });
		if (r == 0)
			r = sync_some(f, wrote);
		if (r)
			return r;
	}
	return 0;
}

/* One file as large as it gets. */
static int fill_file(struct fill *f)
{
	int r = f->device >= 0 ? fill_claimed(f) : -EOPNOTSUPP;

	if (r == -EOPNOTSUPP && f->done == 0) {
		if (f->size > 0 && ftruncate(f->fd, 0) < 0)
			return fill_failed(f, WHY_SYSTEM, errno);
		f->size = 0;
		f->device = -1;
		r = fill_writing(f);
	}
	if (r == 0 && f->size > 0 && fsync(f->fd) < 0 && errno != ENOSPC)
		r = fill_failed(f, WHY_FLUSH, errno);
	return r;
}

/* The files stay open, and keep what they claimed, until all is done. */
static int fill_files(struct fill *f)
{
	int fds[FILES_MAX];
	int n = 0;
	int r = 0;

	while (r == 0 && n < FILES_MAX && !f->pressed) {
		f->fd = claim_open(f->m->mountpoint);
		if (f->fd < 0) {
			/* No inode or entry left for another file is an end like any other. */
			r = n > 0 ? 0 : fill_failed(f, WHY_OPEN, -f->fd);
			break;
		}
		fds[n++] = f->fd;
		f->size = f->done = 0;
		r = fill_file(f);
		if (f->size < CHUNK)
			break;
	}
	while (n > 0)
		close(fds[--n]);
	return r;
}

/* What was left alone: reserve, and what the filesystem would not hand out. */
static int report_rest(struct fill *f, uint64_t free_before)
{
	uint64_t kept = f->m->reserve < free_before ? f->m->reserve : free_before;

	return watch_did(f->watch, DID_KEPT, (struct extent){ 0, kept });
}

static void open_device(struct fill *f)
{
	const struct io *io = f->m->device;

	f->device = io ? open(io->name, O_RDONLY | O_DIRECT | O_CLOEXEC) : -1;
}

int engine_fill(struct mounted *m, bool dry, const struct watch *watch, struct error *err)
{
	struct fill f = { .m = m, .dry = dry, .watch = watch, .err = err, .device = -1, .fd = -1 };
	void *buf = NULL;
	struct statvfs st;
	int r = check_type(m, err);

	m->gave_back = 0;
	if (r)
		return r;
	if (statvfs(m->mountpoint, &st) < 0)
		return error_set(err, WHY_OPEN, errno, m->mountpoint);
	if (dry)
		return report_rest(&f, size_mul(st.f_bfree, st.f_frsize));
	if (posix_memalign(&buf, 4096, 2 * CHUNK))
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	f.buf = buf;
	f.zeros = f.buf + CHUNK;
	memset(f.zeros, 0, CHUNK);
	open_device(&f);
	r = fill_files(&f);
	if (r == 0)
		r = report_rest(&f, size_mul(st.f_bfree, st.f_frsize));
	if (f.device >= 0)
		close(f.device);
	free(buf);
	return r;
}

uint64_t engine_default_reserve(uint64_t size, bool others)
{
	uint64_t part = size / 100;

	if (!others)
		return 0;
	return part > 64 * MIB ? part : 64 * MIB;
}
