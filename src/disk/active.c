/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Logical volumes that the host has activated, out of sysfs: the UUID that LVM gives to
 * device-mapper (LVM2 2.03, lib/activate/dev_manager.c, build_dm_uuid), and the devices below,
 * which for a mirror or a cache are its parts, which are such devices again.
 */

#include <stdio.h>
#include <string.h>

#include "disk/active.h"
#include "disk/sysfs.h"

#define START "LVM-"
#define ID_LEN 32
#define DEPTH_MAX 8

bool active_uuid(const char *dir, char uuid[ACTIVE_UUID_MAX])
{
	return sysfs_text(dir, "dm/uuid", uuid, ACTIVE_UUID_MAX) &&
	       strncmp(uuid, START, strlen(START)) == 0;
}

/* Whether text begins with id less its hyphens. */
static bool begins_with(const char *text, const char *id)
{
	size_t n = 0;

	for (; *id; id++) {
		if (*id != '-' && text[n++] != *id)
			return false;
	}
	return n == ID_LEN;
}

bool active_is_volume(const char *uuid)
{
	return strlen(uuid) == strlen(START) + 2 * ID_LEN;
}

bool active_is(const char *uuid, const char *group, const char *id)
{
	const char *ids = uuid + strlen(START);

	return active_is_volume(uuid) && begins_with(ids, group) && begins_with(ids + ID_LEN, id);
}

struct walk {
	const char *dir;
	unsigned depth;
	int (*fn)(void *arg, const struct place *leaf);
	void *arg;
};

static int walk_slaves(const struct walk *walk);

static int walk_slave(void *arg, const char *name)
{
	const struct walk *above = arg;
	char dir[SYSFS_PATH_MAX];
	char uuid[ACTIVE_UUID_MAX];
	struct walk walk = *above;
	struct place place;

	snprintf(dir, sizeof(dir), "%s/slaves/%s", above->dir, name);
	if (active_uuid(dir, uuid) && above->depth < DEPTH_MAX) {
		walk.dir = dir;
		walk.depth++;
		return walk_slaves(&walk);
	}
	if (place_of_device(sysfs_dev(dir), &place) < 0)
		return 0;
	return above->fn(above->arg, &place);
}

static int walk_slaves(const struct walk *walk)
{
	char path[SYSFS_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/slaves", walk->dir);
	return sysfs_list(path, walk_slave, (void *)walk);
}

/* Calls fn with each device that the volume at dir is built on, through its parts; a non-zero
   result ends it and is returned. */
static int each_leaf(const char *dir, int (*fn)(void *arg, const struct place *leaf), void *arg)
{
	const struct walk walk = { dir, 0, fn, arg };
	char uuid[ACTIVE_UUID_MAX];

	return active_uuid(dir, uuid) ? walk_slaves(&walk) : 0;
}

struct count {
	const struct place *place;
	unsigned inside;
	unsigned all;
};

static int count_leaf(void *arg, const struct place *leaf)
{
	struct count *count = arg;

	count->all++;
	count->inside += place_meets(leaf, count->place);
	return 0;
}

bool active_is_inside(const char *dir, const struct place *place)
{
	struct count count = { .place = place };

	each_leaf(dir, count_leaf, &count);
	return count.all > 0 && count.inside == count.all;
}

bool active_meets(const char *dir, const struct place *place)
{
	struct count count = { .place = place };

	each_leaf(dir, count_leaf, &count);
	return count.inside > 0;
}
