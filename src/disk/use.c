/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * "Nobody else uses it" (design, The gate, 1): each way in which somebody may, with the reason that
 * helps most first. All of them only look, except use_qemu_take.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "disk/holders.h"
#include "disk/sysfs.h"
#include "disk/use.h"

/*
 * Permissions of QEMU as bits (qemu/include/block/block-common.h, BLK_PERM_*), each a byte that is
 * held (100 + bit) or not shared with others (200 + bit).
 */
enum {
	BYTE_LIBVIRT = 0,
	BYTE_READ = 100,
	BYTE_WRITE = 101,
	BYTE_RESIZE = 103,
	BYTE_UNSHARE_READ = 200,
	BYTE_UNSHARE_WRITE = 201,
	BYTE_UNSHARE_RESIZE = 203,
};

static struct flock byte_lock(short type, off_t byte)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

static int refuse_opener(enum why why, const char *what, const struct opener *opener,
			 struct error *err)
{
	int r = error_set(err, why, 0, what);

	error_set_who(err, opener->pid, opener->name);
	return r;
}

/* Who holds the lock of that byte: a virtual machine, or another of us (see use_qemu_take). */
static int refuse_locker(off_t byte, const struct place *place, const char *path,
			 struct error *err)
{
	struct opener opener = { 0 };
	bool ours;

	holders_find(place, OPENED_LOCKED, (uint64_t)byte, &opener);
	ours = strcmp(opener.name, "achica") == 0;
	return refuse_opener(ours ? WHY_BUSY : WHY_LOCKED_QEMU, path, &opener, err);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int use_qemu_test(int fd, bool reading, const struct place *place, const char *path,
		  struct error *err)
{
	static const off_t bytes[] = {
		BYTE_WRITE, BYTE_RESIZE, BYTE_UNSHARE_READ, BYTE_LIBVIRT,
		/* Of no concern to a reader: */
		BYTE_UNSHARE_WRITE, BYTE_UNSHARE_RESIZE,
	};

	for (size_t i = 0; i < COUNT(bytes) - (reading ? 2 : 0); i++) {
		struct flock lock = byte_lock(F_WRLCK, bytes[i]);

		if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
			return error_set(err, WHY_SYSTEM, errno, path);
		if (lock.l_type == F_UNLCK)
			continue;
		return refuse_locker(bytes[i], place, path, err);
	}
	return 0;
}

int use_qemu_take(int fd, bool reading, const struct place *place, const char *path,
		  struct error *err)
{
	static const off_t bytes[] = {
		BYTE_READ, BYTE_UNSHARE_WRITE, BYTE_UNSHARE_RESIZE, BYTE_WRITE,
	};

	for (size_t i = 0; i < COUNT(bytes) - (reading ? 1 : 0); i++) {
		struct flock lock = byte_lock(F_RDLCK, bytes[i]);

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
			continue;
		if (errno != EAGAIN && errno != EACCES)
			return error_set(err, WHY_SYSTEM, errno, path);
		return refuse_locker(bytes[i], place, path, err);
	}
	return 0;
}

static int check_swap(const struct use *use, struct error *err)
{
	const struct mount *m = use->mounts;

	while ((m = mounts_find(m, &use->place))) {
		if (m->swap)
			return error_set(err, WHY_SWAP_ACTIVE, 0, m->source);
		m = m->next;
	}
	return 0;
}

static int check_mounts(const struct use *use, struct error *err)
{
	const struct mount *m = mounts_find(use->mounts, &use->place);

	while (m && use->reading && m->quiet)
		m = mounts_find(m->next, &use->place);
	return m ? error_set(err, WHY_MOUNTED, 0, m->point) : 0;
}

static int check_holder(const struct use *use, struct error *err)
{
	char name[256];

	return holders_device(&use->place, name, sizeof(name))
		       ? error_set(err, WHY_HOLDER, 0, name) : 0;
}

struct loop_search {
	const struct use *use;
	struct error *err;
};

static int check_loop(void *arg, const struct loop *loop)
{
	struct loop_search *search = arg;
	char dir[SYSFS_PATH_MAX];

	if (loop->dev == search->use->own || !place_meets(&loop->below, &search->use->place))
		return 0;
	if (search->use->reading &&
	    sysfs_number(sysfs_dir(loop->dev, dir, sizeof(dir)), "ro", 0) == 1)
		return 0;
	return error_set(search->err, WHY_LOOP, 0, loop->node);
}

static int check_loops(const struct use *use, struct error *err)
{
	struct loop_search search = { use, err };

	return loop_each(&use->place, check_loop, &search);
}

static int check_writer(const struct use *use, struct error *err)
{
	struct opener opener;

	if (use->unwritten || !holders_find(&use->place, OPENED_WRITING, 0, &opener))
		return 0;
	return refuse_opener(use->place.file ? WHY_IMAGE_OPEN : WHY_BUSY, use->path, &opener, err);
}

/* A loop device over a file says more than the mount on it: it is what must go. */
int use_check(const struct use *use, struct error *err)
{
	int r = check_loops(use, err);

	if (r == 0)
		r = check_swap(use, err);
	if (r == 0)
		r = check_mounts(use, err);
	if (r == 0)
		r = check_holder(use, err);
	if (r == 0 && use->fd >= 0)
		r = use_qemu_test(use->fd, use->reading, &use->place, use->path, err);
	return r < 0 ? r : check_writer(use, err);
}
