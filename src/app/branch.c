/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Copies of a branch of the tree. */

#include <stddef.h>

#include "app/branch.h"

/* from and all below it under parent; *found becomes the copy of want. */
static struct target *copy_down(const struct target *from, struct target *parent,
				const struct target *want, struct target **found)
{
	struct target *copy = target_copy(from);

	if (!copy)
		return NULL;
	if (parent)
		target_append(NULL, parent, copy);
	if (from == want)
		*found = copy;
	for (const struct target *child = from->children; child; child = child->next) {
		if (!copy_down(child, copy, want, found)) {
			if (!parent)
				target_free(copy);
			return NULL;
		}
	}
	return copy;
}

struct target *branch_copy(const struct target *t, struct target **tree)
{
	struct target *found = NULL;
	struct target *top = copy_down(target_top(t), NULL, t, &found);

	if (top)
		*tree = top;
	return top ? found : NULL;
}
