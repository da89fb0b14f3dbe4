/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_PLAN_H
#define ACHICA_UI_PLAN_H

#include "ui/ui.h"

/* What screen_plan.c and plan_list.c share. */

/* Where the columns begin; those without cells are left out. */
struct plan_columns {
	int name, name_cells, free, amount, amount_cells, time, method, method_cells, check;
};
struct plan_columns plan_columns(int cols);

void plan_heading(struct grid *g, int row, const struct plan_columns *c);
void plan_row(const struct ui *ui, struct grid *g, int row, const struct plan_columns *c, size_t i);
void plan_sums(const struct ui *ui, struct grid *g, int row, const struct plan_columns *c);

/* What will be done, as far as the gate has answered. */
enum method plan_method(const struct plan_item *item);

#endif
