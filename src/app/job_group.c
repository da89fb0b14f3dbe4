/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which targets wait for each other: those that share a disk, at first or second hand (a volume on
 * two disks binds what is on either). All targets of one row do, and so do all of which the disks
 * are not known. Others run at the same time.
 */

#include <string.h>

#include "app/job_impl.h"

/* What stands for the disks of a row that was not read. */
static const uint64_t unknown;

static size_t disks_of(const struct target *top, const uint64_t **disks)
{
	*disks = top->n_disks ? top->disks : &unknown;
	return top->n_disks ? top->n_disks : 1;
}

static bool is_shared(const struct target *a, const struct target *b)
{
	const uint64_t *of_a, *of_b;
	size_t n_a = disks_of(a, &of_a);
	size_t n_b = disks_of(b, &of_b);

	if (strcmp(a->name, b->name) == 0)
		return true;
	for (size_t i = 0; i < n_a; i++) {
		for (size_t k = 0; k < n_b; k++) {
			if (of_a[i] == of_b[k])
				return true;
		}
	}
	return false;
}

static void merge(struct job *job, size_t n, size_t from, size_t into)
{
	for (size_t i = 0; i < n; i++) {
		if (job->items[i].group == from)
			job->items[i].group = into;
	}
}

/* The first item of its group is what it is called by. */
static void join(struct job *job, size_t at)
{
	struct job_item *item = &job->items[at];

	item->group = at;
	for (size_t i = 0; i < at; i++) {
		const struct job_item *other = &job->items[i];
		size_t low = other->group < item->group ? other->group : item->group;
		size_t high = other->group < item->group ? item->group : other->group;

		if (low != high && is_shared(target_top(other->target), target_top(item->target)))
			merge(job, at + 1, high, low);
	}
}

size_t groups_make(struct job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < job->n; i++)
		join(job, i);
	for (size_t i = 0; i < job->n; i++) {
		if (job->items[i].group == i)
			merge(job, job->n, i, n++);
	}
	return n;
}
