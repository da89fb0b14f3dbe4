/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Questions over the screen: a text, and buttons or a line to type. The focus starts on the button
 * that changes nothing, and Esc means that one. Where the terminal is too narrow the buttons stand
 * below each other, where it is too low the text scrolls: no button is ever out of reach.
 */

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "achica/i18n.h"
#include "ui/ui.h"

#define WIDTH 64

/* Where its parts are. */
struct place {
	int row, col, rows, cols; /* the box */
	int inner;                /* cells of a line of text */
	int text;                 /* rows of it that are seen */
	int all;                  /* rows that it has */
	int gap;                  /* blank rows between the parts */
	bool stacked;
};

static void get_text(const struct ui *ui, char *buf, size_t n)
{
	if (ui->dialog.text)
		ui->dialog.text(ui, buf, n);
	else
		snprintf(buf, n, "%s", ui->dialog.fixed);
}

static int button_cells(const struct dialog *d, int i)
{
	return (int)say_cells(d->buttons[i]) + 4;
}

static int buttons_cells(const struct dialog *d)
{
	int cells = -2;

	for (int i = 0; i < d->n; i++)
		cells += button_cells(d, i) + 2;
	return cells;
}

static struct place find_place(const struct dialog *d, int rows, int cols, const char *text)
{
	struct place p = { .cols = cols < WIDTH ? cols : WIDTH };
	int room = rows - 2; /* the title line and the footer stay */
	int below;

	p.inner = p.cols - 4;
	p.stacked = buttons_cells(d) > p.inner;
	p.all = text_rows(p.inner, text);
	below = p.stacked ? d->n : 1;
	p.gap = p.all + below + 2 + 3 <= room;
	p.text = room - below - 2 - 3 * p.gap;
	if (p.text > p.all)
		p.text = p.all;
	p.rows = p.text + below + 2 + 3 * p.gap;
	p.row = 1 + (room - p.rows) / 2;
	p.col = (cols - p.cols) / 2;
	return p;
}

static void draw_button(struct grid *g, int row, int col, const struct dialog *d, int i)
{
	bool focused = i == d->focus;
	enum face face = focused ? FACE_FOCUS : FACE_NORMAL;
	int cells = button_cells(d, i);

	draw_text(g, row, col, 2, face, "[ ");
	draw_text(g, row, col + 2, cells - 4, face, d->buttons[i]);
	draw_text(g, row, col + cells - 2, 2, face, " ]");
	if (focused)
		draw_cursor(g, row, col + 2);
}

static void draw_buttons(const struct dialog *d, struct grid *g, const struct place *p)
{
	int row = p->row + 1 + p->gap + p->text + p->gap;
	int col = p->col + 2 + (p->inner - buttons_cells(d)) / 2;

	for (int i = 0; i < d->n; i++) {
		if (p->stacked) {
			draw_button(g, row + i, p->col + 2, d, i);
		} else {
			draw_button(g, row, col, d, i);
			col += button_cells(d, i) + 2;
		}
	}
}

/* The first character that is seen, so that the cursor is in the field. */
static size_t first_seen(const struct dialog *d, int width)
{
	size_t first = d->at;
	int cells = 0;

	while (first > 0) {
		int w = wcwidth(d->line[first - 1]);

		cells += w > 0 ? w : 0;
		if (cells > width - 1)
			break;
		first--;
	}
	return first;
}

static int cells_of(const wchar_t *text, size_t n)
{
	int cells = 0;

	for (size_t i = 0; i < n; i++)
		cells += wcwidth(text[i]) > 0 ? wcwidth(text[i]) : 0;
	return cells;
}

static void draw_editor(const struct dialog *d, struct grid *g, int row, int col, int width)
{
	size_t first = first_seen(d, width);
	char text[sizeof(d->line)];
	size_t n = wcstombs(text, d->line + first, sizeof(text) - 1);

	text[n == (size_t)-1 ? 0 : n] = '\0';
	draw_field(g, row, col, width, ALIGN_LEFT, FACE_FOCUS, text);
	draw_cursor(g, row, col + cells_of(d->line + first, d->at - first));
	g->typing = true;
}

/* A terminal below 40x10: the question and the button in one line each. */
static void draw_tiny(const struct dialog *d, struct grid *g)
{
	draw_blank(g, 0, 0, g->rows, g->cols);
	if (g->rows > 1)
		draw_text(g, 0, 0, g->cols, FACE_NORMAL, d->title);
	if (d->editing)
		draw_editor(d, g, 1 < g->rows ? 1 : 0, 0, g->cols);
	else
		draw_button(g, 1 < g->rows ? 1 : 0, 0, d, d->focus);
}

void dialog_draw(const struct ui *ui, struct grid *g)
{
	const struct dialog *d = &ui->dialog;
	char text[DIALOG_TEXT];
	struct place p;
	int top;

	if (layout_of(g->rows, g->cols).tiny) {
		draw_tiny(d, g);
		return;
	}
	get_text(ui, text, sizeof(text));
	p = find_place(d, g->rows, g->cols, text);
	top = d->top < p.all - p.text ? d->top : p.all - p.text;
	draw_blank(g, p.row, p.col, p.rows, p.cols);
	draw_box(g, p.row, p.col, p.rows, p.cols, d->title);
	g->clip_top = p.row + 1 + p.gap;
	g->clip_end = g->clip_top + p.text;
	draw_wrap(g, g->clip_top - top, p.col + 2, p.inner, FACE_NORMAL, text);
	if (top > 0)
		draw_glyph(g, g->clip_top, p.col + p.cols - 2, GLYPH_UP, FACE_NORMAL);
	if (top + p.text < p.all)
		draw_glyph(g, g->clip_end - 1, p.col + p.cols - 2, GLYPH_DOWN, FACE_NORMAL);
	g->clip_top = 0;
	g->clip_end = g->rows;
	if (d->editing)
		draw_editor(d, g, p.row + 1 + p.gap + p.text + p.gap, p.col + 2, p.inner);
	else
		draw_buttons(d, g, &p);
}

struct dialog *dialog_open(struct ui *ui, const char *title)
{
	ui->dialog = (struct dialog){ .open = true, .title = title };
	return &ui->dialog;
}

void dialog_close(struct ui *ui)
{
	ui->dialog = (struct dialog){ 0 };
}

void dialog_say(struct ui *ui, const char *title, const char *text)
{
	struct dialog *d = dialog_open(ui, title);

	snprintf(d->fixed, sizeof(d->fixed), "%s", text);
	d->buttons[d->n++] = C_("button, max 18 cells", "Close");
}

void dialog_error(struct ui *ui, const char *title, const struct error *err,
		  const struct target *t)
{
	char reason[2048], remedy[1024], text[DIALOG_TEXT];
	struct say_fact facts[] = { { "reason", reason }, { "remedy", remedy }, { NULL, NULL } };

	say_reason(err, reason, sizeof(reason));
	say_remedy(err, t, remedy, sizeof(remedy));
	if (remedy[0]) {
		size_t at;

		/* TRANSLATORS: "Reason: its journal has not been replayed." */
		say_fill(text, sizeof(text), _("Reason: {reason}."), facts);
		at = strlen(text);
		snprintf(text + at, sizeof(text) - at, "\n\n");
		at = strlen(text);
		/* TRANSLATORS: "What helps: e2fsck -f /dev/sda1" */
		say_fill(text + at, sizeof(text) - at, _("What helps: {remedy}"), facts);
	} else {
		say_fill(text, sizeof(text), _("Reason: {reason}."), facts);
	}
	dialog_say(ui, title, text);
}

void dialog_ask(struct ui *ui, const char *title, const char *text, const char *initial,
		void (*typed)(struct ui *ui, const char *text))
{
	struct dialog *d = dialog_open(ui, title);
	size_t n = mbstowcs(d->line, initial, sizeof(d->line) / sizeof(d->line[0]) - 1);

	snprintf(d->fixed, sizeof(d->fixed), "%s", text);
	d->editing = true;
	d->typed = typed;
	d->len = d->at = n == (size_t)-1 ? 0 : n;
	d->line[d->len] = L'\0';
}

static void press(struct ui *ui, int button)
{
	void (*done)(struct ui *ui, int button) = ui->dialog.done;

	if (button < 0) { /* no answer is the safe one: it has to be given */
		ui->beep = true;
		return;
	}
	dialog_close(ui);
	if (done)
		done(ui, button);
}

static void accept_line(struct ui *ui)
{
	void (*typed)(struct ui *ui, const char *text) = ui->dialog.typed;
	char text[sizeof(ui->dialog.line)];
	size_t n = wcstombs(text, ui->dialog.line, sizeof(text) - 1);

	text[n == (size_t)-1 ? 0 : n] = '\0';
	if (ui->dialog.wanted[0] && strcmp(text, ui->dialog.wanted) != 0) {
		ui->beep = true;
		return;
	}
	dialog_close(ui);
	if (typed)
		typed(ui, text);
}

static void insert(struct dialog *d, wchar_t c)
{
	if (d->len + 1 >= sizeof(d->line) / sizeof(d->line[0]))
		return;
	wmemmove(d->line + d->at + 1, d->line + d->at, d->len - d->at + 1);
	d->line[d->at++] = c;
	d->len++;
}

static void erase(struct dialog *d, size_t at)
{
	if (at >= d->len)
		return;
	wmemmove(d->line + at, d->line + at + 1, d->len - at);
	d->len--;
	d->at = at;
}

static void edit(struct ui *ui, int key)
{
	struct dialog *d = &ui->dialog;

	if (key == KEY_ARROW_LEFT && d->at > 0)
		d->at--;
	else if (key == KEY_ARROW_RIGHT && d->at < d->len)
		d->at++;
	else if (key == KEY_TO_HOME || key == KEY_CONTROL('a'))
		d->at = 0;
	else if (key == KEY_TO_END || key == KEY_CONTROL('e'))
		d->at = d->len;
	else if (key == KEY_RUBOUT && d->at > 0)
		erase(d, d->at - 1);
	else if (key == KEY_DELETE)
		erase(d, d->at);
	else if (key == KEY_CONTROL('u'))
		d->line[d->len = d->at = 0] = L'\0';
	else if (key < KEY_FIRST && iswprint((wint_t)key))
		insert(d, (wchar_t)key);
}

/* Up and down: through buttons that stand below each other, else through the text. */
static void move(struct ui *ui, enum action action)
{
	struct dialog *d = &ui->dialog;
	bool down = action == ACT_DOWN || action == ACT_PAGE_DOWN;
	bool page = action == ACT_PAGE_UP || action == ACT_PAGE_DOWN;
	char text[DIALOG_TEXT];
	struct place p;

	get_text(ui, text, sizeof(text));
	p = find_place(d, ui->rows, ui->cols, text);
	if (p.stacked && !page) {
		d->focus = (d->focus + (down ? 1 : d->n - 1)) % d->n;
		return;
	}
	d->top += (down ? 1 : -1) * (page ? p.text : 1);
	if (d->top > p.all - p.text)
		d->top = p.all - p.text;
	if (d->top < 0)
		d->top = 0;
}

void dialog_key(struct ui *ui, enum action action, int key)
{
	struct dialog *d = &ui->dialog;

	if (d->editing && action == ACT_ENTER)
		accept_line(ui);
	else if (d->editing && action == ACT_ESCAPE)
		dialog_close(ui);
	else if (action == ACT_UP || action == ACT_DOWN || action == ACT_PAGE_UP ||
		 action == ACT_PAGE_DOWN)
		move(ui, action);
	else if (d->editing)
		edit(ui, key);
	else if (action == ACT_ENTER)
		press(ui, d->focus);
	else if (action == ACT_ESCAPE)
		press(ui, d->safe);
	else if (action == ACT_NEXT)
		d->focus = (d->focus + 1) % d->n;
	else if (action == ACT_PREVIOUS)
		d->focus = (d->focus + d->n - 1) % d->n;
}
