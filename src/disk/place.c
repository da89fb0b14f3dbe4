/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Places: which bytes a device or a file name stands for. Loop devices are asked themselves what
 * is under them (LOOP_GET_STATUS64, linux/loop.h), because the path which sysfs shows may be
 * deleted, replaced or of another mount namespace; only where the device cannot be opened that
 * path is believed.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk/mounts.h"
#include "disk/place.h"
#include "disk/sysfs.h"

/* Loop devices on files on loop devices: more than this is a loop of loops. */
#define DEPTH_MAX 8

bool place_meets(const struct place *a, const struct place *b)
{
	return a->file == b->file && a->dev == b->dev && a->ino == b->ino &&
	       extent_overlaps(a->range, b->range);
}

int place_of_device(dev_t dev, struct place *place)
{
	struct place p = { .file = false };
	int r = sysfs_whole(dev, &p.dev, &p.range);

	if (r == 0)
		*place = p;
	return r;
}

static int place_of_stat(const struct stat *st, struct place *place)
{
	if (S_ISBLK(st->st_mode))
		return place_of_device(st->st_rdev, place);
	if (!S_ISREG(st->st_mode))
		return -ENOTBLK;
	*place = (struct place){
		.file = true,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.range = { 0, (uint64_t)st->st_size },
	};
	return 0;
}

int place_of_path(const char *path, struct place *place)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return place_of_stat(&st, place);
}

/* Of several segments: from the first to the last in path, with all that is between them. */
static struct extent range_of(const struct target *t)
{
	struct extent range = { t->base, t->n_segments ? 0 : t->size };

	for (size_t i = 0; i < t->n_segments; i++) {
		uint64_t end = extent_end(t->segments[i].in);

		if (end - range.start > range.len)
			range.len = end - range.start;
	}
	return range;
}

int place_of_target(const struct target *t, struct place *place)
{
	struct extent range;
	struct place p;
	int r = place_of_path(t->path, &p);

	if (r < 0)
		return r;
	range = range_of(t);
	if (range.start > p.range.len || range.len > p.range.len - range.start)
		return -ERANGE;
	p.range = (struct extent){ p.range.start + range.start, range.len };
	*place = p;
	return 0;
}

void place_forget(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* What the loop device itself says is under it. */
static int ask_loop(const char *node, struct place *below, uint64_t *offset)
{
	struct loop_info64 info;
	int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, LOOP_GET_STATUS64, &info) < 0 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	*offset = info.lo_offset;
	if (info.lo_rdevice)
		return place_of_device((dev_t)info.lo_rdevice, below);
	*below = (struct place){
		.file = true,
		.dev = (dev_t)info.lo_device,
		.ino = (ino_t)info.lo_inode,
		.range = { 0, INT64_MAX },
	};
	return 0;
}

/* What sysfs says is under it. */
static int look_up_loop(const char *dir, struct place *below, uint64_t *offset)
{
	char path[4096];

	if (!sysfs_line(dir, "loop/backing_file", path, sizeof(path)))
		return -ENXIO;
	*offset = sysfs_number(dir, "loop/offset", 0);
	return place_of_path(path, below);
}

int loop_read(dev_t dev, struct loop *loop)
{
	char dir[SYSFS_PATH_MAX];
	char text[8];
	char name[SYSFS_NAME_MAX];
	uint64_t offset = 0;
	struct loop l = { .dev = dev };
	int r;

	if (major(dev) != LOOP_MAJOR || !sysfs_name(dev, name, sizeof(name)))
		return -ENXIO;
	sysfs_dir(dev, dir, sizeof(dir));
	if (!sysfs_text(dir, "loop/offset", text, sizeof(text)))
		return -ENXIO;
	snprintf(l.node, sizeof(l.node), "/dev/%s", name);
	r = ask_loop(l.node, &l.below, &offset);
	if (r < 0)
		r = look_up_loop(dir, &l.below, &offset);
	if (r < 0 || offset > l.below.range.len)
		return -ENXIO;
	l.below.range.start += offset;
	l.below.range.len = sysfs_number(dir, "size", 0) * 512;
	*loop = l;
	return 0;
}

char *loop_path(const struct loop *loop)
{
	char dir[SYSFS_PATH_MAX];
	char path[4096];
	struct place named;

	if (!sysfs_line(sysfs_dir(loop->dev, dir, sizeof(dir)), "loop/backing_file", path,
			sizeof(path)) ||
	    place_of_path(path, &named) < 0 || !place_meets(&named, &loop->below))
		return NULL;
	return strdup(path);
}

/* Whether the loop device at dir is over a file of a server on which wanted is not, so that it need
   not be asked, which would wait for the server. */
static bool is_elsewhere(const char *dir, const struct place *wanted)
{
	char path[4096];
	dev_t server;

	return sysfs_line(dir, "loop/backing_file", path, sizeof(path)) &&
	       strncmp(path, "/dev/", 5) != 0 && mounts_is_served(path, &server) &&
	       !(wanted->file && wanted->dev == server);
}

struct each {
	const struct place *wanted;
	int (*fn)(void *arg, const struct loop *loop);
	void *arg;
};

static int each_entry(void *arg, const char *name)
{
	struct each *each = arg;
	char dir[SYSFS_PATH_MAX];
	struct loop loop;

	if (strncmp(name, "loop", 4) != 0)
		return 0;
	snprintf(dir, sizeof(dir), "%s/%s", SYSFS_BLOCK, name);
	if (is_elsewhere(dir, each->wanted) || loop_read(sysfs_dev(dir), &loop) < 0)
		return 0;
	return each->fn(each->arg, &loop);
}

int loop_each(const struct place *wanted, int (*fn)(void *arg, const struct loop *loop), void *arg)
{
	struct each each = { wanted, fn, arg };

	return sysfs_list(SYSFS_BLOCK, each_entry, &each);
}

/* The bytes under place when it is on a loop device that may be over wanted; 1 when it is not. */
static int place_below(const struct place *place, const struct place *wanted, struct place *below)
{
	char dir[SYSFS_PATH_MAX];
	struct loop loop;

	if (place->file || is_elsewhere(sysfs_dir(place->dev, dir, sizeof(dir)), wanted) ||
	    loop_read(place->dev, &loop) < 0)
		return 1;
	loop.below.range.start += place->range.start;
	loop.below.range.len = place->range.len;
	*below = loop.below;
	return 0;
}

bool place_reaches(const struct place *place, const struct place *wanted)
{
	struct place p = *place;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (place_meets(&p, wanted))
			return true;
		if (place_below(&p, wanted, &p) != 0)
			return false;
	}
	return false;
}
