/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Texts that fill the screen and scroll: help and log. Their height is known by drawing them where
   nothing can be seen. */

#include "achica/i18n.h"
#include "ui/ui.h"

static int draw_text_of(const struct ui *ui, struct grid *g, int row)
{
	return ui->pager == PAGER_HELP ? help_draw(ui, g, row) : log_draw(ui, g, row);
}

/* Rows of the whole text at that size. */
static int height(const struct ui *ui, int rows, int cols)
{
	struct grid g = { .rows = rows, .cols = cols }; /* clips all: nothing is drawn */

	return draw_text_of(ui, &g, 0);
}

static int last_top(const struct ui *ui, int rows, int cols)
{
	int all = height(ui, rows, cols);
	int room = rows - 2;

	return all > room ? all - room : 0;
}

void pager_open(struct ui *ui, enum pager_kind kind)
{
	ui->pager = kind;
	/* A log is read from its end. */
	ui->pager_top = kind == PAGER_LOG ? last_top(ui, ui->rows, ui->cols) : 0;
}

void pager_draw(const struct ui *ui, struct grid *g)
{
	int last = last_top(ui, g->rows, g->cols);
	int top = ui->pager_top < last ? ui->pager_top : last;

	frame_title(ui, g, NULL);
	g->clip_top = 1;
	g->clip_end = g->rows - 1;
	draw_text_of(ui, g, 1 - top);
	if (top > 0)
		draw_glyph(g, 1, g->cols - 1, GLYPH_UP, FACE_NORMAL);
	if (top < last)
		draw_glyph(g, g->rows - 2, g->cols - 1, GLYPH_DOWN, FACE_NORMAL);
	g->clip_top = 0;
	g->clip_end = g->rows;
	draw_cursor(g, 1, 1);
}

void pager_key(struct ui *ui, enum action action)
{
	int last = last_top(ui, ui->rows, ui->cols);
	int page = ui->rows - 3;
	int top = ui->pager_top < last ? ui->pager_top : last;

	if (action == ACT_ESCAPE || action == ACT_HELP)
		ui->pager = PAGER_NONE;
	else if (action == ACT_UP)
		top--;
	else if (action == ACT_DOWN)
		top++;
	else if (action == ACT_PAGE_UP)
		top -= page;
	else if (action == ACT_PAGE_DOWN)
		top += page;
	else if (action == ACT_HOME || action == ACT_END)
		top = action == ACT_HOME ? 0 : last;
	ui->pager_top = top < 0 ? 0 : top > last ? last : top;
}
