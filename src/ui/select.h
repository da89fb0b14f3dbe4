/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_SELECT_H
#define ACHICA_UI_SELECT_H

#include "ui/ui.h"

/* The parts of the first screen, for screen_select.c. */

/* Rows and columns of its parts; rows that are 0 and columns without cells are not there. */
struct select_place {
	int head, rule[3], list, list_rows, detail, detail_rows, totals, legend;
	int name, fs, fs_cells, size, bar, bar_cells, figure, figure_cells, label, label_cells;
};
struct select_place select_place(int rows, int cols);

/* The rows of the list; puts the cursor on the focused one. */
void select_rows(const struct ui *ui, struct grid *g, const struct select_place *p);

/* What is known of the focused row, in 1 to 4 rows. */
void select_detail(const struct ui *ui, struct grid *g, int row, int rows);

/* All that is known of it, in a dialog: or why it cannot be marked, and what helps. */
void select_info(struct ui *ui);

#endif
