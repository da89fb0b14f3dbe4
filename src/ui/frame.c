/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What is around every screen: the title line with the four steps, and what a terminal that is too
   small shows instead of a screen. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/ui.h"

static const char *const steps[STEP_COUNT] = {
	NC_("step, max 9 cells", "Select"),
	NC_("step, max 9 cells", "Plan"),
	NC_("step, max 9 cells", "Zero"),
	NC_("step, max 9 cells", "Result"),
};

static const char *step_name(enum step step)
{
	return i18n_label(steps[step]);
}

/* "[1 Select]  2 Plan   3 Zero   4 Result" */
static void all_steps(enum step now, char *buf, size_t n)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < STEP_COUNT && at < n; i++)
		at += (size_t)snprintf(buf + at, n - at, "%s%c%d %s%c", i ? " " : "",
				       i == (int)now ? '[' : ' ', i + 1, step_name(i),
				       i == (int)now ? ']' : ' ');
}

/* The steps, or the number of this one where they do not fit; right (may be NULL) where there is
   room for it. */
void frame_title(const struct ui *ui, struct grid *g, const char *right)
{
	char all[256];
	int col = 1, cells;

	all_steps(ui->step, all, sizeof(all));
	cells = (int)say_cells(all);
	for (int c = 0; c < g->cols; c++)
		draw_face(g, 0, c, 1, FACE_KEY);
	col += draw_text(g, 0, col, g->cols, FACE_KEY, g->cols >= 60 ? PACKAGE_STRING : PACKAGE);
	if (col + 2 + cells <= g->cols) {
		draw_text(g, 0, g->cols - cells, cells, FACE_KEY, all);
		return;
	}
	snprintf(all, sizeof(all), "%d/%d %s", ui->step + 1, STEP_COUNT, step_name(ui->step));
	col += 2 + draw_text(g, 0, col + 2, g->cols, FACE_KEY, all);
	cells = right ? (int)say_cells(right) : 0;
	if (right && col + 2 + cells < g->cols)
		draw_text(g, 0, g->cols - cells - 1, cells, FACE_KEY, right);
}

static void draw_run(const struct ui *ui, struct grid *g)
{
	const struct zero *z = &ui->zero;
	const struct job_view_item *item = &z->items[z->at];
	char percent[16], left[24], zeroed[16], errors[16];
	const struct say_fact facts[] = {
		{ "percent", percent }, { "clock", left }, { "size", zeroed }, { "errors", errors },
		{ "name", short_name(job_target(ui->job, z->at)) }, { NULL, NULL },
	};

	snprintf(percent, sizeof(percent), "%u", z->view.permille / 10);
	say_clock(z->view.left_ms, left, sizeof(left));
	say_size(item->zeroed, zeroed, sizeof(zeroed));
	say_size(item->errors, errors, sizeof(errors));
	/* xgettext:no-c-format */
	/* TRANSLATORS: max 23 cells. "sda1 53% left 00:05:11" */
	draw_fact(g, 0, 0, g->cols, FACE_NORMAL, z->view.paused
		  /* xgettext:no-c-format */
		  ? C_("tiny status", "{percent}% PAUSED {name}")
		  /* xgettext:no-c-format */
		  : C_("tiny status", "{percent}% left {clock} {name}"), facts);
	/* TRANSLATORS: max 23 cells. "Zeroed 41.7G err 0B" */
	if (g->rows > 1)
		draw_fact(g, 1, 0, g->cols, FACE_NORMAL,
			  C_("tiny status", "Zeroed {size} err {errors}"), facts);
}

void frame_tiny(const struct ui *ui, struct grid *g)
{
	if (ui->step == STEP_ZERO && ui->job)
		draw_run(ui, g);
	else
		draw_text(g, 0, 0, g->cols, FACE_NORMAL, step_name(ui->step));
	if (g->rows > 2)
		draw_text(g, 2, 0, g->cols, FACE_NORMAL,
			  C_("tiny status, max 23 cells", "Too small: need 40x10"));
}
