/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Which targets wait for each other: those that share a disk, at first or second hand (a volume on
 * two disks binds what is on either). All targets of one row do, and so do all of which the disks
 * are not known. Others run at the same time.
 */

#include <string.h>

#include "achica/target.h"

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

static void merge(size_t *groups, size_t n, size_t from, size_t into)
{
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == from)
			groups[i] = into;
	}
}

/* The first target of its group is what it is called by. */
static void join(const struct target *const *targets, size_t at, size_t *groups)
{
	groups[at] = at;
	for (size_t i = 0; i < at; i++) {
		size_t low = groups[i] < groups[at] ? groups[i] : groups[at];
		size_t high = groups[i] < groups[at] ? groups[at] : groups[i];

		if (low != high && is_shared(target_top(targets[i]), target_top(targets[at])))
			merge(groups, at + 1, high, low);
	}
}

size_t target_groups(const struct target *const *targets, size_t n, size_t *groups)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		join(targets, i, groups);
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == i)
			merge(groups, n, i, found++);
	}
	return found;
}
