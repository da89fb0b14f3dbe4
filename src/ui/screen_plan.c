/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Step 2: what will be done, with the gate's answer for each target. The focus starts on Back, and
 * Start needs two keys which are the same on every keyboard: Right and Enter. The answer of the
 * gate is only for the eye: the run asks again, under its locks.
 */

#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "ui/plan.h"
#include "ui/ui.h"

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		target_free(p->items[i].t);
	free(p->items);
	p->items = NULL;
	p->n = 0;
}

static void ask_all(struct ui *ui)
{
	struct plan *p = &ui->plan;
	struct target **targets = calloc(p->n + 1, sizeof(struct target *));
	enum method *methods = calloc(p->n + 1, sizeof(*methods));

	for (size_t i = 0; targets && methods && i < p->n; i++) {
		targets[i] = target_find(survey_tree(ui->survey), p->items[i].t->name);
		methods[i] = p->items[i].method;
	}
	if (targets && methods)
		checks_ask(ui->checks, targets, methods, p->n);
	free(targets);
	free(methods);
}

/* A copy of each target has no disk above it any more: what shares one is found before. */
static void take(struct plan *p, struct target **marked, size_t n, enum method m)
{
	size_t *groups = calloc(n + 1, sizeof(*groups));

	p->items = calloc(n + 1, sizeof(*p->items));
	if (groups)
		target_groups((const struct target *const *)marked, n, groups);
	for (size_t i = 0; p->items && groups && i < n; i++) {
		struct target *copy = target_copy(marked[i]);

		if (copy)
			p->items[p->n++] = (struct plan_item){ .t = copy, .method = m,
							       .group = groups[i] };
	}
	free(groups);
}

static void enter(struct ui *ui)
{
	struct plan *p = &ui->plan;
	struct target **marked;
	size_t n = rows_marked(ui, &marked);

	survey_pause(ui->survey, true);
	plan_free(p);
	take(p, marked, n, ui->options->job.method);
	free(marked);
	p->focus = p->n + FIELD_BACK;
	p->eager = false;
	ask_all(ui);
}

static void leave(struct ui *ui)
{
	checks_ask(ui->checks, NULL, NULL, 0);
}

static bool is_settled(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->items[i].check.state < CHECK_OK)
			return false;
	}
	return p->n > 0;
}

static size_t count_ok(const struct plan *p)
{
	size_t ok = 0;

	for (size_t i = 0; i < p->n; i++)
		ok += p->items[i].check.state == CHECK_OK;
	return ok;
}

/* What there is to say about the focused target, or about the first that is refused. */
static const struct plan_item *spoken_of(const struct plan *p)
{
	if (p->focus < p->n)
		return &p->items[p->focus];
	for (size_t i = 0; i < p->n; i++) {
		if (p->items[i].check.state == CHECK_REFUSED)
			return &p->items[i];
	}
	return p->n ? &p->items[0] : NULL;
}

/* Whether it is on a real disk that is not in use: such a disk may be the only copy, or failing. */
static bool is_disk(const struct target *t)
{
	return !target_is_mounted(t) && !t->backing && strncmp(t->path, "/dev/", 5) == 0 &&
	       strncmp(t->path, "/dev/loop", 9) != 0;
}

static void say_note(const struct plan_item *item, char *buf, size_t n)
{
	char reason[2048], remedy[1024];
	const struct say_fact facts[] = {
		{ "name", short_name(item->t) }, { "method", say_method(plan_method(item)) },
		{ "why", say_method_why(plan_method(item)) }, { "reason", reason },
		{ "remedy", remedy }, { NULL, NULL },
	};

	if (item->check.state == CHECK_REFUSED) {
		say_reason(&item->check.error, reason, sizeof(reason));
		say_remedy(&item->check.error, item->t, remedy, sizeof(remedy));
		/* TRANSLATORS: "sda1: it is mounted on /srv. What helps: umount /srv" */
		say_fill(buf, n,
			 remedy[0] ? _("{name}: {reason}. What helps: {remedy}")
				   /* TRANSLATORS: "sda1: its journal has not been replayed." */
				   : _("{name}: {reason}."),
			 facts);
	} else if (plan_method(item) != METHOD_OVERLAY && target_is_mounted(item->t)) {
		/* TRANSLATORS: "sda1: trim. It is mounted, and discard ... Unmounting it ..." */
		say_fill(buf, n,
			 _("{name}: {method}. {why} Unmounting it and working on it directly is "
			   "faster and safer."),
			 facts);
	} else if (target_option(item->t)) {
		/* TRANSLATORS: "sda4: ALL of it is cleared, as you agreed to. Method: punch ..." */
		say_fill(buf, n,
			 _("{name}: ALL of it is cleared, as you agreed to. Method: {method}. "
			   "{why}"),
			 facts);
	} else if (plan_method(item) != METHOD_OVERLAY && is_disk(item->t)) {
		/* TRANSLATORS: "sda1: write zeros. Free space is ... The method overlay ..." */
		say_fill(buf, n,
			 _("{name}: {method}. {why} The method overlay (key m) leaves a disk "
			   "untouched, and is recommended where only a copy of it is wanted."),
			 facts);
	} else {
		/* TRANSLATORS: "sda1: punch holes. The host can take the free space back: ..." */
		say_fill(buf, n, _("{name}: {method}. {why}"), facts);
	}
}

static bool is_planned(const struct ui *ui, const struct target *t)
{
	for (size_t i = 0; i < ui->plan.n; i++) {
		const struct plan_item *item = &ui->plan.items[i];

		if (strcmp(item->t->name, t->name) == 0)
			return item->check.state != CHECK_REFUSED;
	}
	return false;
}

static void draw_field_row(const struct ui *ui, struct grid *g, int row, size_t field,
			   const char *text)
{
	bool focused = ui->plan.focus == ui->plan.n + field;
	int cells = draw_text(g, row, 1, g->cols - 2, FACE_NORMAL, text);

	if (!focused)
		return;
	draw_text(g, row, 0, 1, FACE_NORMAL, ">");
	draw_face(g, row, 0, cells + 2, FACE_FOCUS);
	draw_cursor(g, row, 2);
}

static void draw_options(const struct ui *ui, struct grid *g, int row)
{
	char text[512], rate[32];
	const struct say_fact facts[] = {
		{ "mark", ui->plan.verify ? "[x]" : "[ ]" }, { "rate", rate }, { NULL, NULL },
	};

	/* TRANSLATORS: "[x] verify: zeros, files, fsck". {mark} is the box; what is verified. */
	say_fill(text, sizeof(text), _("{mark} verify: zeros, files, fsck"), facts);
	draw_field_row(ui, g, row, FIELD_VERIFY, text);
	if (ui->plan.max_rate)
		say_rate(ui->plan.max_rate, rate, sizeof(rate));
	else
		snprintf(rate, sizeof(rate), "%s", C_("rate, max 12 cells", "no limit"));
	/* TRANSLATORS: "[200 MB/s] maximum rate". */
	say_fill(text, sizeof(text), _("[{rate}] maximum rate"), facts);
	draw_field_row(ui, g, row + 1, FIELD_RATE, text);
}

static int draw_button(const struct ui *ui, struct grid *g, int row, int col, size_t field,
		       const char *label)
{
	bool focused = ui->plan.focus == ui->plan.n + field;
	char text[128];
	int cells;

	snprintf(text, sizeof(text), "[ %s ]", label);
	cells = draw_text(g, row, col, g->cols - col, focused ? FACE_FOCUS : FACE_NORMAL, text);
	if (focused)
		draw_cursor(g, row, col + 2);
	return cells;
}

static void draw_buttons(const struct ui *ui, struct grid *g, int row)
{
	const char *back = C_("button, max 16 cells", "< Back");
	const char *start = C_("button, max 16 cells", "Start");
	int cells = (int)(say_cells(back) + say_cells(start)) + 8 + 6;
	int col = g->cols > cells + 2 ? (g->cols - cells) / 2 : 1;

	col += draw_button(ui, g, row, col, FIELD_BACK, back) + (g->cols > cells + 2 ? 6 : 1);
	draw_button(ui, g, row, col, FIELD_START, start);
}

/* The list scrolls so that the focused target is seen. */
static size_t first_item(const struct plan *p, size_t rows)
{
	size_t focus = p->focus < p->n ? p->focus : 0;

	if (p->n <= rows || rows == 0)
		return 0;
	return focus < rows ? 0 : focus - rows + 1;
}

/* Whether any target is written to. */
static bool writes(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (plan_method(&p->items[i]) != METHOD_OVERLAY)
			return true;
	}
	return p->n == 0;
}

static void say_intro(const struct plan *p, char *buf, size_t n)
{
	char number[24];
	const struct say_fact facts[] = { { "n", number }, { NULL, NULL } };

	snprintf(number, sizeof(number), "%zu", p->n);
	if (!writes(p)) {
		/* TRANSLATORS: {n} is a number. */
		say_fill(buf, n,
			 P_("achica will leave {n} target as it is: small files called overlays "
			    "tell which space is free, and copies made with them leave it out.",
			    "achica will leave {n} targets as they are: small files called "
			    "overlays tell which space is free, and copies made with them leave "
			    "it out.",
			    p->n),
			 facts);
		return;
	}
	/* TRANSLATORS: {n} is a number. */
	say_fill(buf, n,
		 P_("achica will make the FREE space of {n} target zero. Files are not touched. "
		    "Deleted files in that space can NOT be recovered afterwards.",
		    "achica will make the FREE space of {n} targets zero. Files are not touched. "
		    "Deleted files in that space can NOT be recovered afterwards.",
		    p->n),
		 facts);
}

/* Where the parts are: from above the introduction and the list, from below all else. */
struct place {
	int intro, intro_rows, head, list, list_rows, sums, note, note_rows, options, buttons,
		status;
};

static struct place place_parts(const struct ui *ui, const struct grid *g, const char *intro,
				const char *note)
{
	struct layout l = layout_of(g->rows, g->cols);
	int gap = !l.narrow && g->rows >= 20;
	struct place p = { .intro = 1 + gap, .status = g->rows - 2 };
	int above, room;

	p.buttons = p.status - 1 - gap;
	p.options = p.buttons - gap - 2;
	p.intro_rows = text_rows(g->cols - 2, intro);
	if (l.narrow && p.intro_rows > 2)
		p.intro_rows = g->rows >= 14 ? 2 : 0;
	above = p.intro + p.intro_rows + gap;
	room = p.options - gap - above;
	p.note_rows = text_rows(g->cols - 2, note);
	if (p.note_rows > room - 2 - gap - 2 * !l.narrow)
		p.note_rows = room - 2 - gap - 2 * !l.narrow;
	if (p.note_rows < 0)
		p.note_rows = 0;
	p.head = l.narrow ? 0 : above;
	p.list = above + !l.narrow;
	p.list_rows = room - !l.narrow - p.note_rows - gap - (ui->plan.n > 1);
	if (p.list_rows > (int)ui->plan.n)
		p.list_rows = (int)ui->plan.n;
	p.sums = ui->plan.n > 1 ? p.list + p.list_rows : 0;
	p.note = p.list + p.list_rows + (p.sums > 0) + gap;
	return p;
}

static const char *status_of(const struct plan *p, int cols)
{
	if (cols < 60 && is_settled(p) && count_ok(p) > 0)
		return _("Nothing has been written yet.");
	if (!is_settled(p))
		return p->eager ? _("Checking; starts when all is ok. Esc: do not start.")
				: _("Checking; nothing has been written yet.");
	if (count_ok(p) == 0)
		return _("Nothing can be started. Nothing has been written.");
	if (count_ok(p) < p->n)
		return _("Refused targets are left out. Nothing has been written yet.");
	return _("Nothing has been written yet.");
}

static void draw_clipped(struct grid *g, int row, int rows, const char *text)
{
	g->clip_end = row + rows;
	draw_wrap(g, row, 1, g->cols - 2, FACE_NORMAL, text);
	g->clip_end = g->rows;
}

static void draw(const struct ui *ui, struct grid *g)
{
	struct plan_columns c = plan_columns(g->cols);
	const struct plan_item *item = spoken_of(&ui->plan);
	char intro[1024], note[DIALOG_TEXT] = "", line[512];
	struct forecast_sum copies;
	struct place p;
	size_t first;

	say_intro(&ui->plan, intro, sizeof(intro));
	if (item)
		say_note(item, note, sizeof(note));
	if (copies_sum(ui, is_planned, &copies))
		copies_add(g, say_copies(&copies, false, grid_pm(g), line, sizeof(line)), note,
			   sizeof(note));
	p = place_parts(ui, g, intro, note);
	frame_title(ui, g, NULL);
	draw_clipped(g, p.intro, p.intro_rows, intro);
	if (p.head)
		plan_heading(g, p.head, &c);
	first = first_item(&ui->plan, (size_t)p.list_rows);
	for (int i = 0; i < p.list_rows; i++)
		plan_row(ui, g, p.list + i, &c, first + (size_t)i);
	draw_more(g, p.list, p.list_rows, first > 0, first + (size_t)p.list_rows < ui->plan.n);
	if (p.sums)
		plan_sums(ui, g, p.sums, &c);
	draw_clipped(g, p.note, p.note_rows, note);
	draw_options(ui, g, p.options);
	draw_buttons(ui, g, p.buttons);
	draw_text(g, p.status, 1, g->cols - 2, FACE_NORMAL, status_of(&ui->plan, g->cols));
}

/* Those that may fit, automatic first; whether one does, the gate says. */
static const enum method *methods_for(const struct target *t)
{
	static const enum method mounted[] = { METHOD_AUTO, METHOD_TRIM, METHOD_FILL,
					       METHOD_COUNT };
	static const enum method direct[] = { METHOD_AUTO, METHOD_PUNCH, METHOD_WRITE,
					      METHOD_OVERLAY, METHOD_COUNT };
	static const enum method read_only[] = { METHOD_AUTO, METHOD_OVERLAY, METHOD_COUNT };

	if (t->method == METHOD_OVERLAY)
		return read_only;
	return target_is_mounted(t) ? mounted : direct;
}

/* Where m is among them, or their end. */
static const enum method *find_method(const struct target *t, enum method m)
{
	const enum method *at = methods_for(t);

	while (*at != METHOD_COUNT && *at != m)
		at++;
	return at;
}

static void set_method(struct ui *ui, size_t i, enum method m)
{
	struct plan_item *item = &ui->plan.items[i];

	if (*find_method(item->t, m) == METHOD_COUNT)
		return;
	item->method = m;
	item->check.state = CHECK_WAITING;
	checks_ask_again(ui->checks, i, m);
}

/* Of the focused target; while none is, all that can take what comes after the first one's. */
static void next_method(struct ui *ui)
{
	struct plan *p = &ui->plan;
	size_t first = p->focus < p->n ? p->focus : 0;
	size_t end = p->focus < p->n ? p->focus + 1 : p->n;
	const enum method *at;
	enum method next;

	if (first >= end)
		return;
	at = find_method(p->items[first].t, p->items[first].method);
	next = at[0] == METHOD_COUNT || at[1] == METHOD_COUNT ? METHOD_AUTO : at[1];
	for (size_t i = first; i < end; i++)
		set_method(ui, i, next);
}

/* Before all is checked the wish is kept; any other key takes it back. */
static void start(struct ui *ui)
{
	struct plan *p = &ui->plan;

	if (!is_settled(p))
		p->eager = true;
	else if (count_ok(p) == 0)
		ui->beep = true;
	else
		ui_go(ui, STEP_ZERO);
}

void plan_update(struct ui *ui)
{
	struct plan *p = &ui->plan;

	checks_ack(ui->checks);
	for (size_t i = 0; i < p->n; i++)
		checks_result(ui->checks, i, &p->items[i].check);
	if (!p->eager || !is_settled(p))
		return;
	p->eager = false;
	if (count_ok(p) == p->n && !ui->dialog.open && !ui->pager)
		ui_go(ui, STEP_ZERO);
	else
		ui->beep = true; /* something is refused: the user has to see that first */
}

static void activate(struct ui *ui, bool by_enter)
{
	struct plan *p = &ui->plan;
	size_t field = p->focus - p->n;

	if (p->focus < p->n)
		next_method(ui);
	else if (field == FIELD_VERIFY)
		p->verify = !p->verify;
	else if (field == FIELD_RATE)
		p->max_rate = next_rate(p->max_rate, false) == p->max_rate
			      ? 0 : next_rate(p->max_rate, false);
	else if (by_enter && field == FIELD_BACK)
		ui_go(ui, STEP_SELECT);
	else if (by_enter)
		start(ui);
}

static void sideways(struct plan *p, bool right)
{
	size_t field = p->focus - p->n;

	if (p->focus >= p->n && field == FIELD_RATE)
		p->max_rate = next_rate(p->max_rate, right);
	else if (p->focus >= p->n && field >= FIELD_BACK)
		p->focus = p->n + (right ? FIELD_START : FIELD_BACK);
}

static void key(struct ui *ui, enum action action)
{
	struct plan *p = &ui->plan;
	size_t fields = p->n + FIELD_COUNT;
	bool waiting = p->eager;

	p->eager = false;
	if (waiting && action == ACT_ESCAPE)
		return;
	if (action == ACT_DOWN || action == ACT_NEXT)
		p->focus = (p->focus + 1) % fields;
	else if (action == ACT_UP || action == ACT_PREVIOUS)
		p->focus = (p->focus + fields - 1) % fields;
	else if (action == ACT_LEFT || action == ACT_RIGHT)
		sideways(p, action == ACT_RIGHT);
	else if (action == ACT_TOGGLE || action == ACT_ENTER)
		activate(ui, action == ACT_ENTER);
	else if (action == ACT_METHOD)
		next_method(ui);
	else if (action == ACT_ESCAPE)
		ui_go(ui, STEP_SELECT);
}

const struct screen screen_plan = {
	.where = IN_PLAN,
	.help = N_(
		"Every target was checked just now: nobody else uses it, its filesystem is clean "
		"and understood, and its list of free blocks is plausible. All this is checked "
		"again when the work starts, under exclusive locks. Times are guesses from what "
		"disks of that kind do at least, the proofs of verify included but for its fsck; "
		"different disks are worked on at the same time. To start, move to Start with "
		"Right and press Enter."),
	.enter = enter,
	.draw = draw,
	.key = key,
	.leave = leave,
};
