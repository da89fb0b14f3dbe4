/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_ZERO_H
#define ACHICA_UI_ZERO_H

#include "ui/ui.h"

/* The parts of the third screen. */

/* Looks at the job again. */
void zero_update(struct ui *ui);

/* Ends the job and forgets it. */
void zero_free(struct ui *ui);

void zero_draw(const struct ui *ui, struct grid *g);
void zero_draw_narrow(const struct ui *ui, struct grid *g);

/* Figures, as both layouts show them. */
unsigned zero_permille(const struct job_view_item *item);
int zero_state(const struct ui *ui, struct grid *g, int row, int left, const char *count);
char *zero_percent(unsigned permille, char *buf, size_t n);
char *zero_ends(const struct ui *ui, int64_t left_ms, char *buf, size_t n);

/* The table of figures from row on: 4 rows, 78 columns. */
void zero_figures(const struct ui *ui, struct grid *g, int row);

/* All targets with their state, in a column of that width: 2 rows for each. */
void zero_list(const struct ui *ui, struct grid *g, int row, int rows, int cols);

#endif
