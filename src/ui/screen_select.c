/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Step 1: the tree of targets with what each would give back, and the keys that choose among them.
 * Nothing can be marked that could not be done safely; Enter says why, and what helps.
 */

#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "ui/select.h"
#include "ui/ui.h"

static void enter(struct ui *ui)
{
	survey_pause(ui->survey, false);
	rows_update(ui);
}

static void leave(struct ui *ui)
{
	(void)ui;
}

static const char *order_name(enum order order)
{
	static const char *const names[ORDER_COUNT] = {
		NC_("order, max 12 cells", "by name"),
		NC_("order, max 12 cells", "by size"),
		NC_("order, max 12 cells", "by gain"),
	};

	return i18n_label(names[order]);
}

static void draw_heading(const struct ui *ui, struct grid *g, const struct select_place *p)
{
	const struct select *s = &ui->select;

	draw_field(g, p->head, p->name, p->fs - p->name - 1, ALIGN_LEFT, FACE_NORMAL,
		   s->order == ORDER_NAME ? C_("column, max 20 cells", "Target")
					  : order_name(s->order));
	if (p->fs_cells)
		draw_field(g, p->head, p->fs, p->fs_cells, ALIGN_LEFT, FACE_NORMAL,
			   C_("column, max 6 cells", "FS"));
	draw_field(g, p->head, p->size, 7, ALIGN_RIGHT, FACE_NORMAL,
		   C_("column, max 7 cells", "Size"));
	if (p->bar_cells)
		draw_field(g, p->head, p->bar, p->bar_cells, ALIGN_LEFT, FACE_NORMAL,
			   C_("column, max 20 cells", "Used>Reclaimable>0"));
	draw_field(g, p->head, p->figure, p->figure_cells, ALIGN_LEFT, FACE_NORMAL,
		   C_("column, max 12 cells", "Reclaimable"));
	if (p->label_cells)
		draw_field(g, p->head, p->label, p->label_cells, ALIGN_LEFT, FACE_NORMAL,
			   C_("column, max 14 cells", "Label"));
}

static void draw_legend(struct grid *g, int row)
{
	static const struct {
		enum glyph glyph;
		enum face face;
		const char *word;
	} words[] = {
		{ GLYPH_USED, FACE_NORMAL, NC_("legend, max 16 cells", "used") },
		{ GLYPH_STALE, FACE_STALE, NC_("legend, max 16 cells", "reclaimable") },
		{ GLYPH_ZERO, FACE_NORMAL, NC_("legend, max 16 cells", "already zero") },
	};
	const char *why = C_("legend, max 34 cells", "[-] cannot be marked (Enter: why)");
	int col = 1;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = i18n_label(words[i].word);

		if (col + 2 + (int)say_cells(word) > g->cols)
			return;
		draw_glyph(g, row, col, words[i].glyph, words[i].face);
		col += 2 + draw_text(g, row, col + 2, g->cols, FACE_NORMAL, word) + 2;
	}
	if (col + 2 + (int)say_cells(why) <= g->cols)
		draw_text(g, row, col + 2, g->cols, FACE_NORMAL, why);
}

/* Of all that is marked; -1 not known. */
static int64_t marked_ms(const struct ui *ui, struct target *const *marked, size_t n)
{
	const struct target *const *targets = (const struct target *const *)marked;
	struct work *works = calloc(n + 1, sizeof(*works));
	size_t *groups = calloc(n + 1, sizeof(*groups));
	int64_t ms = -1;

	if (works && groups) {
		target_groups(targets, n, groups);
		for (size_t i = 0; i < n; i++)
			works[i] = (struct work){ .t = marked[i], .group = groups[i],
						  .method = ui->options->job.method };
		ms = guess_all_ms(ui, works, n);
	}
	free(works);
	free(groups);
	return ms;
}

/* "2 targets marked   free 134.7G   reclaimable 94.8G ±0.4   about 13 min" */
static void draw_totals(const struct ui *ui, struct grid *g, int row)
{
	struct target **marked;
	size_t n = rows_marked(ui, &marked);
	struct estimate sum = { .known = true, .exact = true };
	char number[24], bytes[16], figure[64], time[48];
	const struct say_fact facts[] = { { "n", number }, { "free", bytes }, { "amount", figure },
					  { "time", time }, { NULL, NULL } };
	const char *sentence;

	for (size_t i = 0; i < n; i++)
		estimate_add(&sum, &marked[i]->estimate);
	say_duration(marked_ms(ui, marked, n), time, sizeof(time));
	free(marked);
	snprintf(number, sizeof(number), "%zu", n);
	say_size(sum.free, bytes, sizeof(bytes));
	say_estimate(&sum, grid_pm(g), figure, sizeof(figure));
	if (n == 0)
		sentence = g->cols >= 72 ? _("Nothing is marked yet. Nothing is written before the "
					     "plan is started.")
					 : _("Nothing is marked yet.");
	else if (g->cols >= 72)
		/* TRANSLATORS: max 60 cells with short figures: "2 targets marked   free 134.7G
		   reclaimable 94.8G ±0.4   about 13 min" */
		sentence = P_("{n} target marked   free {free}   reclaimable {amount}   {time}",
			      "{n} targets marked   free {free}   reclaimable {amount}   {time}", n);
	else
		/* TRANSLATORS: "2 marked, reclaimable 94.8G ±0.4" */
		sentence = _("{n} marked, reclaimable {amount}");
	draw_fact(g, row, 1, g->cols - 1, FACE_NORMAL, sentence, facts);
}

static void draw(const struct ui *ui, struct grid *g)
{
	struct select_place p = select_place(g->rows, g->cols);

	frame_title(ui, g, NULL);
	if (p.head)
		draw_heading(ui, g, &p);
	for (int i = 0; i < 3; i++) {
		if (p.rule[i])
			draw_line(g, p.rule[i], 0, g->cols, GLYPH_HLINE, FACE_NORMAL);
	}
	select_rows(ui, g, &p);
	if (p.detail_rows)
		select_detail(ui, g, p.detail, p.detail_rows);
	draw_totals(ui, g, p.totals);
	if (p.legend)
		draw_legend(g, p.legend);
}

static void toggle(struct ui *ui)
{
	struct target *t = rows_focused(&ui->select);
	int marked = 0, can;

	if (!t)
		return;
	if (target_wants_consent(t)) {
		ask_consent(ui, t);
		return;
	}
	can = rows_below(&ui->select, t, &marked);
	if (can == 0) {
		select_info(ui);
		return;
	}
	rows_mark(ui, t, marked < can);
}

static void mark_all(struct ui *ui, bool mark)
{
	for (struct target *t = survey_tree(ui->survey); t; t = t->next) {
		if (!mark || !t->system)
			rows_mark(ui, t, mark);
	}
}

static void fold(struct ui *ui, bool fold)
{
	struct select *s = &ui->select;
	struct target *t = rows_focused(s);

	if (!t)
		return;
	if (fold && (!t->children || names_has(&s->folds, t->name)) && t->parent)
		t = t->parent; /* a row in a disk, or a folded one: to what it is in */
	else if (fold && t->children)
		names_add(&s->folds, t->name);
	else
		names_remove(&s->folds, t->name);
	free(s->focus_name);
	s->focus_name = strdup(t->name);
	rows_update(ui);
}

static bool matches(const struct target *t, const char *text)
{
	return strcasestr(t->name, text) || (t->label && strcasestr(t->label, text)) ||
	       (t->fstype && strcasestr(t->fstype, text)) ||
	       (t->model && strcasestr(t->model, text)) ||
	       (t->mountpoints && t->mountpoints[0] && strcasestr(t->mountpoints[0], text));
}

static void search(struct ui *ui, const char *text)
{
	struct select *s = &ui->select;

	if (text[0])
		snprintf(s->search, sizeof(s->search), "%s", text);
	for (size_t i = 1; s->search[0] && i <= s->n; i++) {
		size_t at = (s->focus + i) % s->n;

		if (matches(s->rows[at].t, s->search)) {
			rows_focus(s, at);
			return;
		}
	}
	ui->beep = true;
}

static void add_image(struct ui *ui, const char *name)
{
	struct error err;

	if (!name[0])
		return;
	error_clear(&err);
	if (survey_add(ui->survey, name, &err) != 0) {
		dialog_error(ui, _("It cannot be added"), &err, NULL);
		return;
	}
	survey_update(ui->survey);
	rows_update(ui);
	for (size_t i = 0; i < ui->select.n; i++) {
		if (strcmp(ui->select.rows[i].t->name, name) == 0)
			rows_focus(&ui->select, i);
	}
}

static void rescan(struct ui *ui)
{
	struct error err;

	error_clear(&err);
	if (survey_rescan(ui->survey, &err) != 0)
		dialog_error(ui, _("The devices cannot be read"), &err, NULL);
	survey_update(ui->survey);
	rows_update(ui);
}

static void forward(struct ui *ui)
{
	if (rows_marked(ui, NULL) > 0)
		ui_go(ui, STEP_PLAN);
	else
		dialog_say(ui, _("Nothing is marked"),
			   _("Mark one target or more with Space, then go on with F5."));
}

static void move(struct ui *ui, enum action action)
{
	struct select *s = &ui->select;
	size_t page = (size_t)select_place(ui->rows, ui->cols).list_rows;
	size_t at = s->focus;

	if (action == ACT_UP)
		at -= at > 0;
	else if (action == ACT_DOWN)
		at++;
	else if (action == ACT_PAGE_UP)
		at -= at > page ? page : at;
	else if (action == ACT_PAGE_DOWN)
		at += page;
	else
		at = action == ACT_HOME ? 0 : s->n;
	rows_focus(s, at);
	if (rows_focused(s))
		survey_prefer(ui->survey, rows_focused(s)->name);
}

static void key(struct ui *ui, enum action action)
{
	struct target *t = rows_focused(&ui->select);

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
	case ACT_HOME:
	case ACT_END:
		move(ui, action);
		break;
	case ACT_LEFT:
	case ACT_RIGHT:
		fold(ui, action == ACT_LEFT);
		break;
	case ACT_TOGGLE:
		toggle(ui);
		break;
	case ACT_MARK_ALL:
	case ACT_MARK_NONE:
		mark_all(ui, action == ACT_MARK_ALL);
		break;
	case ACT_ENTER:
		select_info(ui);
		break;
	case ACT_EXACT:
		if (t && (target_can(t) || target_wants_consent(t)))
			survey_exact(ui->survey, t->name);
		break;
	case ACT_SORT:
		ui->select.order = (ui->select.order + 1) % ORDER_COUNT;
		rows_update(ui);
		break;
	case ACT_SEARCH:
		dialog_ask(ui, _("Search"), _("A name, a label or a filesystem:"), "", search);
		break;
	case ACT_IMAGE:
		dialog_ask(ui, _("Add an image"),
			   _("Name of an image file, a device or a mount point:"), "", add_image);
		break;
	case ACT_RESCAN:
		rescan(ui);
		break;
	case ACT_FORWARD:
		forward(ui);
		break;
	default:
		break;
	}
}

const struct screen screen_select = {
	.where = IN_SELECT,
	.help = N_("Reclaimable is what a filesystem does not use and what still holds old data. "
		   "It is found by a random sample of free space, which gets better as long as you "
		   "look: \"83.2G ±0.4\" means that the true figure is within 0.4G in 95 of 100 "
		   "cases; \"exact\", that all was read. Nothing is written in this step."),
	.enter = enter,
	.draw = draw,
	.key = key,
	.leave = leave,
};
