/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The block map: the job's cells, each a fixed part of the target, as signs on the screen. Where
 * several fall on one sign it shows what matters most.
 */

#include <string.h>

#include "achica/i18n.h"
#include "ui/ui.h"

/* The first that is there is shown. */
static const struct {
	unsigned bit;
	enum glyph glyph;
	enum face face;
} kinds[] = {
	{ CELL_ERROR, GLYPH_ERROR, FACE_ERROR },
	{ CELL_HEAD, GLYPH_HEAD, FACE_GOOD },
	{ CELL_TODO, GLYPH_STALE, FACE_STALE },
	{ CELL_ZEROED, GLYPH_ZEROED, FACE_ZEROED },
	{ CELL_USED, GLYPH_USED, FACE_NORMAL },
	{ CELL_ZERO, GLYPH_ZERO, FACE_NORMAL },
};

static size_t kind_of(unsigned bits)
{
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(kinds[0]) && !(bits & kinds[i].bit))
		i++;
	return i;
}

enum glyph map_glyph(unsigned bits)
{
	size_t i = kind_of(bits);

	return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i].glyph : GLYPH_NONE;
}

static unsigned bits_of(const unsigned char *map, size_t first, size_t end)
{
	unsigned bits = 0;

	for (size_t i = first; i < end; i++)
		bits |= map[i];
	return bits;
}

/* Which of the job's cells [from, to) are sign number cell of cells: at least one. */
void map_range(size_t cell, size_t cells, size_t from, size_t to, size_t *first, size_t *end)
{
	size_t n = to - from;

	*first = from + cell * n / cells;
	*end = from + (cell + 1) * n / cells;
	if (*end <= *first)
		*end = *first + 1;
}

/* How many of the job's cells are shown on so many signs, and from which one on. */
size_t map_window(const unsigned char *map, enum map_mode mode, size_t cells, size_t *from)
{
	size_t head = 0;

	*from = 0;
	if (mode != MAP_NEAR || cells >= JOB_MAP_CELLS)
		return JOB_MAP_CELLS;
	while (head < JOB_MAP_CELLS - 1 && !(map[head] & CELL_HEAD))
		head++;
	if (!(map[head] & CELL_HEAD))
		head = 0;
	*from = head > cells / 2 ? head - cells / 2 : 0;
	if (*from > JOB_MAP_CELLS - cells)
		*from = JOB_MAP_CELLS - cells;
	return cells;
}

void map_draw(const struct ui *ui, struct grid *g, int row, int col, int rows, int cols)
{
	size_t cells = rows > 0 && cols > 0 ? (size_t)rows * (size_t)cols : 0;
	size_t from, n;

	if (cells == 0)
		return;
	n = map_window(ui->zero.map, ui->zero.mode, cells, &from);
	for (size_t i = 0; i < cells; i++) {
		size_t first, end, kind;

		map_range(i, cells, from, from + n, &first, &end);
		kind = kind_of(bits_of(ui->zero.map, first, end));
		if (kind < sizeof(kinds) / sizeof(kinds[0]))
			draw_glyph(g, row + (int)i / cols, col + (int)i % cols, kinds[kind].glyph,
				   kinds[kind].face);
	}
}

void map_legend(struct grid *g, int row, const char *right)
{
	static const struct {
		enum glyph glyph;
		enum face face;
		const char *word;
	} words[] = {
		{ GLYPH_USED, FACE_NORMAL, NC_("legend, max 11 cells", "used") },
		{ GLYPH_STALE, FACE_STALE, NC_("legend, max 11 cells", "to do") },
		{ GLYPH_ZEROED, FACE_ZEROED, NC_("legend, max 11 cells", "zeroed") },
		{ GLYPH_ZERO, FACE_NORMAL, NC_("legend, max 11 cells", "was zero") },
		{ GLYPH_HEAD, FACE_GOOD, NC_("legend, max 11 cells", "now") },
		{ GLYPH_ERROR, FACE_ERROR, NC_("legend, max 11 cells", "error") },
	};
	int col = 1;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = i18n_label(words[i].word);

		if (col + 2 + (int)say_cells(word) > g->cols)
			return;
		draw_glyph(g, row, col, words[i].glyph, words[i].face);
		col += 2 + draw_text(g, row, col + 2, g->cols, FACE_NORMAL, word) + 2;
	}
	if (right && col + (int)say_cells(right) <= g->cols - 1)
		draw_field(g, row, col, g->cols - 1 - col, ALIGN_RIGHT, FACE_NORMAL, right);
}
