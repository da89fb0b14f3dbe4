/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The list of what a plan is about: a target in a row, and their sum. */

#include <stdlib.h>

#include "achica/i18n.h"
#include "ui/plan.h"
#include "ui/ui.h"

enum method plan_method(const struct plan_item *item)
{
	if (item->check.state == CHECK_OK)
		return item->check.taken;
	return item->method == METHOD_AUTO ? item->t->method : item->method;
}

static const char *say_check(const struct plan_item *item)
{
	switch (item->check.state) {
	case CHECK_WAITING:
	case CHECK_RUNNING:
		return C_("check, max 9 cells", "checking");
	case CHECK_OK:
		return C_("check, max 9 cells", "ok");
	default:
		return C_("check, max 9 cells", "REFUSED");
	}
}

struct plan_columns plan_columns(int cols)
{
	struct layout l = layout_of(24, cols);
	struct plan_columns c = { .name = 4, .check = cols - 10 };

	c.method_cells = cols >= 60 ? 14 : 0;
	c.method = c.check - 1 - c.method_cells;
	c.time = (c.method_cells ? c.method : c.check) - (cols >= 80 ? 9 : 0);
	c.amount_cells = l.narrow ? 7 : 14;
	c.amount = c.time - 1 - c.amount_cells;
	c.free = cols >= 80 ? c.amount - 8 : 0;
	c.name_cells = (c.free ? c.free : c.amount) - 1 - c.name;
	return c;
}

void plan_heading(struct grid *g, int row, const struct plan_columns *c)
{
	draw_field(g, row, c->name, c->name_cells, ALIGN_LEFT, FACE_NORMAL,
		   C_("column, max 12 cells", "Target"));
	if (c->free)
		draw_field(g, row, c->free, 7, ALIGN_RIGHT, FACE_NORMAL,
			   C_("column, max 7 cells", "Free"));
	draw_field(g, row, c->amount, c->amount_cells, ALIGN_LEFT, FACE_NORMAL,
		   c->amount_cells < 12 ? C_("column, max 7 cells", "Gain")
					: C_("column, max 14 cells", "Reclaimable"));
	if (c->free)
		draw_field(g, row, c->time, 8, ALIGN_RIGHT, FACE_NORMAL,
			   C_("column, max 8 cells", "Time"));
	if (c->method_cells)
		draw_field(g, row, c->method, c->method_cells, ALIGN_LEFT, FACE_NORMAL,
			   C_("column, max 14 cells", "Method"));
	draw_field(g, row, c->check, 9, ALIGN_LEFT, FACE_NORMAL,
		   C_("column, max 9 cells", "Check"));
}

static void draw_amount(struct grid *g, int row, const struct plan_columns *c,
			const struct estimate *e)
{
	char text[64];

	if (c->amount_cells >= 12)
		say_figure(e, grid_pm(g), text, sizeof(text));
	else if (e->known)
		say_size(e->stale, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "?");
	draw_text(g, row, c->amount, c->amount_cells, FACE_NORMAL, text);
}

void plan_row(const struct ui *ui, struct grid *g, int row, const struct plan_columns *c,
		      size_t i)
{
	const struct plan_item *item = &ui->plan.items[i];
	uint64_t free_bytes = item->check.state == CHECK_OK ? item->check.free
			      : item->t->estimate.known ? item->t->estimate.free : item->t->free;
	bool refused = item->check.state == CHECK_REFUSED;
	char text[64];

	snprintf(text, sizeof(text), "%zu.", i + 1);
	draw_field(g, row, 0, 3, ALIGN_RIGHT, FACE_NORMAL, text);
	draw_field(g, row, c->name, c->name_cells, ALIGN_TAIL, FACE_NORMAL, item->t->name);
	if (c->free)
		draw_field(g, row, c->free, 7, ALIGN_RIGHT, FACE_NORMAL,
			   say_size(free_bytes, text, sizeof(text)));
	draw_amount(g, row, c, &item->t->estimate);
	if (c->free)
		draw_field(g, row, c->time, 8, ALIGN_RIGHT, FACE_NORMAL,
			   say_clock(guess_ms(ui, item->t, plan_method(item)), text,
				     sizeof(text)));
	if (c->method_cells)
		draw_text(g, row, c->method, c->method_cells, FACE_NORMAL,
			  say_method(plan_method(item)));
	draw_text(g, row, c->check, 9, refused ? FACE_ERROR : FACE_NORMAL, say_check(item));
	if (ui->plan.focus != i)
		return;
	draw_text(g, row, 3, 1, FACE_NORMAL, ">");
	draw_face(g, row, 0, g->cols - 1, FACE_FOCUS);
	draw_cursor(g, row, c->name);
}

/* Of all that is not refused; -1 not known. */
static int64_t all_ms(const struct ui *ui)
{
	const struct plan *p = &ui->plan;
	struct work *works = calloc(p->n + 1, sizeof(*works));
	int64_t ms;
	size_t n = 0;

	for (size_t i = 0; works && i < p->n; i++) {
		const struct plan_item *item = &p->items[i];

		if (item->check.state != CHECK_REFUSED)
			works[n++] = (struct work){ .t = item->t, .method = plan_method(item),
						    .group = item->group };
	}
	ms = works ? guess_all_ms(ui, works, n) : -1;
	free(works);
	return ms;
}

void plan_sums(const struct ui *ui, struct grid *g, int row, const struct plan_columns *c)
{
	struct estimate sum = { .known = true, .exact = true };
	uint64_t free_bytes = 0;
	char text[64];

	for (size_t i = 0; i < ui->plan.n; i++) {
		const struct plan_item *item = &ui->plan.items[i];

		if (item->check.state == CHECK_REFUSED)
			continue;
		estimate_add(&sum, &item->t->estimate);
		free_bytes += item->check.state == CHECK_OK ? item->check.free : item->t->free;
	}
	draw_text(g, row, c->name, c->name_cells, FACE_NORMAL, C_("row, max 12 cells", "All"));
	if (c->free)
		draw_field(g, row, c->free, 7, ALIGN_RIGHT, FACE_NORMAL,
			   say_size(free_bytes, text, sizeof(text)));
	draw_amount(g, row, c, &sum);
	if (c->free)
		draw_field(g, row, c->time, 8, ALIGN_RIGHT, FACE_NORMAL,
			   say_clock(all_ms(ui), text, sizeof(text)));
}
