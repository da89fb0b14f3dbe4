/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Drawing into a grid. A character that does not fit with all its cells is not drawn at all, so a
 * line is never cut inside one; and a row or column outside the grid is simply not drawn, so that
 * a screen need not count for every size.
 */

#include "ui/draw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN 4096 /* bytes of one text that can be seen at most */

/* What the Linux console has in nearly all of its fonts. */
static const struct {
	wchar_t utf8;
	char ascii;
} signs[GLYPH_COUNT] = {
	[GLYPH_NONE] = { L' ', ' ' },
	[GLYPH_USED] = { 0x2588, '#' },
	[GLYPH_STALE] = { 0x2592, '*' },
	[GLYPH_ZEROED] = { 0x2591, 'o' },
	[GLYPH_ZERO] = { 0x00b7, '.' },
	[GLYPH_HEAD] = { 0x25b6, '>' },
	[GLYPH_ERROR] = { L'!', '!' },
	[GLYPH_DONE] = { 0x2588, '=' },
	[GLYPH_TODO] = { 0x2592, '.' },
	[GLYPH_HLINE] = { 0x2500, '-' },
	[GLYPH_VLINE] = { 0x2502, '|' },
	[GLYPH_ULCORNER] = { 0x250c, '+' },
	[GLYPH_URCORNER] = { 0x2510, '+' },
	[GLYPH_LLCORNER] = { 0x2514, '+' },
	[GLYPH_LRCORNER] = { 0x2518, '+' },
	[GLYPH_LTEE] = { 0x251c, '+' },
	[GLYPH_RTEE] = { 0x2524, '+' },
	[GLYPH_UP] = { 0x25b2, '^' },
	[GLYPH_DOWN] = { 0x25bc, 'v' },
	[GLYPH_OPEN] = { 0x25bc, 'v' },
	[GLYPH_FOLDED] = { 0x25b6, '>' },
};

int grid_size(struct grid *g, int rows, int cols)
{
	struct cell *cells = calloc((size_t)rows * (size_t)cols, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	free(g->cells);
	g->cells = cells;
	g->rows = rows;
	g->cols = cols;
	grid_clear(g);
	return 0;
}

void grid_clear(struct grid *g)
{
	memset(g->cells, 0, (size_t)g->rows * (size_t)g->cols * sizeof(*g->cells));
	g->clip_top = 0;
	g->clip_end = g->rows;
	g->cursor_row = g->cursor_col = 0;
	g->typing = false;
	g->overprints = 0;
}

void grid_free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
}

const struct cell *grid_cell(const struct grid *g, int row, int col)
{
	return &g->cells[row * g->cols + col];
}

wchar_t grid_sign(const struct grid *g, enum glyph glyph)
{
	return g->utf8 ? signs[glyph].utf8 : (wchar_t)signs[glyph].ascii;
}

const char *grid_pm(const struct grid *g)
{
	return g->utf8 ? "\302\261" : "+-";
}

static void print_char(FILE *out, wchar_t c)
{
	char bytes[16];
	mbstate_t state = { 0 };
	size_t n = wcrtomb(bytes, c, &state);

	if (n == (size_t)-1)
		fputc('?', out);
	else
		fwrite(bytes, 1, n, out);
}

static void print_cell(const struct grid *g, const struct cell *c, FILE *out)
{
	if (c->half)
		return;
	if (c->glyph || c->text[0] == 0) {
		print_char(out, grid_sign(g, c->glyph));
		return;
	}
	for (int i = 0; i < CELL_CHARS && c->text[i]; i++)
		print_char(out, c->text[i]);
}

void grid_print(const struct grid *g, FILE *out)
{
	for (int row = 0; row < g->rows; row++) {
		int end = g->cols;

		while (end > 0 && !grid_cell(g, row, end - 1)->drawn)
			end--;
		for (int col = 0; col < end; col++)
			print_cell(g, grid_cell(g, row, col), out);
		fputc('\n', out);
	}
}

static bool is_inside(const struct grid *g, int row, int col)
{
	return row >= g->clip_top && row < g->clip_end && row < g->rows && row >= 0 && col >= 0 &&
	       col < g->cols;
}

/* The cell to draw in, blank; NULL outside. */
static struct cell *take_cell(struct grid *g, int row, int col, enum face face, bool seen)
{
	struct cell *c;

	if (!is_inside(g, row, col))
		return NULL;
	c = &g->cells[row * g->cols + col];
	if (c->drawn && seen)
		g->overprints++;
	*c = (struct cell){ .face = (unsigned char)face, .drawn = c->drawn || seen };
	return c;
}

static void put_char(struct grid *g, int row, int col, enum face face, wchar_t ch, int width)
{
	struct cell *c = take_cell(g, row, col, face, ch != L' ');

	if (c)
		c->text[0] = ch;
	if (width == 2 && (c = take_cell(g, row, col + 1, face, true)))
		c->half = true;
}

/* Adds an accent to the character before it. */
static void combine(struct grid *g, int row, int col, wchar_t ch)
{
	struct cell *c;

	if (!is_inside(g, row, col))
		return;
	c = &g->cells[row * g->cols + col];
	for (int i = 1; i < CELL_CHARS; i++) {
		if (!c->text[i]) {
			c->text[i] = ch;
			return;
		}
	}
}

/* The next character of cleaned text, and its cells. Returns its bytes. */
static size_t next_char(const char *text, wchar_t *ch, int *width)
{
	mbstate_t state = { 0 };
	size_t n = mbrtowc(ch, text, MB_CUR_MAX, &state);

	if (n == 0 || n > MB_CUR_MAX) {
		*ch = L'?';
		*width = 1;
		return 1;
	}
	*width = wcwidth(*ch);
	if (*width < 0) {
		*ch = L'?';
		*width = 1;
	}
	return n;
}

/* Draws cleaned text; bytes more of it at most. */
static int draw_clean(struct grid *g, int row, int col, int width, enum face face,
		      const char *text, size_t bytes)
{
	const char *end = text + bytes;
	int at = 0;

	while (text < end) {
		wchar_t ch;
		int cells;

		text += next_char(text, &ch, &cells);
		if (cells == 0 && at > 0)
			combine(g, row, col + at - 1, ch);
		if (at + cells > width)
			break;
		if (cells > 0)
			put_char(g, row, col + at, face, ch, cells);
		at += cells;
	}
	return at;
}

/* Bytes of cleaned text which fill at most width cells; *cells: how many they fill. */
static size_t fit(const char *text, int width, int *cells)
{
	size_t at = 0;

	*cells = 0;
	while (text[at]) {
		wchar_t ch;
		int w;
		size_t n = next_char(text + at, &ch, &w);

		if (*cells + w > width)
			break;
		*cells += w;
		at += n;
	}
	return at;
}

/* Cleaned text of at most width cells at the end of text. */
static const char *tail_of(const char *text, int width)
{
	int cells = (int)say_cells(text);

	while (*text && cells > width) {
		wchar_t ch;
		int w;

		text += next_char(text, &ch, &w);
		cells -= w;
	}
	return text;
}

static int draw_cut(struct grid *g, int row, int col, int width, enum face face, const char *text)
{
	int cells;
	size_t bytes = fit(text, width, &cells);

	if (!text[bytes])
		return draw_clean(g, row, col, width, face, text, bytes);
	bytes = fit(text, width - 1, &cells);
	draw_clean(g, row, col, width, face, text, bytes);
	put_char(g, row, col + cells, face, L'~', 1);
	return cells + 1;
}

int draw_text(struct grid *g, int row, int col, int width, enum face face, const char *text)
{
	char clean[CLEAN];

	if (col + width > g->cols)
		width = g->cols - col;
	if (width <= 0)
		return 0;
	return draw_cut(g, row, col, width, face, say_clean(text, clean, sizeof(clean)));
}

/* Of a path whole parts are kept, where that leaves enough of it. "~/" would be a home folder. */
static int draw_tail(struct grid *g, int row, int col, int width, enum face face, const char *text)
{
	int dots = width < 8 ? 1 : 3;
	const char *tail = tail_of(text, width - dots);
	const char *part = strchr(tail, '/');

	if (part && (int)say_cells(part) >= width / 2)
		tail = part;
	for (int i = 0; i < dots; i++)
		put_char(g, row, col + i, face, dots == 1 ? L'~' : L'.', 1);
	return dots + draw_cut(g, row, col + dots, width - dots, face, tail);
}

int draw_field(struct grid *g, int row, int col, int width, enum align align, enum face face,
	       const char *text)
{
	char clean[CLEAN];
	int cells, at = col;

	if (col + width > g->cols)
		width = g->cols - col;
	if (width <= 0)
		return 0;
	for (int i = 0; i < width; i++)
		put_char(g, row, col + i, face, L' ', 1);
	cells = (int)say_cells(say_clean(text, clean, sizeof(clean)));
	if (align == ALIGN_TAIL && cells > width)
		return draw_tail(g, row, col, width, face, clean);
	if (cells < width && align == ALIGN_RIGHT)
		at += width - cells;
	else if (cells < width && align == ALIGN_CENTER)
		at += (width - cells) / 2;
	return draw_cut(g, row, at, width, face, clean);
}

int draw_fact(struct grid *g, int row, int col, int width, enum face face, const char *sentence,
	      const struct say_fact *facts)
{
	char text[CLEAN];

	return draw_text(g, row, col, width, face, say_fill(text, sizeof(text), sentence, facts));
}

/* Bytes of text for one line of at most width cells, broken at a blank where there is one; *skip:
   bytes of the blank after them. */
static size_t line_of(const char *text, int width, size_t *skip)
{
	size_t line = strcspn(text, "\n");
	int cells;
	size_t bytes = fit(text, width, &cells);
	size_t at = bytes;

	*skip = 0;
	if (bytes >= line) {
		*skip = text[line] == '\n';
		return line;
	}
	while (at > 0 && text[at] != ' ')
		at--;
	if (at == 0)
		return bytes > 0 ? bytes : strlen(text);
	while (text[at + *skip] == ' ')
		++*skip;
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at;
}

/* Cleaned but for line ends, which stay. */
static void clean_lines(const char *text, char *buf, size_t n)
{
	char line[CLEAN];
	size_t at = 0;

	buf[0] = '\0';
	while (*text && at + 1 < n) {
		size_t len = strcspn(text, "\n");

		if (len >= sizeof(line))
			len = sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = '\0';
		say_clean(line, buf + at, n - at);
		at += strlen(buf + at);
		text += len;
		if (*text == '\n' && at + 1 < n) {
			buf[at++] = '\n';
			buf[at] = '\0';
			text++;
		}
	}
}

static int wrap(struct grid *g, int row, int col, int width, enum face face, const char *text)
{
	char clean[CLEAN];
	const char *at = clean;
	int rows = 0;

	if (width <= 0)
		return 0;
	clean_lines(text, clean, sizeof(clean));
	while (*at) {
		size_t skip;
		size_t len = line_of(at, width, &skip);

		if (g)
			draw_clean(g, row + rows, col, width, face, at, len);
		at += len + skip;
		rows++;
	}
	return rows;
}

int draw_wrap(struct grid *g, int row, int col, int width, enum face face, const char *text)
{
	return wrap(g, row, col, col + width > g->cols ? g->cols - col : width, face, text);
}

int text_rows(int width, const char *text)
{
	return wrap(NULL, 0, 0, width, FACE_NORMAL, text);
}

void draw_glyph(struct grid *g, int row, int col, enum glyph glyph, enum face face)
{
	struct cell *c = take_cell(g, row, col, face, glyph != GLYPH_NONE);

	if (c)
		c->glyph = (unsigned char)glyph;
}

void draw_more(struct grid *g, int row, int rows, bool above, bool below)
{
	if (rows < 1)
		return;
	if (above && (rows > 1 || !below))
		draw_glyph(g, row, g->cols - 1, GLYPH_UP, FACE_NORMAL);
	if (below)
		draw_glyph(g, row + rows - 1, g->cols - 1, GLYPH_DOWN, FACE_NORMAL);
}

void draw_line(struct grid *g, int row, int col, int width, enum glyph glyph, enum face face)
{
	for (int i = 0; i < width; i++)
		draw_glyph(g, row, col + i, glyph, face);
}

void draw_blank(struct grid *g, int row, int col, int rows, int cols)
{
	for (int r = row; r < row + rows; r++) {
		for (int c = col; c < col + cols; c++) {
			if (is_inside(g, r, c))
				g->cells[r * g->cols + c] = (struct cell){ 0 };
		}
	}
}

void draw_box(struct grid *g, int row, int col, int rows, int cols, const char *title)
{
	int last = row + rows - 1, right = col + cols - 1;
	int used = 0;

	if (title && title[0] && cols > 8) {
		used = draw_text(g, row, col + 3, cols - 6, FACE_NORMAL, title) + 2;
		draw_line(g, row, col + 1, 1, GLYPH_HLINE, FACE_NORMAL);
	}
	draw_line(g, row, col + 1 + (used ? used + 1 : 0), cols - 2 - (used ? used + 1 : 0),
		  GLYPH_HLINE, FACE_NORMAL);
	draw_line(g, last, col + 1, cols - 2, GLYPH_HLINE, FACE_NORMAL);
	for (int r = row + 1; r < last; r++) {
		draw_glyph(g, r, col, GLYPH_VLINE, FACE_NORMAL);
		draw_glyph(g, r, right, GLYPH_VLINE, FACE_NORMAL);
	}
	draw_glyph(g, row, col, GLYPH_ULCORNER, FACE_NORMAL);
	draw_glyph(g, row, right, GLYPH_URCORNER, FACE_NORMAL);
	draw_glyph(g, last, col, GLYPH_LLCORNER, FACE_NORMAL);
	draw_glyph(g, last, right, GLYPH_LRCORNER, FACE_NORMAL);
}

void draw_face(struct grid *g, int row, int col, int width, enum face face)
{
	for (int c = col; c < col + width; c++) {
		if (is_inside(g, row, c))
			g->cells[row * g->cols + c].face = (unsigned char)face;
	}
}

void draw_progress(struct grid *g, int row, int col, int width, unsigned permille)
{
	int inner = g->utf8 ? width : width - 2;
	int done;

	if (inner <= 0)
		return;
	if (permille > 1000)
		permille = 1000;
	done = (int)((unsigned)inner * permille / 1000);
	if (!g->utf8) {
		put_char(g, row, col, FACE_NORMAL, L'[', 1);
		put_char(g, row, col + 1 + inner, FACE_NORMAL, L']', 1);
		col++;
	}
	draw_line(g, row, col, done, GLYPH_DONE, FACE_NORMAL);
	draw_line(g, row, col + done, inner - done, GLYPH_TODO, FACE_NORMAL);
}

/* The part whose share is farthest above (or below) its proportion; one that gives keeps a cell. */
static size_t farthest(const uint64_t *parts, size_t n, double per_byte, const int *shares,
		       bool above)
{
	size_t found = 0;
	double most = -1e30;

	for (size_t i = 0; i < n; i++) {
		double distance = shares[i] - (double)parts[i] * per_byte;

		if (parts[i] == 0 || (above && shares[i] < 2))
			continue;
		if (!above)
			distance = -distance;
		if (distance > most) {
			most = distance;
			found = i;
		}
	}
	return found;
}

void share_cells(const uint64_t *parts, size_t n, int cells, int *shares)
{
	double total = 0, per_byte;
	int given = 0, wanted = 0;

	for (size_t i = 0; i < n; i++) {
		shares[i] = 0;
		total += (double)parts[i];
		wanted += parts[i] > 0;
	}
	if (wanted == 0 || wanted > cells)
		return;
	per_byte = cells / total;
	for (size_t i = 0; i < n; i++) {
		if (parts[i])
			shares[i] = (int)((double)parts[i] * per_byte);
		if (parts[i] && shares[i] == 0)
			shares[i] = 1;
		given += shares[i];
	}
	for (; given > cells; given--)
		shares[farthest(parts, n, per_byte, shares, true)]--;
	for (; given < cells; given++)
		shares[farthest(parts, n, per_byte, shares, false)]++;
}

void draw_cursor(struct grid *g, int row, int col)
{
	g->cursor_row = row < 0 ? 0 : row >= g->rows ? g->rows - 1 : row;
	g->cursor_col = col < 0 ? 0 : col >= g->cols ? g->cols - 1 : col;
}
