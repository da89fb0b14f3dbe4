/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Exclusive use of a target's bytes (design, The gate, 1). Everything that is held hangs on open
 * descriptors, so it is gone with the process, however that ends.
 *
 * A device is opened with O_EXCL, which the kernel refuses while it is mounted, swapped on, held by
 * another device or exclusively open; the whole disk is flocked, as udev asks for (systemd,
 * docs/BLOCK_DEVICE_LOCKING.md); and QEMU's lock bytes are taken on its node. An image has no
 * O_EXCL: there it is QEMU's lock bytes, and a look at who has it. A loop device is both: itself,
 * and the bytes on its file. The looks come after the locks, so that nobody slips in between.
 *
 * None of that stops who asks nobody, as those who put a loop device over an image to mount it:
 * hence lock_check, again and again, and a lease, which keeps them waiting until it has looked.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk/disk.h"
#include "disk/gaps.h"
#include "disk/holders.h"
#include "disk/lease.h"
#include "disk/mounts.h"
#include "disk/place.h"
#include "disk/sysfs.h"
#include "disk/traces.h"
#include "disk/use.h"
#include "disk/volumes.h"

/* udev holds its lock while it looks at a disk that was just closed: well below a second. */
#define FLOCK_TRIES 60
#define FLOCK_WAIT_NS 50000000L

/* Time for who was kept waiting, to be seen with what he opened. */
#define OPENER_WAIT_NS 50000000L

#define HELD_MAX 2

/* Bytes that only we may use; path is a copy. */
struct claim {
	struct use use;
	char *path;
};

struct lock {
	struct io *base;    /* path, whole; owns its descriptor */
	struct io *window;
	int held[HELD_MAX]; /* the whole disk of a partition; the file under a loop device */
	size_t n;
	int image;          /* one of held: to be pushed; or -1 */
	struct io *holes;   /* the same file, where it tells holes, or NULL */
	uint64_t start;     /* byte of it where the window begins */
	struct claim claims[HELD_MAX]; /* the target; what is under a loop device */
	size_t n_claims;
	enum lease lease;   /* on an image */
};

static int refuse_opener(enum why why, const struct place *place, enum opened how, const char *what,
			 struct error *err)
{
	struct opener opener = { 0 };
	int r = error_set(err, why, 0, what);

	if (holders_find(place, how, HOLDERS_FLOCK, &opener))
		error_set_who(err, opener.pid, opener.name);
	return r;
}

/* Whether fd is still what was listed and probed. */
static int check_identity(const struct target *t, int fd, struct error *err)
{
	struct stat st;
	struct stat named;

	if (fstat(fd, &st) < 0 || stat(t->path, &named) < 0)
		return error_set(err, WHY_OPEN, errno, t->path);
	if (S_ISBLK(st.st_mode) && S_ISBLK(named.st_mode) && st.st_rdev == t->dev &&
	    named.st_rdev == t->dev)
		return 0;
	if (S_ISREG(st.st_mode) && S_ISREG(named.st_mode) && st.st_dev == t->dev &&
	    st.st_ino == t->ino && named.st_dev == t->dev && named.st_ino == t->ino)
		return 0;
	return error_set(err, WHY_SYSTEM, ESTALE, t->path);
}

/* Checks a use, and keeps it for lock_check. */
static int claim(struct lock *lock, const struct use *use, struct error *err)
{
	struct claim *c = &lock->claims[lock->n_claims];
	int r = use_check(use, err);

	if (r < 0)
		return r;
	c->path = strdup(use->path);
	if (!c->path)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	c->use = *use;
	c->use.path = c->path;
	c->use.mounts = NULL;
	lock->n_claims++;
	return 0;
}

/* Puts the window over fd, which it takes. */
static int open_window(struct lock *lock, const struct target *t, int fd, bool write,
		       struct error *err)
{
	int r;

	place_forget(fd);
	r = io_file_adopt(fd, t->path, write, &lock->base, err);
	if (r < 0)
		return r;
	r = io_window_target(lock->base, t, &lock->window);
	if (r == -EINVAL)
		return error_set_at(err, WHY_OUTSIDE, 0, t->size, t->path);
	return r < 0 ? error_set(err, WHY_MEMORY, -r, NULL) : 0;
}

static int lock_look(struct lock *lock, const struct target *t, struct error *err)
{
	int fd = open(t->path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_set(err, WHY_OPEN, errno, t->path);
	r = check_identity(t, fd, err);
	if (r == 0)
		return open_window(lock, t, fd, false, err);
	close(fd);
	return r;
}

/* flock on the whole disk, with patience for udev. */
static int take_flock(int fd, bool write, const struct place *place, const char *path,
		      struct error *err)
{
	const struct timespec wait = { 0, FLOCK_WAIT_NS };

	for (int i = 0; i < FLOCK_TRIES; i++) {
		if (flock(fd, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return error_set(err, WHY_SYSTEM, errno, path);
		nanosleep(&wait, NULL);
	}
	return refuse_opener(WHY_BUSY, place, OPENED_LOCKED, path, err);
}

/* The whole disk of a partition is flocked through a descriptor of its own. */
static int lock_whole(struct lock *lock, int fd, bool write, const struct target *t,
		      const struct place *place, struct error *err)
{
	char *node;
	int whole, r;

	if (place->dev == t->dev)
		return take_flock(fd, write, place, t->path, err);
	node = sysfs_node(place->dev);
	if (!node)
		return error_set(err, WHY_SYSTEM, ENODEV, t->path);
	whole = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (whole < 0) {
		r = error_set(err, WHY_OPEN, errno, node);
	} else {
		lock->held[lock->n++] = whole;
		r = take_flock(whole, write, place, node, err);
	}
	free(node);
	return r;
}

/* QEMU's bytes: looked at, taken, and looked at again, for two may come at once. */
static int take_bytes(int fd, bool write, const struct place *place, const char *path,
		      struct error *err)
{
	int r = use_qemu_test(fd, !write, place, path, err);

	if (r == 0)
		r = use_qemu_take(fd, !write, place, path, err);
	return r < 0 ? r : use_qemu_test(fd, !write, place, path, err);
}

/* -EBUSY is left to the caller to explain. */
static int open_writable(const char *path, int flags, int *fd, struct error *err)
{
	*fd = open(path, O_RDWR | O_CLOEXEC | flags);
	if (*fd >= 0)
		return 0;
	if (errno == EBUSY)
		return -EBUSY;
	if (errno == EROFS || errno == EPERM)
		return error_set(err, WHY_READ_ONLY, errno, path);
	return error_set(err, WHY_OPEN, errno, path);
}

/* Opens and marks what is under a loop device, when it still has a name here. */
static int take_backing(struct lock *lock, struct use *use, const char *path, struct error *err)
{
	use->path = path;
	use->fd = open(path, O_RDONLY | O_CLOEXEC |
		       (use->place.file || use->reading ? 0 : O_EXCL));
	if (use->fd < 0 && errno == EBUSY)
		return error_set(err, WHY_BUSY, EBUSY, path);
	if (use->fd < 0)
		return error_set(err, WHY_OPEN, errno, path);
	lock->held[lock->n++] = use->fd;
	return take_bytes(use->fd, !use->reading, &use->place, path, err);
}

/*
 * The file or device under a loop device. One that has no name here any more cannot be opened by
 * others either, unless they have it open already; those are found by the look at who writes to it.
 */
static int lock_backing(struct lock *lock, const struct use *above, struct error *err)
{
	const struct place *place = &above->place;
	struct loop loop;
	struct use use = { .mounts = above->mounts, .fd = -1, .reading = above->reading };
	char *path;
	int r = 0;

	if (loop_read(place->dev, &loop) < 0)
		return 0;
	path = loop_path(&loop);
	use.path = loop.node;
	use.own = loop.dev;
	use.place = loop.below;
	use.place.range.start += place->range.start;
	use.place.range.len = place->range.len;
	if (path)
		r = take_backing(lock, &use, path, err);
	if (r == 0)
		r = claim(lock, &use, err);
	free(path);
	return r;
}

/* Why the kernel refuses O_EXCL, as precisely as can be told. */
static int explain_busy(const struct use *use, struct error *err)
{
	int r = use_check(use, err);

	return r < 0 ? r : refuse_opener(WHY_BUSY, &use->place, OPENED, use->path, err);
}

static int lock_device(struct lock *lock, const struct target *t, const struct use *use, int *fd,
		       struct error *err)
{
	int read_only = 0;
	int r;

	r = open_writable(t->path, O_EXCL, fd, err);
	if (r < 0)
		return r == -EBUSY ? explain_busy(use, err) : r;
	if (ioctl(*fd, BLKROGET, &read_only) == 0 && read_only)
		return error_set(err, WHY_READ_ONLY, EROFS, t->path);
	r = lock_whole(lock, *fd, true, t, &use->place, err);
	if (r == 0)
		r = take_bytes(*fd, true, &use->place, t->path, err);
	return r < 0 ? r : lock_backing(lock, use, err);
}

static int lock_image(const struct target *t, const struct use *use, int *fd, struct error *err)
{
	int r;

	if (t->format && strcmp(t->format, "raw") != 0)
		return error_set(err, WHY_FORMAT, 0, t->format);
	r = open_writable(t->path, 0, fd, err);
	return r < 0 ? r : take_bytes(*fd, true, &use->place, t->path, err);
}

/* Nothing but its disk's table, or the group's metadata, says that it is a gap: that is read again,
   and what is seen in the gap must be what the user saw. */
static int check_gap(struct lock *lock, const struct target *t, int fd, struct error *err)
{
	struct signature found;
	int r = 0;

	if (!t->n_pvs)
		r = gaps_check(lock->base, (struct extent){ t->base, t->size }, err);
	if (r == 0)
		r = traces_in_gap(lock->base, fd, t, &found, err);
	if (r == 0 && strcmp(found.type, t->fstype ? t->fstype : "") != 0)
		r = error_set(err, WHY_NOT_FOUND, ESTALE, t->name);
	return r;
}

/*
 * To read, a device is claimed as to write, so that nobody mounts it meanwhile. A claim that is
 * refused is no reason by itself: what is mounted read-only has one too.
 */
static int open_to_read(const struct target *t, const struct use *use, int *fd, struct error *err)
{
	int flags = O_RDONLY | O_CLOEXEC;
	int r;

	*fd = open(t->path, flags | (use->place.file ? 0 : O_EXCL));
	if (*fd >= 0)
		return 0;
	if (errno != EBUSY)
		return error_set(err, WHY_OPEN, errno, t->path);
	r = use_check(use, err);
	if (r < 0)
		return r;
	if (!mounts_find(use->mounts, &use->place))
		return refuse_opener(WHY_BUSY, &use->place, OPENED, use->path, err);
	*fd = open(t->path, flags);
	return *fd < 0 ? error_set(err, WHY_OPEN, errno, t->path) : 0;
}

static int lock_to_read(struct lock *lock, const struct target *t, const struct use *use, int *fd,
			struct error *err)
{
	int r = open_to_read(t, use, fd, err);

	if (r == 0 && !use->place.file)
		r = lock_whole(lock, *fd, false, t, &use->place, err);
	if (r == 0)
		r = take_bytes(*fd, false, &use->place, t->path, err);
	return r < 0 || use->place.file ? r : lock_backing(lock, use, err);
}

static int lock_to_write(struct lock *lock, const struct target *t, const struct use *use, int *fd,
			 struct error *err)
{
	return use->place.file ? lock_image(t, use, fd, err) : lock_device(lock, t, use, fd, err);
}

/* Takes all there is to take, and looks who came meanwhile. */
static int lock_bytes(struct lock *lock, const struct target *t, bool write, struct error *err)
{
	struct use use = { .path = t->path, .fd = -1, .reading = !write };
	struct mount *mounts = NULL;
	int fd = -1;
	int r = place_of_target(t, &use.place);

	if (r < 0)
		return error_set(err, r == -ERANGE ? WHY_SYSTEM : WHY_OPEN,
				 r == -ERANGE ? ESTALE : -r, t->path);
	r = mounts_read(&mounts, err);
	if (r < 0)
		return r;
	use.mounts = mounts;
	r = write ? lock_to_write(lock, t, &use, &fd, err) : lock_to_read(lock, t, &use, &fd, err);
	use.fd = fd;
	if (r == 0)
		r = check_identity(t, fd, err);
	if (r == 0 && write && use.place.file)
		lock->lease = lease_take(fd);
	use.unwritten = lock->lease == LEASE_ALONE;
	if (r == 0)
		r = claim(lock, &use, err);
	mounts_free(mounts);
	if (r == 0) {
		r = open_window(lock, t, fd, write, err);
		if (r == 0 && t->n_pvs)
			r = volumes_check(lock->base, t, err);
		return r == 0 && t->kind == TARGET_GAP ? check_gap(lock, t, fd, err) : r;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* The file under a mounted loop device, where it has a name. */
static void open_image(struct lock *lock, const struct place *place)
{
	struct loop loop;
	char *path = NULL;

	if (loop_read(place->dev, &loop) == 0 && loop.below.file)
		path = loop_path(&loop);
	if (path)
		lock->image = open(path, O_RDONLY | O_CLOEXEC);
	if (lock->image >= 0)
		lock->held[lock->n++] = lock->image;
	free(path);
	if (lock->image < 0)
		return;
	io_file_adopt(fcntl(lock->image, F_DUPFD_CLOEXEC, 0), "", false, &lock->holes, NULL);
	lock->start = loop.below.range.start + place->range.start;
}

void lock_push(struct lock *lock)
{
	if (lock->image >= 0)
		sync_file_range(lock->image, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int add_length(void *arg, struct extent e)
{
	*(uint64_t *)arg += e.len;
	return 0;
}

int lock_present(struct lock *lock, struct extent e, uint64_t *bytes)
{
	if (!lock->holes || !lock->holes->tells_holes)
		return -ENOTSUP;
	e.start += lock->start;
	return io_walk_data(lock->holes, e, add_length, bytes);
}

/* Still mounted where it was, writable and not hidden: what is written below that folder now would
   else land in another filesystem. */
static int lock_mounted(struct lock *lock, const struct target *t, struct error *err)
{
	const char *point = target_is_mounted(t) ? t->mountpoints[0] : NULL;
	const struct mount *m = NULL;
	struct mount *mounts = NULL;
	struct place place;
	enum why why = WHY_NOT_MOUNTED;
	int r = mounts_read(&mounts, err);

	if (r < 0)
		return r;
	if (point && place_of_target(t, &place) == 0)
		m = mounts_at(mounts, point);
	if (m && m->rank > 0 && mounts_find(m, &place) == m)
		why = m->read_only ? WHY_MOUNTED_RO : WHY_NONE;
	mounts_free(mounts);
	if (why != WHY_NONE)
		return error_set(err, why, 0, t->path);
	open_image(lock, &place);
	return lock_look(lock, t, err);
}

int lock_take(const struct target *t, enum lock_kind kind, struct lock **lock, struct error *err)
{
	struct lock *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	l->image = -1;
	if (kind == LOCK_EXCLUSIVE || kind == LOCK_SHARED)
		r = lock_bytes(l, t, kind == LOCK_EXCLUSIVE, err);
	else if (kind == LOCK_MOUNTED)
		r = lock_mounted(l, t, err);
	else
		r = lock_look(l, t, err);
	if (r == 0)
		*lock = l;
	else
		lock_release(l);
	return r;
}

static int check_claims(const struct lock *lock, struct error *err)
{
	struct mount *mounts = NULL;
	int r = mounts_read(&mounts, err);

	for (size_t i = 0; r == 0 && i < lock->n_claims; i++) {
		struct use use = lock->claims[i].use;

		use.mounts = mounts;
		use.unwritten = i == 0 && lock->lease == LEASE_ALONE;
		r = use_check(&use, err);
	}
	mounts_free(mounts);
	return r;
}

/* Lets in who waits for the image, to see who it is. Whoever only reads is welcome. */
static int let_in(struct lock *lock, int fd, enum lease who, struct error *err)
{
	const struct timespec wait = { 0, OPENER_WAIT_NS };
	int r;

	lease_drop(fd);
	lock->lease = LEASE_NONE;
	if (who == LEASE_READER)
		return 0;
	nanosleep(&wait, NULL);
	r = check_claims(lock, err);
	return r < 0 ? r : error_set(err, WHY_IMAGE_OPEN, 0, lock->claims[0].path);
}

int lock_check(struct lock *lock, struct error *err)
{
	const struct use *use = &lock->claims[0].use;
	enum lease now = lock->lease;
	int r;

	if (lock->n_claims == 0)
		return 0;
	if (now == LEASE_ALONE)
		now = lease_look(use->fd);
	if (now == LEASE_ALONE)
		return 0;
	if (now != LEASE_NONE) {
		r = let_in(lock, use->fd, now, err);
		if (r < 0)
			return r;
	}
	if (use->place.file && !use->reading)
		lock->lease = lease_take(use->fd);
	return check_claims(lock, err);
}

int lock_show(struct lock *lock, const struct target *t, struct view *view)
{
	const struct use *use;
	int r;

	if (lock->n_claims == 0 || t->n_segments > 0)
		return -EOPNOTSUPP;
	use = &lock->claims[lock->n_claims - 1].use;
	r = view_open(view, use->fd, (struct extent){ t->base, t->size });
	for (size_t i = 0; r == 0 && i < lock->n_claims; i++) {
		if (lock->claims[i].use.own == 0)
			lock->claims[i].use.own = view->dev;
	}
	return r;
}

void lock_hide(struct lock *lock, struct view *view)
{
	for (size_t i = 0; i < lock->n_claims; i++) {
		if (lock->claims[i].use.own == view->dev)
			lock->claims[i].use.own = 0;
	}
	view_close(view);
}

void lock_release(struct lock *lock)
{
	if (!lock)
		return;
	while (lock->n_claims > 0)
		free(lock->claims[--lock->n_claims].path);
	io_close(lock->window);
	io_close(lock->base);
	io_close(lock->holes);
	while (lock->n > 0)
		close(lock->held[--lock->n]);
	free(lock);
}

struct io *lock_window(struct lock *lock)
{
	return lock->window;
}

int disk_allocated(const struct target *t, uint64_t *bytes)
{
	struct place place;
	struct loop loop;
	struct stat st;
	char *path;
	int r = -ENOTSUP;

	if (place_of_target(t, &place) < 0)
		return -ENOTSUP;
	if (place.file)
		path = strdup(t->path);
	else
		path = loop_read(place.dev, &loop) == 0 ? loop_path(&loop) : NULL;
	if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		*bytes = (uint64_t)st.st_blocks * 512;
		r = 0;
	}
	free(path);
	return r;
}
