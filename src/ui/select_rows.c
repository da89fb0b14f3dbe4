/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The list of the first screen: where its columns are, and one row for each target. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/select.h"

#define SIZE_CELLS 7

/* Columns from right to left: what is left over is the name's. */
static void place_columns(struct select_place *p, int cols)
{
	struct layout l = layout_of(24, cols);
	int right = cols - 1; /* the last column is for the marks that more is above or below */

	p->label_cells = l.wide ? 16 : 0;
	p->figure_cells = l.narrow ? 12 : 17;
	p->bar_cells = cols < 80 ? 0 : l.wide ? 20 + (cols - 100) / 4 : 20;
	p->fs_cells = cols < 48 ? 0 : 6;
	p->label = right - p->label_cells;
	p->figure = p->label - (p->label_cells ? 2 : 0) - p->figure_cells;
	p->bar = p->figure - 1 - p->bar_cells;
	p->size = (p->bar_cells ? p->bar - 2 : p->figure - 1) - SIZE_CELLS;
	p->fs = p->size - 1 - p->fs_cells;
	p->name = 1;
}

struct select_place select_place(int rows, int cols)
{
	struct layout l = layout_of(rows, cols);
	struct select_place p = { .list = 1 };

	place_columns(&p, cols);
	p.totals = rows - 2;
	p.detail_rows = l.full ? 4 : l.narrow ? 1 : 2;
	if (l.full) {
		p.legend = rows - 2;
		p.totals = rows - 3;
		p.rule[0] = 2;
		p.rule[1] = p.totals - 1;
		p.detail = p.rule[1] - p.detail_rows;
	} else {
		p.detail = p.totals - p.detail_rows;
	}
	if (!l.narrow) {
		p.head = 1;
		p.list = l.full ? 3 : 2;
		p.rule[2] = p.detail - 1;
	}
	p.list_rows = (p.rule[2] ? p.rule[2] : p.detail) - p.list;
	return p;
}

/* The lines that show what is in what; returns the column behind them. */
static int draw_rails(struct grid *g, int row, int col, const struct row *r)
{
	for (unsigned d = 1; d < r->depth; d++) {
		if (r->rails & 1u << d)
			draw_glyph(g, row, col, GLYPH_VLINE, FACE_NORMAL);
		col += 2;
	}
	if (r->depth) {
		draw_glyph(g, row, col, r->last ? GLYPH_LLCORNER : GLYPH_LTEE, FACE_NORMAL);
		col += 2;
	}
	return col;
}

/* By an option; the name is asked for all the same when it is marked. */
static bool is_opted_in(const struct options *options, const struct target *t)
{
	if (!target_wants_consent(t))
		return false;
	return t->kind == TARGET_GAP ? options->survey.gaps : options->survey.swap;
}

static void draw_mark(const struct ui *ui, struct grid *g, int row, const struct row *r)
{
	if (r->t->children)
		draw_glyph(g, row, 2, r->folded ? GLYPH_FOLDED : GLYPH_OPEN, FACE_NORMAL);
	else if (rows_is_marked(&ui->select, r->t))
		draw_text(g, row, 1, 3, FACE_NORMAL, "[x]");
	else if (target_can(r->t) || is_opted_in(ui->options, r->t))
		draw_text(g, row, 1, 3, FACE_NORMAL, "[ ]");
	else
		draw_text(g, row, 1, 3, FACE_NORMAL, "[-]");
}

/* The name, and what a person knows it by: mount point, label or model, as far as there is room. */
static void draw_name(struct grid *g, int row, const struct row *r, const struct select_place *p)
{
	const struct target *t = r->t;
	int col = draw_rails(g, row, 5, r);
	int end = (t->children || !p->fs_cells ? p->size : p->fs) - 1;
	const char *name = short_name(t);
	const char *known = t->mountpoints && t->mountpoints[0] ? t->mountpoints[0]
			    : t->model ? t->model : p->label_cells ? NULL : t->label;
	int cells = (int)say_cells(name);

	if (cells > end - col) {
		draw_field(g, row, col, end - col, ALIGN_TAIL, FACE_NORMAL, name);
		return;
	}
	col += draw_text(g, row, col, end - col, FACE_NORMAL, name) + 2;
	if (known && known[0] && col + 4 <= end)
		draw_text(g, row, col, end - col, FACE_NORMAL, known);
}

static void draw_bar(struct grid *g, int row, int col, int cells, const struct target *t)
{
	const struct estimate *e = &t->estimate;
	uint64_t parts[3] = { t->used, e->stale, e->hole + e->zero };
	int shares[3];

	if (!t->used && t->size > e->free)
		parts[0] = t->size - e->free;
	share_cells(parts, 3, cells, shares);
	draw_line(g, row, col, shares[0], GLYPH_USED, FACE_NORMAL);
	draw_line(g, row, col + shares[0], shares[1], GLYPH_STALE, FACE_STALE);
	draw_line(g, row, col + shares[0] + shares[1], shares[2], GLYPH_ZERO, FACE_NORMAL);
}

/* What stands where the bar would: why there is none. */
static void say_state(const struct ui *ui, const struct row *r, char *buf, size_t n)
{
	const struct target *t = r->t;
	int percent = survey_percent(ui->survey, t->name);
	char number[24];
	const struct say_fact facts[] = { { "n", number }, { NULL, NULL } };
	int marked = 0;

	snprintf(buf, n, "%s", "");
	if (t->state == TARGET_PROBING) {
		snprintf(buf, n, "%s", C_("state, max 20 cells", "being read"));
	} else if (t->state == TARGET_STUCK) {
		snprintf(buf, n, "%s", C_("state, max 20 cells", "does not answer"));
	} else if (r->folded) {
		snprintf(number, sizeof(number), "%d", rows_below(&ui->select, t, &marked));
		snprintf(number, sizeof(number), "%d", marked);
		/* TRANSLATORS: of a folded disk: "2 marked" */
		say_fill(buf, n, C_("state, max 20 cells", "{n} marked"), facts);
	} else if (t->children) {
		snprintf(buf, n, "%s", t->system ? C_("state, max 20 cells", "this system")
			 : t->table ? t->table : t->format ? t->format : "");
	} else if (t->verdict.why != WHY_NONE) {
		say_short(&t->verdict, buf, n);
	} else if (!t->estimate.known && percent >= 0) {
		snprintf(number, sizeof(number), "%d", percent);
		/* xgettext:no-c-format */
		/* TRANSLATORS: "estimating 37 %" */
		say_fill(buf, n, C_("state, max 17 cells", "estimating {n} %"), facts);
	} else if (!t->estimate.known) {
		snprintf(buf, n, "%s", C_("state, max 20 cells", "to be estimated"));
	}
}

/* Of a whole disk or image: "qcow2 120.3G > 80.1G", now and after. */
static void add_forecast(const struct target *t, char *buf, size_t n)
{
	size_t at = strlen(buf);
	char now[16], after[16], text[64];
	const struct say_fact facts[] = { { "now", now }, { "after", after }, { NULL, NULL } };

	if (t->parent || !t->forecast.known)
		return;
	say_size(t->forecast.now[FORECAST_PLAIN].bytes, now, sizeof(now));
	say_size(t->forecast.after[FORECAST_PLAIN].bytes, after, sizeof(after));
	/* TRANSLATORS: what a copy takes now and after: "qcow2 120.3G > 80.1G" */
	say_fill(text, sizeof(text), C_("forecast, max 22 cells", "qcow2 {now} > {after}"), facts);
	snprintf(buf + at, n - at, "%s%s", at ? "  " : "", text);
}

/* "18.0G opt-in" */
static void say_on_request(const struct target *t, char *buf, size_t n)
{
	char size[16];
	const struct say_fact facts[] = { { "size", size }, { NULL, NULL } };

	say_size(t->estimate.stale, size, sizeof(size));
	/* TRANSLATORS: "18.0G opt-in": to be had, but only by who asks for it */
	say_fill(buf, n, C_("figure, max 17 cells", "{size} opt-in"), facts);
}

/* Bar and figure, or the state in their place. */
static void draw_amount(const struct ui *ui, struct grid *g, int row, const struct row *r,
			const struct select_place *p)
{
	const struct target *t = r->t;
	char text[256];
	int end = p->figure + p->figure_cells;
	bool wants = target_wants_consent(t);

	if ((target_can(t) || wants) && t->estimate.known && !r->folded) {
		if (p->bar_cells)
			draw_bar(g, row, p->bar, p->bar_cells, t);
		if (wants)
			say_on_request(t, text, sizeof(text));
		else
			say_figure(&t->estimate, grid_pm(g), text, sizeof(text));
		draw_text(g, row, p->figure, p->figure_cells, FACE_NORMAL, text);
		return;
	}
	say_state(ui, r, text, sizeof(text));
	if (p->bar_cells && t->children)
		add_forecast(t, text, sizeof(text));
	if (p->bar_cells)
		draw_text(g, row, p->bar, end - p->bar, FACE_NORMAL, text);
	else
		draw_text(g, row, p->figure, p->figure_cells, FACE_NORMAL, text);
}

static void draw_row(const struct ui *ui, struct grid *g, int row, const struct row *r,
		     const struct select_place *p)
{
	const struct target *t = r->t;
	char size[16];

	draw_mark(ui, g, row, r);
	draw_name(g, row, r, p);
	if (p->fs_cells && !t->children)
		draw_text(g, row, p->fs, p->fs_cells, FACE_NORMAL,
			  target_type(t)[0] ? target_type(t)
			  : t->state == TARGET_READY ? "-" : "");
	if (t->size)
		draw_field(g, row, p->size, SIZE_CELLS, ALIGN_RIGHT, FACE_NORMAL,
			   say_size(t->size, size, sizeof(size)));
	draw_amount(ui, g, row, r, p);
	if (p->label_cells && t->label)
		draw_text(g, row, p->label, p->label_cells, FACE_NORMAL, t->label);
}

/* The first row that is shown, so that the focused one is: near what it was before. */
static size_t first_row(const struct select *s, size_t rows)
{
	size_t page = rows ? rows : 1;
	size_t first = s->focus / page * page; /* pages stand still while the focus moves in them */

	return s->n <= page ? 0 : first + page > s->n ? s->n - page : first;
}

static void draw_empty(struct grid *g, const struct select_place *p)
{
	draw_wrap(
		g, p->list, 5, g->cols - 6, FACE_NORMAL,
		_("No disk was found. Press i to add an image file by its name, r to look again."));
}

void select_rows(const struct ui *ui, struct grid *g, const struct select_place *p)
{
	const struct select *s = &ui->select;
	size_t first = first_row(s, (size_t)p->list_rows);

	if (s->n == 0)
		draw_empty(g, p);
	for (int i = 0; i < p->list_rows && first + (size_t)i < s->n; i++) {
		size_t at = first + (size_t)i;
		int row = p->list + i;

		draw_row(ui, g, row, &s->rows[at], p);
		if (at != s->focus)
			continue;
		draw_text(g, row, 0, 1, FACE_NORMAL, ">");
		draw_face(g, row, 0, g->cols - 1, FACE_FOCUS);
		draw_cursor(g, row, 2);
	}
	draw_more(g, p->list, p->list_rows, first > 0, first + (size_t)p->list_rows < s->n);
}
