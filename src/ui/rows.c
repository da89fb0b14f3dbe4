/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The tree of targets as rows: folded, sorted, marked, one focused. The survey changes its tree at
 * any time; what the user chose is kept by name, and rows are made anew after every change.
 */

#include <stdlib.h>
#include <string.h>

#include "ui/ui.h"

#define MAX_DEPTH 31 /* bits in row.rails */

static uint64_t stale_below(const struct target *t)
{
	uint64_t sum = t->estimate.known ? t->estimate.stale : 0;

	for (const struct target *c = t->children; c; c = c->next)
		sum += stale_below(c);
	return sum;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = (*(struct target *const *)a)->size;
	uint64_t y = (*(struct target *const *)b)->size;

	return (x < y) - (x > y);
}

static int by_stale(const void *a, const void *b)
{
	uint64_t x = stale_below(*(struct target *const *)a);
	uint64_t y = stale_below(*(struct target *const *)b);

	return (x < y) - (x > y);
}

/* The siblings from first on, in order; malloc'ed, *n of them. */
static struct target **sorted(struct target *first, enum order order, size_t *n)
{
	struct target **list;

	*n = 0;
	for (struct target *t = first; t; t = t->next)
		++*n;
	list = malloc((*n + 1) * sizeof(struct target *));
	if (!list)
		return NULL;
	*n = 0;
	for (struct target *t = first; t; t = t->next)
		list[(*n)++] = t;
	if (order != ORDER_NAME)
		qsort(list, *n, sizeof(struct target *), order == ORDER_SIZE ? by_size : by_stale);
	return list;
}

static void add_rows(struct select *s, struct target *first, unsigned depth, unsigned rails)
{
	size_t n;
	struct target **list = sorted(first, s->order, &n);

	for (size_t i = 0; list && i < n; i++) {
		struct target *t = list[i];
		bool last = i + 1 == n;
		bool folded = t->children && names_has(&s->folds, t->name);

		s->rows[s->n++] = (struct row){ .t = t, .depth = depth, .rails = rails,
						.last = last, .folded = folded };
		if (t->children && !folded && depth < MAX_DEPTH)
			add_rows(s, t->children, depth + 1, last ? rails : rails | 1u << depth);
	}
	free(list);
}

/* The row of that name or, when it is folded away, of what it is in. n when there is none. */
static size_t find_row(const struct select *s, struct target *tree, const char *name)
{
	const struct target *t = target_find(tree, name);

	for (; t; t = t->parent) {
		for (size_t i = 0; i < s->n; i++) {
			if (s->rows[i].t == t)
				return i;
		}
	}
	return s->n;
}

static bool is_probing(const struct target *t)
{
	if (t->state == TARGET_PROBING)
		return true;
	for (const struct target *c = t->children; c; c = c->next) {
		if (is_probing(c))
			return true;
	}
	return false;
}

/* The only one in t's branch that can be marked, NULL for none or several. */
static struct target *only_one(struct target *t, int *n)
{
	struct target *found = NULL;

	if (target_can(t) && !t->system) {
		++*n;
		found = t;
	}
	for (struct target *c = t->children; c; c = c->next) {
		struct target *below = only_one(c, n);

		found = below ? below : found;
	}
	return *n == 1 ? found : NULL;
}

/* Who names one target wants that one: it is marked as soon as it is known that it can be. */
static void preselect(struct ui *ui)
{
	struct select *s = &ui->select;
	char *const *names = ui->options->survey.names;
	struct target *tree = survey_tree(ui->survey);
	struct target *t, *one;
	int n = 0;

	if (s->touched || !tree || !names || !names[0] || names[1])
		return;
	t = target_find(tree, names[0]);
	if (!t && !tree->next)
		t = tree;
	if (!t || is_probing(t))
		return;
	s->touched = true;
	one = only_one(t, &n);
	if (!one || !names_add(&s->marks, one->name))
		return;
	rows_focus(s, find_row(s, tree, one->name));
}

void rows_update(struct ui *ui)
{
	struct select *s = &ui->select;
	struct target *tree = survey_tree(ui->survey);
	struct row *rows;
	size_t n = 0, focus;

	for (struct target *t = tree; t; t = target_next(t))
		n++;
	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		abort(); /* the old rows point into a tree that is gone */
	free(s->rows);
	s->rows = rows;
	s->n = 0;
	add_rows(s, tree, 0, 0);
	focus = s->focus_name ? find_row(s, tree, s->focus_name) : s->n;
	rows_focus(s, focus < s->n ? focus : s->focus);
	preselect(ui);
}

void rows_free(struct select *s)
{
	free(s->rows);
	free(s->focus_name);
	free(s->asked);
	names_clear(&s->marks);
	names_clear(&s->folds);
	*s = (struct select){ 0 };
}

void rows_focus(struct select *s, size_t i)
{
	s->focus = s->n == 0 ? 0 : i < s->n ? i : s->n - 1;
	free(s->focus_name);
	s->focus_name = s->n ? strdup(s->rows[s->focus].t->name) : NULL;
}

struct target *rows_focused(const struct select *s)
{
	return s->n ? s->rows[s->focus].t : NULL;
}

bool rows_is_marked(const struct select *s, const struct target *t)
{
	return target_can(t) && names_has(&s->marks, t->name);
}

size_t rows_marked(const struct ui *ui, struct target ***targets)
{
	struct target *tree = survey_tree(ui->survey);
	struct target **list = NULL;
	size_t n = 0;

	if (targets)
		*targets = list = calloc(ui->select.marks.n + 1, sizeof(struct target *));
	for (struct target *t = tree; t && n < ui->select.marks.n; t = target_next(t)) {
		if (!rows_is_marked(&ui->select, t))
			continue;
		if (list)
			list[n] = t;
		n++;
	}
	return targets && !list ? 0 : n;
}

int rows_below(const struct select *s, const struct target *t, int *marked)
{
	int n = target_can(t);

	*marked += rows_is_marked(s, t);
	for (const struct target *c = t->children; c; c = c->next)
		n += rows_below(s, c, marked);
	return n;
}

void rows_mark(struct ui *ui, struct target *t, bool mark)
{
	struct select *s = &ui->select;

	s->touched = true;
	if (target_can(t) && mark)
		names_add(&s->marks, t->name);
	else
		names_remove(&s->marks, t->name);
	for (struct target *c = t->children; c; c = c->next)
		rows_mark(ui, c, mark);
}
