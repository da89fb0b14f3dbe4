/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Bytes, rates and times of a run. */

#include <langinfo.h>
#include <time.h>

#include "achica/i18n.h"
#include "ui/zero.h"

unsigned zero_permille(const struct job_view_item *item)
{
	if (item->phase == JOB_DONE)
		return 1000;
	if (item->free == 0)
		return 0;
	if (item->done >= item->free)
		return item->phase > JOB_WORKING ? 1000 : 999;
	return (unsigned)((double)item->done / (double)item->free * 1000);
}

/* "53.4 %" */
char *zero_percent(unsigned permille, char *buf, size_t n)
{
	snprintf(buf, n, "%u%s%u %%", permille / 10, nl_langinfo(RADIXCHAR), permille % 10);
	return buf;
}

/* "ends 14:29", with the day when it is not within one; "" while it cannot be told. */
char *zero_ends(const struct ui *ui, int64_t left_ms, char *buf, size_t n)
{
	time_t end = ui->now + (time_t)(left_ms / 1000);
	char when[64];
	const struct say_fact facts[] = { { "time", when }, { NULL, NULL } };
	struct tm tm;

	buf[0] = '\0';
	if (left_ms < 0 || !localtime_r(&end, &tm))
		return buf;
	strftime(when, sizeof(when), left_ms > INT64_C(72000000) ? "%a %H:%M" : "%H:%M", &tm);
	/* TRANSLATORS: wall clock: "ends 14:29" */
	return say_fill(buf, n, C_("time, max 6 cells", "ends {time}"), facts);
}

/* What the target at work does: a word, and since when where that matters. */
static enum face say_state(const struct zero *z, char *buf, size_t n)
{
	const struct job_view_item *item = &z->items[z->at];
	char clock[24];
	const struct say_fact facts[] = { { "clock", clock }, { NULL, NULL } };

	if (z->view.paused) {
		say_clock((int64_t)z->view.paused_ms, clock, sizeof(clock));
		/* TRANSLATORS: "PAUSED 00:00:12" */
		say_fill(buf, n, C_("phase, max 10 cells", "PAUSED {clock}"), facts);
		return FACE_WARN;
	}
	if (item->stalled_ms && item->phase == JOB_WORKING) {
		say_clock((int64_t)item->stalled_ms, clock, sizeof(clock));
		/* TRANSLATORS: nothing moves: "stalled 00:00:14" */
		say_fill(buf, n, C_("phase, max 10 cells", "stalled {clock}"), facts);
		return FACE_WARN;
	}
	snprintf(buf, n, "%s", say_phase(item->phase));
	return FACE_NORMAL;
}

/* The state, and the count (may be NULL) after it, at the right end of a row but never left of
   column left. Returns the column where it begins. */
int zero_state(const struct ui *ui, struct grid *g, int row, int left, const char *count)
{
	char text[128];
	enum face face = say_state(&ui->zero, text, sizeof(text));
	int cells = (int)say_cells(text), more = count ? (int)say_cells(count) + 2 : 0;
	int right = g->cols - 1;

	if (left + cells + more > right)
		more = 0;
	else if (more)
		draw_text(g, row, right - more + 2, more - 2, FACE_NORMAL, count);
	right -= more;
	if (left + cells > right)
		cells = right - left;
	draw_text(g, row, right - cells, cells, face, text);
	return right - cells;
}

/* A row of the left table: label, amount, rate. */
static void left_row(struct grid *g, int row, const char *label, const char *amount,
		     const char *rate)
{
	draw_field(g, row, 1, 13, ALIGN_LEFT, FACE_NORMAL, label);
	draw_field(g, row, 15, 17, ALIGN_LEFT, FACE_NORMAL, amount);
	if (rate)
		draw_field(g, row, 33, 10, ALIGN_RIGHT, FACE_NORMAL, rate);
}

static void right_row(struct grid *g, int row, const char *label, const char *value,
		      const char *more)
{
	draw_field(g, row, 45, 13, ALIGN_LEFT, FACE_NORMAL, label);
	draw_field(g, row, 59, 9, ALIGN_LEFT, FACE_NORMAL, value);
	if (more)
		draw_text(g, row, 69, g->cols - 69, FACE_NORMAL, more);
}

static void draw_left(const struct job_view_item *item, struct grid *g, int row)
{
	char done[24], all[24], text[128], rate[32];
	const struct say_fact facts[] = { { "done", done }, { "all", all }, { NULL, NULL } };
	uint64_t expected = expected_stale(item);

	left_row(g, row, C_("label, max 13 cells", "Read"),
		 say_size(item->read, done, sizeof(done)),
		 say_rate(item->read_bps, rate, sizeof(rate)));
	say_size(item->zeroed, done, sizeof(done));
	say_size(expected, all, sizeof(all));
	if (item->estimate.known && item->done < item->free)
		/* TRANSLATORS: as much as is expected: "41.7G of ~83.0G" */
		say_fill(text, sizeof(text), C_("amount, max 5 cells", "{done} of ~{all}"), facts);
	else
		snprintf(text, sizeof(text), "%s", done);
	left_row(g, row + 1, C_("label, max 13 cells", "Zeroed"), text,
		 say_rate(item->zero_bps, rate, sizeof(rate)));
	left_row(g, row + 2, C_("label, max 13 cells", "Already zero"),
		 say_size(item->was_zero, text, sizeof(text)), NULL);
	left_row(g, row + 3, C_("label, max 13 cells", "Errors"),
		 say_size(item->errors, text, sizeof(text)), NULL);
	if (item->errors)
		draw_face(g, row + 3, 15, (int)say_cells(text), FACE_ERROR);
}

void zero_figures(const struct ui *ui, struct grid *g, int row)
{
	const struct zero *z = &ui->zero;
	const struct job_view_item *item = &z->items[z->at];
	char clock[24], ends[128], rate[64];

	draw_left(item, g, row);
	right_row(g, row, C_("label, max 13 cells", "Elapsed"),
		  say_clock((int64_t)z->view.elapsed_ms, clock, sizeof(clock)), NULL);
	right_row(g, row + 1, C_("label, max 13 cells", "Remaining"),
		  say_clock(item->left_ms, clock, sizeof(clock)),
		  zero_ends(ui, item->left_ms, ends, sizeof(ends)));
	right_row(g, row + 2, C_("label, max 13 cells", "All targets"),
		  say_clock(z->view.left_ms, clock, sizeof(clock)),
		  zero_ends(ui, z->view.left_ms, ends, sizeof(ends)));
	if (z->view.max_rate)
		say_rate(z->view.max_rate, rate, sizeof(rate));
	else
		snprintf(rate, sizeof(rate), "%s", C_("rate, max 12 cells", "no limit"));
	draw_field(g, row + 3, 45, 13, ALIGN_LEFT, FACE_NORMAL,
		   C_("label, max 13 cells", "Rate limit"));
	draw_text(g, row + 3, 59, g->cols - 59, FACE_NORMAL, rate);
}

void zero_list(const struct ui *ui, struct grid *g, int row, int rows, int cols)
{
	const struct zero *z = &ui->zero;
	size_t shown = (size_t)(rows / 2);
	size_t first = z->at < shown ? 0 : z->at - shown + 1;

	for (size_t i = first; i < z->view.items && i - first < shown; i++) {
		int at = row + (int)(i - first) * 2;
		const char *phase = say_phase(z->items[i].phase);
		int cells = (int)say_cells(phase);
		char percent[24];

		if (i == z->at)
			draw_text(g, at, 0, 1, FACE_NORMAL, ">");
		draw_field(g, at, 1, cols - 3 - cells, ALIGN_TAIL, FACE_NORMAL,
			   job_target(ui->job, i)->name);
		draw_text(g, at, cols - 1 - cells, cells,
			  z->items[i].phase == JOB_FAILED || z->items[i].phase == JOB_REFUSED
			  ? FACE_ERROR : FACE_NORMAL, phase);
		draw_progress(g, at + 1, 1, cols - 10, zero_permille(&z->items[i]));
		draw_field(g, at + 1, cols - 8, 7, ALIGN_RIGHT, FACE_NORMAL,
			   zero_percent(zero_permille(&z->items[i]), percent, sizeof(percent)));
	}
}
