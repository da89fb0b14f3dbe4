/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What the running system stands on: "/" and everything under it, down to whole disks. A live
 * medium is found through its overlay: the lower layer is a file system image on a loop device,
 * whose file is on the medium.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk/sysfs.h"
#include "disk/system.h"

static void add(struct system *system, const struct place *place)
{
	for (size_t i = 0; i < system->n; i++) {
		if (place_meets(&system->places[i], place))
			return;
	}
	if (system->n < SYSTEM_PLACES_MAX)
		system->places[system->n++] = *place;
}

static void add_device(struct system *system, dev_t dev)
{
	struct place place;

	if (major(dev) != 0 && place_of_device(dev, &place) == 0)
		add(system, &place);
}

/* The directories of an overlay's options, "lowerdir=/a:/b,upperdir=/c". */
static void add_layers(struct system *system, char *options)
{
	char *save = NULL;

	for (char *o = strtok_r(options, ",:", &save); o; o = strtok_r(NULL, ",:", &save)) {
		const char *dir = strchr(o, '/');
		struct stat st;

		if (dir && stat(dir, &st) == 0)
			add_device(system, st.st_dev);
	}
}

static int add_slave(void *arg, const char *name)
{
	char dir[SYSFS_PATH_MAX];

	/* The name may be a partition's, so it is looked up among all block devices. */
	snprintf(dir, sizeof(dir), "/sys/class/block/%s", name);
	add_device(arg, sysfs_dev(dir));
	return 0;
}

/* What is under the i-th place: appends to the list. */
static void add_below(struct system *system, size_t i)
{
	struct place place = system->places[i];
	char dir[SYSFS_PATH_MAX];
	char path[SYSFS_PATH_MAX + 16];
	struct loop loop;

	if (place.file) {
		add_device(system, place.dev);
		return;
	}
	if (loop_read(place.dev, &loop) == 0)
		add(system, &loop.below);
	snprintf(path, sizeof(path), "%s/slaves", sysfs_dir(place.dev, dir, sizeof(dir)));
	sysfs_list(path, add_slave, system);
}

void system_find(const struct mount *mounts, struct system *system)
{
	const struct mount *root = mounts_at(mounts, "/");
	char *options = root ? NULL : mounts_overlay("/");

	system->n = 0;
	if (root)
		add(system, &root->place);
	if (options)
		add_layers(system, options);
	free(options);
	for (size_t i = 0; i < system->n; i++)
		add_below(system, i);
}

bool system_has(const struct system *system, const struct place *place)
{
	for (size_t i = 0; i < system->n; i++) {
		if (place_meets(&system->places[i], place))
			return true;
	}
	return false;
}
