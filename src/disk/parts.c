/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The rows of partitions. The partition table says which there are; the kernel says which have a
 * node of their own, through which they are then opened, and it may know some where the table
 * cannot be read. A table that was changed behind the kernel's back is nobody's truth.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk/names.h"
#include "disk/parts.h"
#include "disk/sysfs.h"

/* A partition, of the table or of the kernel or (as it should be) of both. */
struct slot {
	struct inner inner;
	struct extent range;
	dev_t node;     /* 0: the kernel has none */
	bool disputed;  /* table and kernel disagree */
};

struct slots {
	struct target *top;
	const struct table *table;
	const struct gaps *gaps;
	bool kernel;    /* what it has counts */
	struct slot *all;
	size_t n;
};

static int add_kernel_part(void *arg, const struct sysfs_part *part)
{
	struct slots *x = arg;
	struct slot *grown;

	if (part->number == x->table->extended)
		return 0;
	for (size_t i = 0; i < x->n; i++) {
		struct slot *s = &x->all[i];

		if (s->inner.kind != TARGET_PART || s->inner.number != part->number)
			continue;
		s->node = part->dev;
		s->disputed = s->range.start != part->range.start ||
			      s->range.len != part->range.len;
		return 0;
	}
	grown = realloc(x->all, (x->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	x->all = grown;
	x->all[x->n++] = (struct slot){
		.inner = { .kind = TARGET_PART, .number = part->number },
		.range = part->range,
		.node = part->dev,
		.disputed = x->table->type[0] != '\0',
	};
	return 0;
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a;
	const struct slot *y = b;

	return (x->range.start > y->range.start) - (x->range.start < y->range.start);
}

static int collect_slots(struct slots *x)
{
	char dir[SYSFS_PATH_MAX];
	int r = 0;

	x->all = calloc(x->table->n + x->gaps->n + 1, sizeof(*x->all));
	if (!x->all)
		return -ENOMEM;
	for (size_t i = 0; i < x->table->n; i++) {
		x->all[x->n++] = (struct slot){
			.inner = { .kind = TARGET_PART, .number = x->table->parts[i].number },
			.range = x->table->parts[i].range,
		};
	}
	for (size_t i = 0; i < x->gaps->n; i++) {
		x->all[x->n++] = (struct slot){
			.inner = { .kind = TARGET_GAP, .number = (unsigned)i + 1 },
			.range = x->gaps->all[i],
		};
	}
	if (x->kernel && x->top->kind == TARGET_DISK)
		r = sysfs_parts(sysfs_dir((dev_t)x->top->dev, dir, sizeof(dir)), add_kernel_part,
				x);
	qsort(x->all, x->n, sizeof(*x->all), compare_slots);
	return r;
}

/* The row of a partition or gap; through its own node where it has one. NULL without memory. */
static struct target *new_part(const struct slots *x, const struct slot *s, const char *name)
{
	struct target *t = target_new(s->inner.kind);

	if (!t)
		return NULL;
	t->number = s->inner.number;
	t->start = s->range.start;
	t->size = s->range.len;
	t->sector = x->top->sector;
	t->read_only = x->top->read_only;
	t->rotational = x->top->rotational;
	t->removable = x->top->removable;
	t->discard = x->top->discard;
	if (s->node) {
		t->path = sysfs_node(s->node);
		t->dev = s->node;
	} else {
		t->path = strdup(x->top->path);
		t->base = t->start;
		t->dev = x->top->dev;
		t->ino = x->top->ino;
	}
	if (name)
		t->name = strdup(name);
	else if (s->node)
		t->name = t->path ? strdup(t->path) : NULL;
	else if (names_join(&t->name, x->top->name, s->inner) < 0)
		t->name = NULL;
	if (t->path && t->name)
		return t;
	target_free(t);
	return NULL;
}

static const struct target *find_inner(const struct target *list, struct inner inner)
{
	while (list && (list->kind != inner.kind || list->number != inner.number))
		list = list->next;
	return list;
}

/* A partition or gap that was asked for and is not there stays in the tree, so that all see why. */
static void keep_missing(struct target *top, struct target *named)
{
	while (named) {
		struct target *next = named->next;

		named->next = NULL;
		if (find_inner(top->children, (struct inner){ named->kind, named->number, NULL })) {
			target_free(named);
		} else {
			named->state = TARGET_READY;
			error_set(&named->verdict, WHY_NOT_FOUND, ENOENT, named->name);
			target_append(NULL, top, named);
		}
		named = next;
	}
}

/* Whether table and kernel disagree about any partition. */
static bool is_disputed(const struct slots *x)
{
	for (size_t i = 0; i < x->n; i++) {
		if (x->all[i].disputed)
			return true;
	}
	return false;
}

static void judge_slot(const struct slots *x, const struct slot *s, struct target *t)
{
	const char *doubt = x->gaps->doubt;

	if (!doubt && is_disputed(x))
		doubt = "partitions of the kernel";
	if (s->disputed)
		error_set(&t->verdict, WHY_CORRUPT, 0, "partition table");
	else if (s->inner.kind == TARGET_GAP && doubt)
		error_set(&t->verdict, WHY_TABLE, 0, doubt);
}

/* Rows for the partitions and gaps; where some were named (rows with a number alone) only for
   those. */
static int make_parts(struct slots *x)
{
	struct target *named = x->top->children;
	int r = 0;

	x->top->children = NULL;
	for (size_t i = 0; r == 0 && i < x->n; i++) {
		const struct slot *s = &x->all[i];
		const struct target *wanted = find_inner(named, s->inner);
		struct target *t;

		if (named && !wanted)
			continue;
		t = new_part(x, s, wanted ? wanted->name : NULL);
		if (t)
			t->named = wanted != NULL;
		if (t)
			judge_slot(x, s, t);
		if (t)
			target_append(NULL, x->top, t);
		else
			r = -ENOMEM;
	}
	keep_missing(x->top, named);
	return r;
}

int parts_add(struct target *top, const struct table *table, const struct gaps *gaps, bool kernel)
{
	struct slots slots = { .top = top, .table = table, .gaps = gaps, .kernel = kernel };
	int r = collect_slots(&slots);

	if (r == 0)
		r = make_parts(&slots);
	free(slots.all);
	return r;
}
