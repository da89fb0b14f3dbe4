/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Step 4: what was done, and the commands for the small copy, which are also printed on leaving. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/ui.h"
#include "ui/zero.h"

/* The first that went wrong, else the first one. */
static size_t first_wrong(const struct zero *z)
{
	for (size_t i = 0; i < z->view.items; i++) {
		if (z->items[i].error.why != WHY_NONE)
			return i;
	}
	return 0;
}

static void enter(struct ui *ui)
{
	result_load(ui);
	report_add(ui);
	ui->result.item = first_wrong(&ui->zero);
	ui->result.on_item = ui->result.n == 0;
}

static void leave(struct ui *ui)
{
	copy_free(ui);
	result_free(&ui->result);
	zero_free(ui);
}

/* Columns; those without a place are left out. */
struct columns {
	int name, name_cells, result, zeroed, was_zero, errors, time;
};

static struct columns place_columns(int cols)
{
	struct columns c = { .name = 5 };

	c.time = cols - 9;
	c.errors = cols >= 80 ? c.time - 9 : 0;
	c.was_zero = cols >= 60 ? (c.errors ? c.errors : c.time) - 10 : 0;
	c.zeroed = (c.was_zero ? c.was_zero : c.time) - 8;
	c.result = c.zeroed - 11;
	c.name_cells = c.result - 1 - c.name;
	return c;
}

/* Nothing was zeroed: the copies leave it out. */
static bool is_all_overlay(const struct zero *z)
{
	for (size_t i = 0; i < z->view.items; i++) {
		if (z->items[i].method != METHOD_OVERLAY)
			return false;
	}
	return true;
}

static void draw_heading(const struct ui *ui, struct grid *g, int row, const struct columns *c)
{
	draw_field(g, row, c->name, c->name_cells, ALIGN_LEFT, FACE_NORMAL,
		   C_("column, max 12 cells", "Target"));
	draw_field(g, row, c->result, 10, ALIGN_LEFT, FACE_NORMAL,
		   C_("column, max 10 cells", "Result"));
	draw_field(g, row, c->zeroed, 7, ALIGN_RIGHT, FACE_NORMAL,
		   is_all_overlay(&ui->zero) ? C_("column, max 7 cells", "Omitted")
					     : C_("column, max 7 cells", "Zeroed"));
	if (c->was_zero)
		draw_field(g, row, c->was_zero, 9, ALIGN_RIGHT, FACE_NORMAL,
			   C_("column, max 9 cells", "Was zero"));
	if (c->errors)
		draw_field(g, row, c->errors, 8, ALIGN_RIGHT, FACE_NORMAL,
			   C_("column, max 8 cells", "Errors"));
	draw_field(g, row, c->time, 8, ALIGN_RIGHT, FACE_NORMAL, C_("column, max 8 cells", "Time"));
}

static void draw_figures(struct grid *g, int row, const struct columns *c, uint64_t zeroed,
			 uint64_t was_zero, uint64_t errors, uint64_t ms)
{
	char text[32];

	draw_field(g, row, c->zeroed, 7, ALIGN_RIGHT, FACE_NORMAL,
		   say_size(zeroed, text, sizeof(text)));
	if (c->was_zero)
		draw_field(g, row, c->was_zero, 9, ALIGN_RIGHT, FACE_NORMAL,
			   say_size(was_zero, text, sizeof(text)));
	if (c->errors)
		draw_field(g, row, c->errors, 8, ALIGN_RIGHT, errors ? FACE_ERROR : FACE_NORMAL,
			   say_size(errors, text, sizeof(text)));
	draw_field(g, row, c->time, 8, ALIGN_RIGHT, FACE_NORMAL,
		   say_clock((int64_t)ms, text, sizeof(text)));
}

static enum face face_of(enum job_phase phase)
{
	return phase == JOB_DONE ? FACE_GOOD
	       : phase == JOB_FAILED || phase == JOB_REFUSED ? FACE_ERROR : FACE_NORMAL;
}

static void draw_item(const struct ui *ui, struct grid *g, int row, const struct columns *c,
		      size_t i)
{
	const struct job_view_item *item = &ui->zero.items[i];
	char number[24];

	snprintf(number, sizeof(number), "%zu.", i + 1);
	draw_field(g, row, 1, 3, ALIGN_RIGHT, FACE_NORMAL, number);
	draw_field(g, row, c->name, c->name_cells, ALIGN_TAIL, FACE_NORMAL,
		   job_target(ui->job, i)->name);
	draw_text(g, row, c->result, 10, face_of(item->phase), say_phase(item->phase));
	draw_figures(g, row, c, item->zeroed, item->was_zero, item->errors, item->elapsed_ms);
	if (!ui->result.on_item || i != ui->result.item)
		return;
	draw_text(g, row, 0, 1, FACE_NORMAL, ">");
	draw_face(g, row, 0, g->cols - 1, FACE_FOCUS);
	draw_cursor(g, row, c->name);
}

static void draw_list(const struct ui *ui, struct grid *g, int row, int rows,
		      const struct columns *c)
{
	size_t n = ui->zero.view.items, page = (size_t)rows;
	size_t first = ui->result.item < page ? 0 : ui->result.item - page + 1;

	for (size_t i = 0; i < page && first + i < n; i++)
		draw_item(ui, g, row + (int)i, c, first + i);
	draw_more(g, row, rows, first > 0, first + page < n);
}

static void draw_sums(const struct ui *ui, struct grid *g, int row, const struct columns *c)
{
	const struct zero *z = &ui->zero;
	uint64_t zeroed = 0, was_zero = 0, errors = 0;

	for (size_t i = 0; i < z->view.items; i++) {
		zeroed += z->items[i].zeroed;
		was_zero += z->items[i].was_zero;
		errors += z->items[i].errors;
	}
	draw_text(g, row, c->name, c->name_cells, FACE_NORMAL, C_("row, max 12 cells", "All"));
	draw_figures(g, row, c, zeroed, was_zero, errors, z->view.elapsed_ms);
}

/* The others give back what is not read: what of it was stale, nobody knows. */
static bool tells_stale(enum method m)
{
	return m == METHOD_WRITE || m == METHOD_FILL;
}

/* What there is to say about the copy, or about a target: the focused one, the first that went
   wrong, the first. */
static void say_note(const struct ui *ui, const char *pm, char *buf, size_t n)
{
	const struct zero *z = &ui->zero;
	size_t i = ui->result.on_item ? ui->result.item : first_wrong(z);
	char reason[2048], remedy[1024], expected[64], found[48];
	struct say_fact facts[] = {
		{ "name", NULL }, { "reason", reason }, { "remedy", remedy },
		{ "expected", expected }, { "found", found }, { NULL, NULL },
	};

	if (ui->copy.convert) {
		copy_say(ui, buf, n);
		return;
	}
	facts[0].value = job_target(ui->job, i)->name;
	if (z->items[i].error.why != WHY_NONE) {
		say_reason(&z->items[i].error, reason, sizeof(reason));
		say_remedy(&z->items[i].error, job_target(ui->job, i), remedy, sizeof(remedy));
		say_fill(buf, n, remedy[0] ? _("{name}: {reason}. What helps: {remedy}")
					   : _("{name}: {reason}."), facts);
		return;
	}
	say_estimate(&z->items[i].estimate, pm, expected, sizeof(expected));
	say_size(z->items[i].zeroed, found, sizeof(found));
	buf[0] = '\0';
	if (z->items[i].method == METHOD_OVERLAY)
		/* TRANSLATORS: "/dev/sda1 was left as it is; its copy leaves out 83.0G." */
		say_fill(buf, n, _("{name} was left as it is; its copy leaves out {found}."),
			 facts);
	else if (z->items[i].estimate.known && tells_stale(z->items[i].method))
		/* TRANSLATORS: "/dev/sda1: 83.2G ±0.4 expected, 83.0G found." */
		say_fill(buf, n, _("{name}: {expected} expected, {found} found."), facts);
}

/* What the proofs of all targets that are done came to; NULL when none was asked for. */
static const char *say_verified(const struct ui *ui)
{
	const struct zero *z = &ui->zero;
	bool asked = false, all = true, fsck = false;

	for (size_t i = 0; i < z->view.items; i++) {
		const struct job_proofs *p = &z->items[i].proofs;

		if (z->items[i].phase != JOB_DONE || p->free == PROOF_NONE)
			continue;
		asked = true;
		all = all && p->free == PROOF_GOOD && p->used == PROOF_GOOD &&
		      (!p->tool || p->fsck == PROOF_GOOD);
		fsck = fsck || p->fsck == PROOF_GOOD;
	}
	if (!asked)
		return NULL;
	if (!all)
		return _("Not all could be verified: the log (l) says what.");
	if (!fsck)
		return _("Verified: what was free is zero, and the rest is as it was.");
	return _("Verified: what was free is zero, the rest is as it was, fsck finds no error.");
}

static void add_verified(const struct ui *ui, char *note, size_t n)
{
	const char *verified = say_verified(ui);
	size_t len = strlen(note);

	if (verified)
		snprintf(note + len, n - len, "%s%s", len ? " " : "", verified);
}

struct place {
	int head, list, list_rows, sums, note, note_rows, title, commands, command_rows, why;
	int why_rows;
};

static struct place place_parts(const struct ui *ui, const struct grid *g, const char *note)
{
	struct layout l = layout_of(g->rows, g->cols);
	int gap = !l.narrow && g->rows >= 20;
	struct place p = { .head = 1 + gap, .list = 2 + gap };
	int n = (int)ui->zero.view.items, room;

	p.why_rows = l.narrow ? 0 : 2;
	p.why = g->rows - 1 - p.why_rows - gap;
	p.note_rows = text_rows(g->cols - 2, note);
	if (p.note_rows > (l.narrow ? 1 : 3))
		p.note_rows = l.narrow ? 1 : 3;
	p.command_rows = (int)(ui->result.n ? ui->result.n : 1);
	room = p.why - p.list - p.note_rows - 1 - 2 * gap - (n > 1);
	if (p.command_rows > room / 2)
		p.command_rows = n > room / 2 ? room / 2 : room - n;
	p.list_rows = n < room - p.command_rows ? n : room - p.command_rows;
	if (p.list_rows < 1)
		p.list_rows = 1;
	p.sums = n > 1 ? p.list + p.list_rows : 0;
	p.note = p.list + p.list_rows + (n > 1) + gap;
	p.title = p.note + p.note_rows + gap;
	p.commands = p.title + 1;
	return p;
}

static void draw_command(const struct ui *ui, struct grid *g, int row, size_t i)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", i + 1);
	draw_field(g, row, 1, 2, ALIGN_RIGHT, FACE_NORMAL, number);
	draw_text(g, row, 5, g->cols - 6, FACE_NORMAL, ui->result.lines[i]);
	if (ui->result.on_item || i != ui->result.focus)
		return;
	draw_text(g, row, 0, 1, FACE_NORMAL, ">");
	draw_face(g, row, 0, g->cols - 1, FACE_FOCUS);
	draw_cursor(g, row, 5);
}

static void draw_commands(const struct ui *ui, struct grid *g, const struct place *p)
{
	const struct result *r = &ui->result;
	size_t rows = p->command_rows > 0 ? (size_t)p->command_rows : 1;
	size_t first = r->focus < rows ? 0 : r->focus - rows + 1;

	if (r->n == 0) {
		draw_wrap(g, p->title, 1, g->cols - 2, FACE_NORMAL,
			  r->trouble ? r->trouble : _("There is no command: nothing was done."));
		return;
	}
	draw_text(g, p->title, 1, g->cols - 2, FACE_NORMAL,
		  g->cols >= 76 ? _("Commands for a small copy (also printed when you leave):")
				: _("Commands for a small copy:"));
	for (size_t i = 0; i < rows && first + i < r->n; i++)
		draw_command(ui, g, p->commands + (int)i, first + i);
	draw_more(g, p->commands, (int)rows, first > 0, first + rows < r->n);
	if (p->why_rows)
		draw_wrap(g, p->why, 1, g->cols - 2, FACE_NORMAL, say_advice(r->uses[r->focus]));
}

static void draw(const struct ui *ui, struct grid *g)
{
	const struct zero *z = &ui->zero;
	struct columns c = place_columns(g->cols);
	const struct result *r = &ui->result;
	char note[DIALOG_TEXT], line[512];
	struct place p;

	if (!ui->job || !z->items)
		return;
	say_note(ui, grid_pm(g), note, sizeof(note));
	if (!ui->copy.convert)
		add_verified(ui, note, sizeof(note));
	if (r->foretold)
		copies_add(g, say_copies_as(&r->copies, r->format, grid_pm(g), line, sizeof(line)),
			   note, sizeof(note));
	p = place_parts(ui, g, note);
	frame_title(ui, g, NULL);
	draw_heading(ui, g, p.head, &c);
	draw_list(ui, g, p.list, p.list_rows, &c);
	if (p.sums)
		draw_sums(ui, g, p.sums, &c);
	g->clip_end = p.note + p.note_rows;
	draw_wrap(g, p.note, 1, g->cols - 2, FACE_NORMAL, note);
	g->clip_end = g->rows - 1;
	draw_commands(ui, g, &p);
	g->clip_end = g->rows;
}

static void save(struct ui *ui, const char *path)
{
	const struct say_fact facts[] = { { "path", path }, { NULL, NULL } };
	char text[2048];
	struct error err;

	if (!path[0])
		return;
	error_clear(&err);
	if (script_write(&ui->result, path, &err) != 0)
		dialog_error(ui, _("The script cannot be written"), &err, NULL);
	else
		/* TRANSLATORS: {path} is a file name. */
		dialog_say(ui, _("The script is written"),
			   say_fill(text, sizeof(text), _("Run it with: sh {path}"), facts));
}

static void new_run(struct ui *ui)
{
	struct error err;

	names_clear(&ui->select.marks);
	ui_go(ui, STEP_SELECT);
	error_clear(&err);
	if (survey_rescan(ui->survey, &err) != 0)
		dialog_error(ui, _("The devices cannot be read"), &err, NULL);
	survey_update(ui->survey);
	rows_update(ui);
}

/* The commands follow the targets. */
static void move(struct ui *ui, bool down)
{
	struct result *r = &ui->result;
	size_t last = ui->zero.view.items - 1;

	if (r->on_item && down && r->item == last)
		r->on_item = r->n == 0;
	else if (r->on_item && down)
		r->item++;
	else if (r->on_item)
		r->item -= r->item > 0;
	else if (down)
		r->focus += r->focus + 1 < r->n;
	else if (r->focus > 0)
		r->focus--;
	else
		r->on_item = true;
}

static void move_page(struct ui *ui, bool down)
{
	for (int i = 0; i < 5; i++)
		move(ui, down);
}

static void key(struct ui *ui, enum action action)
{
	struct result *r = &ui->result;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		move(ui, action == ACT_DOWN);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		move_page(ui, action == ACT_PAGE_DOWN);
		break;
	case ACT_SAVE:
		if (r->n)
			dialog_ask(ui, _("Write the commands into a script"),
				   _("Name of a new file:"), "achica-convert.sh", save);
		else
			ui->beep = true;
		break;
	case ACT_LOG:
		pager_open(ui, PAGER_LOG);
		break;
	case ACT_FORMAT:
		if (r->n)
			result_next_format(ui);
		else
			ui->beep = true;
		break;
	case ACT_CONVERT:
		copy_key(ui);
		break;
	case ACT_NEW:
		if (copy_runs(ui))
			ui->beep = true;
		else
			new_run(ui);
		break;
	default:
		break;
	}
}

const struct screen screen_result = {
	.where = IN_RESULT,
	.help = N_(
		"Up goes to the targets, each with what there is to say about it. "
		"The commands make a qcow2 image in which zeros take no room, compare it with its "
		"source and check it; x runs them now, for a copy under a new name. Nothing "
		"replaces the source. On the screen a long line ends "
		"in ~; what is printed when you leave, and what the script has, is whole."),
	.enter = enter,
	.draw = draw,
	.key = key,
	.leave = leave,
};
