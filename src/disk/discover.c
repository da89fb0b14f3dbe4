/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The tree before anything was read: all disks of sysfs, or what the user named. A partition is
 * named by a row below its disk that only has a number, and so is a gap; discover_probe (examine.c)
 * finds them in the partition table. Refuses names that are no disk, image, partition or mount
 * point, each with its reason, rather than to guess.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk/active.h"
#include "disk/disk.h"
#include "disk/disks.h"
#include "disk/mounts.h"
#include "disk/names.h"
#include "disk/place.h"
#include "disk/sysfs.h"
#include "disk/system.h"

struct builder {
	struct target *tree;
	struct mount *mounts;
	struct system system;
	struct place *excluded;
	size_t n_excluded;
	struct error *err;
};

static const struct inner whole_of_it = { TARGET_PART, 0, NULL };

static int no_memory(struct builder *b)
{
	return error_set(b->err, WHY_MEMORY, ENOMEM, NULL);
}

/* A device by its place, and an active logical volume by those below it. */
static bool is_excluded(const struct builder *b, const struct place *place)
{
	char dir[SYSFS_PATH_MAX];

	for (size_t i = 0; i < b->n_excluded; i++) {
		if (place_meets(&b->excluded[i], place) ||
		    (!place->file && active_meets(sysfs_dir(place->dev, dir, sizeof(dir)),
						  &b->excluded[i])))
			return true;
	}
	return false;
}

/* The row of a device or file that is in the tree already. */
static struct target *find_row(const struct builder *b, enum target_kind kind, uint64_t dev,
			       uint64_t ino)
{
	for (struct target *t = b->tree; t; t = t->next) {
		if (t->kind == kind && t->dev == dev && t->ino == ino)
			return t;
	}
	return NULL;
}

/* Puts what is named inside the disk below its row, under name (or PATH#N). */
static int add_inner(struct builder *b, struct target *row, struct inner inner, const char *name)
{
	struct target *part;

	for (struct target *t = row->children; t; t = t->next) {
		if (inner.number && t->kind == inner.kind && t->number == inner.number)
			return 0;
	}
	part = target_new(inner.kind);
	if (!part)
		return no_memory(b);
	part->number = inner.number;
	part->path = strdup(row->path);
	if (name)
		part->name = strdup(name);
	else if (names_join(&part->name, row->name, inner) < 0)
		part->name = NULL;
	if (!part->path || !part->name) {
		target_free(part);
		return no_memory(b);
	}
	if (inner.volume && target_find(row->children, part->name))
		target_free(part);
	else
		target_append(NULL, row, part);
	return 0;
}

/* A row that is new, or that is there: all of it is asked for, or something in it. */
static int add_row(struct builder *b, struct target *row, bool is_new, struct inner inner,
		   const char *part_name)
{
	if (is_new)
		target_append(&b->tree, NULL, row);
	if (names_is_inner(inner))
		return add_inner(b, row, inner, part_name);
	row->named = true;
	return 0;
}

static int add_disk(struct builder *b, dev_t dev, struct inner inner, const char *part_name,
		    const char *name)
{
	struct target *row = find_row(b, TARGET_DISK, dev, 0);
	bool is_new = !row;
	struct place place;

	if (place_of_device(dev, &place) < 0 || place.range.len == 0)
		return error_set(b->err, WHY_NOT_TARGET, ENXIO, name);
	if (is_excluded(b, &place))
		return 0;
	if (is_new) {
		row = disks_new(dev);
		if (!row)
			return no_memory(b);
		if (!row->path) {
			target_free(row);
			return error_set(b->err, WHY_NOT_TARGET, ENODEV, name);
		}
		row->system = system_has(&b->system, &place);
	}
	return add_row(b, row, is_new, inner, part_name);
}

/* The volumes that are active inside a disk which was named. */
struct inside {
	struct builder *b;
	struct place place;
};

static int add_inside(void *arg, const char *name)
{
	struct inside *inside = arg;
	char dir[SYSFS_PATH_MAX];
	char uuid[ACTIVE_UUID_MAX];

	snprintf(dir, sizeof(dir), "%s/%s", SYSFS_BLOCK, name);
	if (!active_uuid(dir, uuid) || !active_is_volume(uuid) ||
	    !active_is_inside(dir, &inside->place))
		return 0;
	return add_disk(inside->b, sysfs_dev(dir), whole_of_it, NULL, name);
}

/* All that is in a disk is meant, and active volumes are devices of their own. */
static int add_whole(struct builder *b, dev_t dev, struct inner inner, const char *name)
{
	struct inside inside = { .b = b };
	int r = add_disk(b, dev, inner, NULL, name);

	if (r < 0 || names_is_inner(inner) || place_of_device(dev, &inside.place) < 0)
		return r;
	return sysfs_list(SYSFS_BLOCK, add_inside, &inside);
}

/* A block device by its number: a partition is a row below its disk, under the name of its node. */
static int add_device(struct builder *b, dev_t dev, struct inner inner, const char *name)
{
	char dir[SYSFS_PATH_MAX];
	struct extent range;
	dev_t whole;
	char *node;
	int r;

	if (sysfs_whole(dev, &whole, &range) < 0)
		return error_set(b->err, WHY_NOT_TARGET, ENODEV, name);
	if (whole == dev)
		return add_whole(b, dev, inner, name);
	if (names_is_inner(inner))
		return error_set(b->err, WHY_NOT_TARGET, 0, name);
	node = sysfs_node(dev);
	if (!node)
		return no_memory(b);
	inner.number = (unsigned)sysfs_number(sysfs_dir(dev, dir, sizeof(dir)), "partition", 0);
	r = add_disk(b, whole, inner, node, name);
	free(node);
	return r;
}

static int add_image(struct builder *b, const char *path, const struct stat *st,
		     struct inner inner, const char *name)
{
	struct target *row = find_row(b, TARGET_IMAGE, st->st_dev, st->st_ino);
	bool is_new = !row;
	struct place place;
	int errnum;

	if (st->st_size == 0)
		return error_set(b->err, WHY_EMPTY, 0, name);
	if (place_of_path(path, &place) < 0)
		return error_set(b->err, WHY_NOT_TARGET, 0, name);
	if (is_excluded(b, &place))
		return 0;
	if (is_new) {
		row = target_new(TARGET_IMAGE);
		if (!row)
			return no_memory(b);
		row->path = realpath(path, NULL);
		row->name = row->path ? strdup(row->path) : NULL;
		if (!row->name) {
			errnum = errno;
			target_free(row);
			return error_set(b->err, WHY_OPEN, errnum, name);
		}
		row->dev = st->st_dev;
		row->ino = st->st_ino;
		row->size = (uint64_t)st->st_size;
		row->system = system_has(&b->system, &place);
	}
	return add_row(b, row, is_new, inner, NULL);
}

static int add_mount_point(struct builder *b, const char *path, const char *name)
{
	char *real = realpath(path, NULL);
	const struct mount *m = real ? mounts_at(b->mounts, real) : NULL;
	struct stat st;

	free(real);
	if (m && m->dev)
		return add_device(b, m->dev, whole_of_it, name);
	if (m && stat(m->source, &st) == 0 && S_ISREG(st.st_mode))
		return add_image(b, m->source, &st, whole_of_it, name);
	return error_set(b->err, WHY_NOT_TARGET, 0, name);
}

static int add_path(struct builder *b, const char *path, const struct stat *st,
		    struct inner inner, const char *name)
{
	if (S_ISBLK(st->st_mode))
		return add_device(b, st->st_rdev, inner, name);
	if (S_ISREG(st->st_mode))
		return add_image(b, path, st, inner, name);
	if (S_ISDIR(st->st_mode) && !names_is_inner(inner))
		return add_mount_point(b, path, name);
	return error_set(b->err, WHY_NOT_TARGET, 0, name);
}

/* One name as the user gave it. A file whose own name ends in "#1" wins over partition 1. */
static int add_name(struct builder *b, const char *name)
{
	struct inner inner;
	struct stat st;
	char *path;
	int errnum, r;

	if (names_is_number(name) || name[0] == '\0')
		return error_set(b->err, WHY_NOT_TARGET, EINVAL, name);
	if (stat(name, &st) == 0)
		return add_path(b, name, &st, whole_of_it, name);
	errnum = errno;
	if (names_split(name, &path, &inner) && stat(path, &st) == 0)
		r = add_path(b, path, &st, inner, name);
	else if (errnum == ENOENT || errnum == ENOTDIR)
		r = error_set(b->err, WHY_NOT_FOUND, ENOENT, name);
	else
		r = error_set(b->err, WHY_OPEN, errnum, name);
	free(path);
	return r;
}

static int add_listed(void *arg, const char *name)
{
	struct builder *b = arg;
	char uuid[ACTIVE_UUID_MAX];
	char dir[SYSFS_PATH_MAX];
	dev_t dev;
	int r;

	snprintf(dir, sizeof(dir), "%s/%s", SYSFS_BLOCK, name);
	dev = sysfs_dev(dir);
	if (dev == 0 || !disks_is_listed(dir, name))
		return 0;
	/* A part of a volume is nothing by itself. */
	if (active_uuid(dir, uuid) && !active_is_volume(uuid))
		return 0;
	r = add_disk(b, dev, whole_of_it, NULL, name);
	if (r == 0 || r == -ENOMEM)
		return r;
	/* Pulled out since: nobody asked for it. */
	error_clear(b->err);
	return 0;
}

/* The place of an excluded name. A link of /dev/disk that is not there is a disk that is not
   plugged in; any other name that is nothing is an error, or a slip would exclude nothing. */
static int add_exclude(struct builder *b, const char *name)
{
	struct place *place = &b->excluded[b->n_excluded];
	char *real = realpath(name, NULL);
	const struct mount *m = real ? mounts_at(b->mounts, real) : NULL;
	int r = 0;

	if (m)
		*place = m->place;
	else
		r = real ? place_of_path(real, place) : -errno;
	free(real);
	if (r == 0) {
		b->n_excluded++;
		return 0;
	}
	if (strncmp(name, "/dev/disk/", 10) == 0)
		return 0;
	return error_set(b->err, r == -ENOENT ? WHY_NOT_FOUND : WHY_NOT_TARGET, -r, name);
}

static int add_excludes(struct builder *b, char *const *excludes)
{
	size_t n = 0;
	int r = 0;

	while (excludes && excludes[n])
		n++;
	b->excluded = calloc(n + 1, sizeof(*b->excluded));
	if (!b->excluded)
		return no_memory(b);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_exclude(b, excludes[i]);
	return r;
}

/* Whether b comes before a: disks by name, then images as named, and the system's disk last. */
static bool is_before(const struct target *b, const struct target *a)
{
	if (a->system != b->system)
		return a->system;
	if (a->kind != b->kind)
		return a->kind == TARGET_IMAGE;
	return a->kind == TARGET_DISK && names_compare(b->name, a->name) < 0;
}

/* Insertion: there are few rows, and those that are equal must stay in their order. */
static struct target *sort(struct target *rows)
{
	struct target *sorted = NULL;

	while (rows) {
		struct target *t = rows;
		struct target **at = &sorted;

		rows = rows->next;
		while (*at && !is_before(t, *at))
			at = &(*at)->next;
		t->next = *at;
		*at = t;
	}
	return sorted;
}

int discover_tree(char *const *names, char *const *excludes, struct target **tree,
		  struct error *err)
{
	struct builder b = { .err = err };
	int r = mounts_read(&b.mounts, err);

	if (r < 0)
		return r;
	system_find(b.mounts, &b.system);
	r = add_excludes(&b, excludes);
	for (size_t i = 0; r == 0 && names && names[i]; i++)
		r = add_name(&b, names[i]);
	if (r == 0 && (!names || !names[0]))
		r = sysfs_list(SYSFS_BLOCK, add_listed, &b);
	mounts_free(b.mounts);
	free(b.excluded);
	if (r == 0)
		*tree = sort(b.tree);
	else
		target_free(b.tree);
	return r;
}
