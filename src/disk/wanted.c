/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The rows that the user named, out of all that a disk has: where all of it was named as well, they
   are marked and the others stay. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk/wanted.h"

struct target *wanted_take(struct target *top)
{
	struct target *wanted = top->children;

	for (struct target *t = wanted; t; t = t->next) {
		if (t->kind != TARGET_LV && !top->named)
			continue;
		top->children = NULL;
		return wanted;
	}
	return NULL;
}

/* The row of the list that means t: by its number, or where it has none by its name. */
static struct target *find_wanted(struct target *wanted, const struct target *t)
{
	for (struct target *w = wanted; w; w = w->next) {
		if (w->number ? w->kind == t->kind && w->number == t->number
			      : strcmp(w->name, t->name) == 0)
			return w;
	}
	return NULL;
}

/* t is called as the user called it. */
static void take_name(struct target *t, struct target *w)
{
	char *name = t->name;

	t->name = w->name;
	w->name = name;
	t->named = true;
	w->state = TARGET_READY;
}

/* Marks the wanted rows of the list at *at and, unless all of them stay, frees those which are not
   wanted, with nothing wanted below them. */
static void prune(struct target **at, struct target *wanted, bool all)
{
	while (*at) {
		struct target *t = *at;
		struct target *w = find_wanted(wanted, t);

		if (w)
			take_name(t, w);
		prune(&t->children, wanted, all || w);
		if (w || all || t->children) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		t->next = NULL;
		target_free(t);
	}
}

void wanted_apply(struct target *top, struct target *wanted)
{
	if (wanted)
		prune(&top->children, wanted, top->named);
	while (wanted) {
		struct target *w = wanted;

		wanted = w->next;
		w->next = NULL;
		if (w->state == TARGET_READY) {
			target_free(w);
			continue;
		}
		w->state = TARGET_READY;
		error_set(&w->verdict, WHY_NOT_FOUND, ENOENT, w->name);
		target_append(NULL, top, w);
	}
}
