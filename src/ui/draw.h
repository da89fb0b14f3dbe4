/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_DRAW_H
#define ACHICA_UI_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

#include "achica/say.h"

/*
 * What is to be on the screen, as a grid of cells, and the only calls that draw into it. All
 * widths are terminal cells. Text is cleaned here once more, so that no byte from a disk reaches
 * the terminal raw. No terminal is needed: tests print the grid, term.c copies it to curses.
 */

/* What a cell means; term.c knows the attributes and colours. Every meaning is also a word, a
   glyph or a number. */
enum face {
	FACE_NORMAL,
	FACE_KEY,    /* title line, names of keys */
	FACE_FOCUS,  /* the focused row, field or button */
	FACE_STALE,  /* reclaimable */
	FACE_ZEROED,
	FACE_WARN,
	FACE_ERROR,
	FACE_GOOD,
	FACE_COUNT
};

/* Signs which look different in ASCII. */
enum glyph {
	GLYPH_NONE,
	GLYPH_USED, GLYPH_STALE, GLYPH_ZEROED, GLYPH_ZERO, GLYPH_HEAD, GLYPH_ERROR,
	GLYPH_DONE, GLYPH_TODO,            /* of a progress bar */
	GLYPH_HLINE, GLYPH_VLINE, GLYPH_ULCORNER, GLYPH_URCORNER, GLYPH_LLCORNER, GLYPH_LRCORNER,
	GLYPH_LTEE, GLYPH_RTEE,
	GLYPH_UP, GLYPH_DOWN, GLYPH_OPEN, GLYPH_FOLDED,
	GLYPH_COUNT
};

#define CELL_CHARS 3 /* a character and what combines with it */

struct cell {
	wchar_t text[CELL_CHARS];
	unsigned char glyph;  /* enum glyph; text is not looked at when it is one */
	unsigned char face;
	bool half;            /* the right half of the wide character before it */
	bool drawn;           /* something that can be seen was put here */
};

struct grid {
	int rows;
	int cols;
	bool utf8;       /* which of the two sets of signs */
	int clip_top;    /* nothing is drawn above this row */
	int clip_end;    /* nor from this row on */
	int cursor_row;  /* where the hardware cursor is to stand */
	int cursor_col;
	bool typing;     /* the cursor is to be seen: text is typed there */
	unsigned overprints; /* cells drawn twice: a fault which tests look for */
	struct cell *cells;
};

enum align {
	ALIGN_LEFT,
	ALIGN_RIGHT,
	ALIGN_CENTER,
	ALIGN_TAIL,  /* left; when too long its end is kept, as of a path */
};

/* Makes it that large, and blank. -ENOMEM: it is as it was. rows and cols at least 1. */
int grid_size(struct grid *g, int rows, int cols);
void grid_clear(struct grid *g);
void grid_free(struct grid *g);
const struct cell *grid_cell(const struct grid *g, int row, int col);

/* The sign in the set of the grid. */
wchar_t grid_sign(const struct grid *g, enum glyph glyph);

/* The grid as text, each row without blanks at its end. */
void grid_print(const struct grid *g, FILE *out);

/* "±" or "+-", as the grid has it. */
const char *grid_pm(const struct grid *g);

/* All clip at the grid, and at width cells; text that is cut ends in "~". They return the number of
   cells (draw_wrap and text_rows: of rows) that it takes. */
int draw_text(struct grid *g, int row, int col, int width, enum face face, const char *text);
int draw_field(struct grid *g, int row, int col, int width, enum align align, enum face face,
	       const char *text);
int draw_fact(struct grid *g, int row, int col, int width, enum face face, const char *sentence,
	      const struct say_fact *facts);
int draw_wrap(struct grid *g, int row, int col, int width, enum face face, const char *text);
int text_rows(int width, const char *text);

void draw_glyph(struct grid *g, int row, int col, enum glyph glyph, enum face face);

/* At the right edge of a list of that many rows: marks where there is more above and below. */
void draw_more(struct grid *g, int row, int rows, bool above, bool below);

void draw_line(struct grid *g, int row, int col, int width, enum glyph glyph, enum face face);
void draw_blank(struct grid *g, int row, int col, int rows, int cols);
void draw_box(struct grid *g, int row, int col, int rows, int cols, const char *title);

/* Gives a face to what is drawn there, as a whole: the focused row. */
void draw_face(struct grid *g, int row, int col, int width, enum face face);

/* A progress bar of that width, 1000 is full. */
void draw_progress(struct grid *g, int row, int col, int width, unsigned permille);

/* Shares cells among the parts in proportion; a part that is not 0 gets at least one, where there
   are as many. */
void share_cells(const uint64_t *parts, size_t n, int cells, int *shares);

/* Puts the hardware cursor there. */
void draw_cursor(struct grid *g, int row, int col);

#endif
