/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The rows of logical volumes that are read out of their physical volumes. One that the host has
 * activated belongs to the kernel, which may have it mounted by now: it has a row as a device and
 * none here. Before such a volume is written its group is read once more under the locks.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk/active.h"
#include "disk/lvm.h"
#include "disk/place.h"
#include "disk/sysfs.h"
#include "disk/volumes.h"

#define MEMBER "LVM2_member"

struct adder {
	struct target *top;
	struct target **rows; /* of the physical volumes, as those of lvm; NULL: it has none */
	struct extent *windows;
	size_t n;
	struct lvm lvm;
};

/* Physical volumes. Where the table or the signatures are disputed, nothing in it is believed. */
static bool is_pv(const struct target *t)
{
	return t->kind != TARGET_GAP && t->fstype && strcmp(t->fstype, MEMBER) == 0 &&
	       t->verdict.why != WHY_AMBIGUOUS && t->verdict.why != WHY_CORRUPT &&
	       t->verdict.why != WHY_READ;
}

static void add_row(struct adder *a, struct target *row)
{
	if (!is_pv(row))
		return;
	a->rows[a->n] = row;
	a->windows[a->n++] = (struct extent){ row->start, row->size };
}

static bool has_row(const struct target *top, struct extent range)
{
	const struct target *t = top->children;

	while (t && (t->start != range.start || t->size != range.len))
		t = t->next;
	return t != NULL;
}

/* The rows that are physical volumes and, when there are any, partitions without a row that have
   the label of one. */
static int find_rows(struct adder *a, const struct table *table, struct io *disk)
{
	struct lvm_label label;
	size_t n = 1 + table->n;

	for (struct target *t = a->top->children; t; t = t->next)
		n++;
	a->rows = calloc(n, sizeof(struct target *));
	a->windows = calloc(n, sizeof(*a->windows));
	if (!a->rows || !a->windows)
		return -ENOMEM;
	if (!a->top->children)
		add_row(a, a->top);
	for (struct target *t = a->top->children; t; t = t->next)
		add_row(a, t);
	for (size_t i = 0; a->n > 0 && i < table->n; i++) {
		struct extent range = table->parts[i].range;

		if (!has_row(a->top, range) && lvm_label_read(disk, range, &label, NULL) == 0)
			a->windows[a->n++] = range;
	}
	return 0;
}

/* Active volumes. */

struct active_search {
	const struct lvm_volume *volume;
	struct place place; /* of the disk */
};

static int is_this(void *arg, const char *name)
{
	struct active_search *search = arg;
	char dir[SYSFS_PATH_MAX];
	char uuid[ACTIVE_UUID_MAX];

	snprintf(dir, sizeof(dir), "%s/%s", SYSFS_BLOCK, name);
	return strncmp(name, "dm-", 3) == 0 && active_uuid(dir, uuid) &&
	       active_is(uuid, search->volume->group->id, search->volume->id) &&
	       active_meets(dir, &search->place);
}

/* The same UUID on another disk is a clone that is not active. */
static bool is_active(const struct target *top, const struct lvm_volume *v)
{
	struct active_search search = { .volume = v };

	if (top->kind != TARGET_DISK || v->gap || place_of_target(top, &search.place) < 0)
		return false;
	return sysfs_list(SYSFS_BLOCK, is_this, &search) == 1;
}

/* Rows. */

/* From bytes of the disk to bytes of what is opened for t. */
static struct extent in_path(const struct target *t, struct extent e)
{
	return (struct extent){ e.start - t->start + t->base, e.len };
}

/* What is opened: the partition, when the group has no other, else the disk. */
static const struct target *opened_for(const struct adder *a, const struct lvm_volume *v)
{
	return v->group->n_pvs == 1 ? a->rows[v->first] : a->top;
}

/* Where the volume lies. */
static bool set_window(struct target *t, const struct target *opened, const struct lvm_volume *v)
{
	size_t n = v->n_segments;

	t->size = v->size;
	t->pvs = calloc(v->group->n_pvs + 1, sizeof(*t->pvs));
	t->segments = calloc(n + 1, sizeof(*t->segments));
	if (!t->pvs || !t->segments)
		return false;
	for (; t->n_pvs < v->group->n_pvs; t->n_pvs++)
		t->pvs[t->n_pvs] = in_path(opened, v->group->pvs[t->n_pvs]);
	t->base = opened->base;
	t->start = opened->start;
	for (size_t i = 0; i < n; i++) {
		t->segments[i] = v->segments[i];
		t->segments[i].in = in_path(opened, v->segments[i].in);
		if (i == 0 || t->segments[i].in.start < t->base) {
			t->base = t->segments[i].in.start;
			t->start = v->segments[i].in.start;
		}
	}
	t->n_segments = n > 1 ? n : 0;
	return true;
}

static bool set_names(struct target *t, const struct adder *a, const struct target *opened,
		      const struct lvm_volume *v)
{
	if (asprintf(&t->name, "%s#%s", a->top->name, v->name) < 0)
		t->name = NULL;
	t->path = strdup(opened->path);
	if (v->gap)
		t->uuid = strdup(v->id);
	return t->name && t->path && (t->uuid || !v->gap);
}

static struct target *new_row(const struct adder *a, const struct lvm_volume *v)
{
	const struct target *opened = opened_for(a, v);
	struct target *t = target_new(v->gap ? TARGET_GAP : TARGET_LV);

	if (!t)
		return NULL;
	t->dev = opened->dev;
	t->ino = opened->ino;
	t->sector = opened->sector;
	t->read_only = opened->read_only;
	t->rotational = opened->rotational;
	t->removable = opened->removable;
	t->discard = opened->discard;
	t->verdict = v->verdict;
	if (t->verdict.why == WHY_NONE && v->read_only)
		error_set(&t->verdict, WHY_READ_ONLY, 0, v->name);
	if (set_window(t, opened, v) && set_names(t, a, opened, v))
		return t;
	target_free(t);
	return NULL;
}

static int add_rows(struct adder *a)
{
	for (size_t i = 0; i < a->lvm.n_volumes; i++) {
		const struct lvm_volume *v = &a->lvm.volumes[i];
		struct target *t;

		if (!a->rows[v->first] || is_active(a->top, v))
			continue;
		t = new_row(a, v);
		if (!t)
			return -ENOMEM;
		target_append(NULL, a->rows[v->first], t);
	}
	return 0;
}

/* The volumes of this one's group are below another of its physical volumes, or active. */
static void say_group(struct target *t, const struct lvm_group *g)
{
	char what[128];

	snprintf(what, sizeof(what), "LVM2 %.100s", g->name);
	error_set(&t->verdict, WHY_CONTAINER, 0, what);
}

/* A physical volume in which nothing could be found says why; one with volumes is a part of the
   tree, like a disk with partitions. */
static void judge_rows(struct adder *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct target *t = a->rows[i];
		const struct error *found = &a->lvm.pvs[i].verdict;

		if (!t || t->verdict.why != WHY_CONTAINER)
			continue;
		if (found->why == WHY_NONE && !t->children && !a->lvm.pvs[i].group)
			continue;
		error_clear(&t->verdict);
		if (found->why != WHY_NONE)
			t->verdict = *found;
		else if (!t->children)
			say_group(t, a->lvm.pvs[i].group);
	}
}

int volumes_add(struct target *top, const struct table *table, struct io *disk)
{
	struct adder a = { .top = top };
	int r = find_rows(&a, table, disk);

	if (r == 0 && a.n > 0) {
		r = lvm_read(disk, a.windows, a.n, &a.lvm);
		if (r == 0)
			r = add_rows(&a);
		if (r == 0)
			judge_rows(&a);
		lvm_free(&a.lvm);
	}
	free(a.rows);
	free(a.windows);
	return r;
}

/* Once more. */

static bool is_same(const struct target *t, const struct lvm_volume *v)
{
	const struct stretch alone = { { t->base, t->size }, 1, 0 };
	const struct stretch *s = t->n_segments ? t->segments : &alone;
	size_t n = t->n_segments ? t->n_segments : 1;

	if (v->verdict.why != WHY_NONE || v->read_only || v->gap != (t->kind == TARGET_GAP) ||
	    v->n_segments != n || v->group->n_pvs != t->n_pvs)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (v->segments[i].in.start != s[i].in.start ||
		    v->segments[i].in.len != s[i].in.len ||
		    v->segments[i].stripes != s[i].stripes || v->segments[i].chunk != s[i].chunk)
			return false;
	}
	return true;
}

int volumes_check(struct io *path, const struct target *t, struct error *err)
{
	const char *name = target_volume(t);
	struct lvm lvm;
	bool found = false;
	int r = lvm_read(path, t->pvs, t->n_pvs, &lvm);

	for (size_t i = 0; r == 0 && name && i < lvm.n_volumes; i++)
		found = found || (strcmp(lvm.volumes[i].name, name) == 0 &&
				  is_same(t, &lvm.volumes[i]));
	lvm_free(&lvm);
	if (r < 0)
		return error_set(err, WHY_MEMORY, -r, NULL);
	return found ? 0 : error_set(err, WHY_NOT_FOUND, ESTALE, t->name);
}
