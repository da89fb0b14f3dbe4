/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * From a device or file down to the disks: a partition is on its disk, a loop device on its file, a
 * file on the device of its filesystem, what has slaves in sysfs (dm, md, bcache) on all of them.
 * What cannot be followed counts as one disk together with all else that cannot.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk/media.h"
#include "disk/mounts.h"
#include "disk/place.h"
#include "disk/sysfs.h"

#define DEPTH_MAX 8

/* A way down; each step has its own directory. */
struct descent {
	struct media *media;
	const char *dir;
	unsigned depth;
	bool any;          /* it has slaves */
};

static void descend(const struct descent *above, const char *dir);

static void add(struct media *media, uint64_t disk)
{
	for (size_t i = 0; i < media->n; i++) {
		if (media->disks[i] == disk)
			return;
	}
	if (media->n == MEDIA_MAX - 1)
		disk = MEDIUM_UNKNOWN;
	if (media->n < MEDIA_MAX)
		media->disks[media->n++] = disk;
}

/* The filesystem of that number, which holds path. */
static void add_filesystem(const struct descent *above, dev_t dev, const char *path)
{
	char dir[SYSFS_PATH_MAX];

	if (major(dev) == 0)
		dev = mounts_below(path);
	if (major(dev) == 0)
		add(above->media, dev);
	else
		descend(above, sysfs_dir(dev, dir, sizeof(dir)));
}

/* Whether dir is a loop device, which is dealt with. */
static bool add_loop(const struct descent *above, const char *dir)
{
	char path[4096], below[SYSFS_PATH_MAX];
	struct loop loop;
	dev_t server;

	if (!sysfs_line(dir, "loop/backing_file", path, sizeof(path)))
		return false;
	if (mounts_is_served(path, &server) || loop_read(sysfs_dev(dir), &loop) < 0)
		add(above->media, MEDIUM_UNKNOWN);
	else if (loop.below.file)
		add_filesystem(above, loop.below.dev, path);
	else
		descend(above, sysfs_dir(loop.below.dev, below, sizeof(below)));
	return true;
}

static int add_slave(void *arg, const char *name)
{
	struct descent *above = arg;
	char dir[SYSFS_PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/slaves/%s", above->dir, name);
	above->any = true;
	descend(above, dir);
	return 0;
}

static void descend(const struct descent *above, const char *dir)
{
	char path[SYSFS_PATH_MAX];
	struct descent here = { .media = above->media, .dir = dir, .depth = above->depth + 1 };

	if (here.depth > DEPTH_MAX || strlen(dir) > sizeof(path) - SYSFS_NAME_MAX) {
		add(here.media, MEDIUM_UNKNOWN);
		return;
	}
	if (sysfs_number(dir, "partition", 0) != 0) {
		snprintf(path, sizeof(path), "%s/..", dir);
		descend(&here, path);
		return;
	}
	if (add_loop(&here, dir))
		return;
	snprintf(path, sizeof(path), "%s/slaves", dir);
	sysfs_list(path, add_slave, &here);
	if (!here.any)
		add(here.media, sysfs_dev(dir));
}

void media_add(struct media *media, const char *dir)
{
	const struct descent top = { .media = media };

	descend(&top, dir);
}

void media_of_target(struct target *t)
{
	struct media media = { .n = 0 };
	const struct descent top = { .media = &media };
	char dir[SYSFS_PATH_MAX];
	dev_t server;

	if (t->kind == TARGET_IMAGE && mounts_is_served(t->path, &server))
		add(&media, MEDIUM_UNKNOWN);
	else if (t->kind == TARGET_IMAGE)
		add_filesystem(&top, (dev_t)t->dev, t->path);
	else
		descend(&top, sysfs_dir((dev_t)t->dev, dir, sizeof(dir)));
	t->disks = malloc(media.n * sizeof(*t->disks));
	t->n_disks = t->disks ? media.n : 0;
	if (t->disks)
		memcpy(t->disks, media.disks, media.n * sizeof(*t->disks));
}
