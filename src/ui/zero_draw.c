/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The third screen at every size: map, bars, figures, log. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/zero.h"

#define LIST_CELLS 44 /* of the list beside the map */
#define BARS_MAX 4 /* of targets at work at the same time */

/* "target 1/2" */
static char *say_count(const struct ui *ui, char *buf, size_t n)
{
	char at[24], all[24];
	const struct say_fact facts[] = { { "n", at }, { "all", all }, { NULL, NULL } };

	snprintf(at, sizeof(at), "%zu", ui->zero.at + 1);
	snprintf(all, sizeof(all), "%zu", ui->zero.view.items);
	/* TRANSLATORS: "target 1/2" */
	return say_fill(buf, n, C_("count, max 8 cells", "target {n}/{all}"), facts);
}

static void draw_target(const struct ui *ui, struct grid *g, int row)
{
	const struct target *t = job_target(ui->job, ui->zero.at);
	char count[64], size[16], text[1024];
	const struct target *top = target_top(t);
	int name = (int)say_cells(t->name);
	int end = zero_state(ui, g, row, g->cols / 2, say_count(ui, count, sizeof(count))) - 2;
	int col = 1;

	col += draw_field(g, row, col, name < end - col ? name : end - col, ALIGN_TAIL, FACE_NORMAL,
			  t->name);
	snprintf(text, sizeof(text), "%s  %s  %s", target_type(t)[0] ? target_type(t) : "-",
		 say_size(t->size, size, sizeof(size)), top->model ? top->model : "");
	draw_text(g, row, col + 2, end - col - 2, FACE_NORMAL, text);
}

static void draw_bar(struct grid *g, int row, const char *label, unsigned permille)
{
	char percent[24];

	draw_field(g, row, 1, 12, ALIGN_TAIL, FACE_NORMAL, label);
	draw_progress(g, row, 14, g->cols - 14 - 9, permille);
	draw_field(g, row, g->cols - 8, 7, ALIGN_RIGHT, FACE_NORMAL,
		   zero_percent(permille, percent, sizeof(percent)));
}

/* The targets that have a bar of their own: those at work, at most BARS_MAX of which one is shown.
   Returns how many. */
static size_t pick_bars(const struct zero *z, size_t which[BARS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < z->view.items; i++) {
		if (!phase_is_work(z->items[i].phase))
			continue;
		if (n == BARS_MAX && i > z->at)
			break;
		if (n == BARS_MAX)
			memmove(which, which + 1, --n * sizeof(*which));
		which[n++] = i;
	}
	return n;
}

/* The bars of targets, the one that is shown marked, and that of all. The name of a single one is
   told above. Returns the row of the one that is shown. */
static int draw_bars(const struct ui *ui, struct grid *g, int row)
{
	const struct zero *z = &ui->zero;
	size_t which[BARS_MAX];
	size_t n = pick_bars(z, which);
	int shown = row;

	if (n <= 1)
		draw_bar(g, row++, C_("label, max 12 cells", "This target"),
			 zero_permille(&z->items[z->at]));
	for (size_t i = 0; n > 1 && i < n; i++, row++) {
		if (which[i] == z->at) {
			draw_text(g, row, 0, 1, FACE_NORMAL, ">");
			shown = row;
		}
		draw_bar(g, row, short_name(job_target(ui->job, which[i])),
			 zero_permille(&z->items[which[i]]));
	}
	draw_bar(g, row, C_("label, max 12 cells", "All"), z->view.permille);
	return shown;
}

static void draw_log(const struct ui *ui, struct grid *g, int row, int rows)
{
	uint64_t n = ui->log.n;
	uint64_t first = n > (uint64_t)rows ? n - (uint64_t)rows : 0;

	for (uint64_t i = first; i < n; i++) {
		const char *line = log_line(&ui->log, i);

		if (line)
			draw_text(g, row + (int)(i - first), 1, g->cols - 2, FACE_NORMAL, line);
	}
}

/* "1 cell = 337.0M" */
static char *say_cell(const struct ui *ui, size_t cells, char *buf, size_t n)
{
	const struct target *t = job_target(ui->job, ui->zero.at);
	size_t from;
	size_t shown = cells ? map_window(ui->zero.map, ui->zero.mode, cells, &from) : 0;
	char size[16];
	const struct say_fact facts[] = { { "size", size }, { NULL, NULL } };

	if (!cells)
		return NULL;
	say_size((uint64_t)((double)t->size / JOB_MAP_CELLS * (double)shown / (double)cells), size,
		 sizeof(size));
	/* TRANSLATORS: one sign of the map: "1 cell = 337.0M" */
	return say_fill(buf, n, C_("legend, max 12 cells", "1 cell = {size}"), facts);
}

/* Rows of the parts, from above and below towards the map and the log in the middle. */
struct place {
	int map, map_rows, map_col, map_cols;  /* inside its box */
	bool boxed;
	int legend, bars, figures, log, log_rows, safe;
};

static struct place place_parts(const struct ui *ui, const struct grid *g)
{
	struct layout l = layout_of(g->rows, g->cols);
	struct place p = { .boxed = l.full, .map = 2 + l.full, .safe = g->rows - 2 };
	size_t which[BARS_MAX];
	size_t at_work = pick_bars(&ui->zero, which);
	int bars = at_work > 1 ? (int)at_work + 1 : 2;
	int room, log;

	p.map_col = l.full ? 1 + (l.beside ? LIST_CELLS : 0) : 1;
	p.map_cols = g->cols - p.map_col - 1;
	/* Between the target's row and the line that says it is safe: all but map and log. */
	room = p.safe - p.map - l.full - 1 - bars - 4 - l.full;
	log = l.full ? 2 + (room - 10 > 0 ? (room - 10) / 4 : 0) : room > 6 ? 1 : 0;
	p.map_rows = ui->zero.mode == MAP_NONE ? 0 : room - log;
	p.legend = p.map + p.map_rows + l.full;
	if (ui->zero.mode == MAP_NONE)
		p.legend = 1; /* there is none: the bars follow the target */
	p.bars = p.legend + 1;
	p.figures = p.bars + bars;
	p.log = p.figures + 4 + l.full;
	p.log_rows = p.safe - p.log;
	return p;
}

static void draw_map(const struct ui *ui, struct grid *g, const struct place *p)
{
	char cell[64];

	if (p->boxed)
		draw_box(g, p->map - 1, p->map_col - 1, p->map_rows + 2, p->map_cols + 2,
			 p->map_col > LIST_CELLS ? short_name(job_target(ui->job, ui->zero.at))
						 : NULL);
	map_draw(ui, g, p->map, p->map_col, p->map_rows, p->map_cols);
	map_legend(g, p->legend, say_cell(ui, (size_t)(p->map_rows * p->map_cols), cell,
					  sizeof(cell)));
}

static void draw_safe(const struct ui *ui, struct grid *g, int row)
{
	if (ui->stopping)
		draw_text(g, row, 1, g->cols - 2, FACE_WARN,
			  _("Stopping at the next safe place..."));
	else
		draw_text(g, row, 1, g->cols - 2, FACE_NORMAL,
			  g->cols >= 64
				  ? _("Safe to stop at any time: the filesystem stays consistent.")
				  : _("Safe to stop at any time."));
}

/* A row of label and two values. */
static void narrow_row(struct grid *g, int row, const char *label, const char *value,
		       const char *more)
{
	int cells = more ? (int)say_cells(more) : 0;

	draw_field(g, row, 1, 9, ALIGN_LEFT, FACE_NORMAL, label);
	if (more && 11 + (int)say_cells(value) + 2 + cells < g->cols)
		draw_text(g, row, g->cols - 1 - cells, cells, FACE_NORMAL, more);
	draw_text(g, row, 11, g->cols - 12, FACE_NORMAL, value);
}

static void narrow_figures(const struct ui *ui, struct grid *g, int row)
{
	const struct zero *z = &ui->zero;
	const struct job_view_item *item = &z->items[z->at];
	char done[24], all[24], text[128], rate[32], clock[24], ends[64], percent[24];
	const struct say_fact facts[] = { { "done", done }, { "all", all }, { NULL, NULL } };
	uint64_t bps = item->zero_bps > item->read_bps ? item->zero_bps : item->read_bps;

	say_size(item->zeroed, done, sizeof(done));
	say_size(expected_stale(item), all, sizeof(all));
	say_fill(text, sizeof(text), C_("amount, max 5 cells", "{done} of ~{all}"), facts);
	narrow_row(g, row, C_("label, max 9 cells", "Zeroed"), item->estimate.known ? text : done,
		   say_rate(bps, rate, sizeof(rate)));
	narrow_row(g, row + 1, C_("label, max 9 cells", "Left"),
		   say_clock(item->left_ms, clock, sizeof(clock)),
		   zero_ends(ui, item->left_ms, ends, sizeof(ends)));
	narrow_row(g, row + 2, C_("label, max 9 cells", "All"),
		   zero_percent(z->view.permille, percent, sizeof(percent)),
		   say_clock(z->view.left_ms, clock, sizeof(clock)));
	narrow_row(g, row + 3, C_("label, max 9 cells", "Errors"),
		   say_size(item->errors, text, sizeof(text)), NULL);
	if (item->errors)
		draw_face(g, row + 3, 11, (int)say_cells(text), FACE_ERROR);
}

void zero_draw(const struct ui *ui, struct grid *g)
{
	const struct zero *z = &ui->zero;
	struct place p = place_parts(ui, g);
	int bar;

	frame_title(ui, g, NULL);
	draw_target(ui, g, 1);
	if (z->mode != MAP_NONE) {
		draw_map(ui, g, &p);
		if (p.map_col > LIST_CELLS)
			zero_list(ui, g, p.map - 1, p.map_rows + 2, LIST_CELLS);
	}
	bar = draw_bars(ui, g, p.bars);
	if (g->cols >= 80)
		zero_figures(ui, g, p.figures);
	else
		narrow_figures(ui, g, p.figures);
	if (p.boxed)
		draw_line(g, p.log - 1, 0, g->cols, GLYPH_HLINE, FACE_NORMAL);
	draw_log(ui, g, p.log, p.log_rows);
	draw_safe(ui, g, p.safe);
	draw_cursor(g, bar, 14);
}

void zero_draw_narrow(const struct ui *ui, struct grid *g)
{
	const struct zero *z = &ui->zero;
	const struct job_view_item *item = &z->items[z->at];
	const struct target *t = job_target(ui->job, z->at);
	int figures = g->rows - 2 - 4;
	int map_rows = figures - 3, end;
	char count[64], percent[24];

	frame_title(ui, g, say_count(ui, count, sizeof(count)));
	end = zero_state(ui, g, 1, g->cols / 2, NULL);
	draw_field(g, 1, 1, end - 2, ALIGN_TAIL, FACE_NORMAL, t->name);
	draw_progress(g, 2, 1, g->cols - 10, zero_permille(item));
	draw_field(g, 2, g->cols - 8, 7, ALIGN_RIGHT, FACE_NORMAL,
		   zero_percent(zero_permille(item), percent, sizeof(percent)));
	if (z->mode != MAP_NONE)
		map_draw(ui, g, 3, 1, map_rows, g->cols - 2);
	else
		draw_log(ui, g, 3, map_rows);
	narrow_figures(ui, g, figures);
	draw_safe(ui, g, g->rows - 2);
	draw_cursor(g, 2, 1);
}
