/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The help of a screen, made from the table of keys; words are wrapped here, never in a text. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/ui.h"

static const struct screen *const screens[STEP_COUNT] = {
	&screen_select, &screen_plan, &screen_zero, &screen_result,
};

/* Letters are the same in every language. */
static const char *say_also(const struct binding *b)
{
	return strchr(b->also, '\004') ? i18n_label(b->also) : b->also;
}

/* Key, others that do the same, what it does. */
static int draw_binding(struct grid *g, int row, const struct binding *b)
{
	int also = g->cols >= 60 ? 10 : 0;
	int text = 11 + also;
	int rows;

	draw_field(g, row, 3, 7, ALIGN_LEFT, FACE_NORMAL, i18n_label(b->name));
	if (also && b->also)
		draw_field(g, row, 11, also - 1, ALIGN_LEFT, FACE_NORMAL, say_also(b));
	rows = draw_wrap(g, row, text, g->cols - text - 2, FACE_NORMAL, _(b->help));
	return rows > 0 ? rows : 1;
}

/* A blank row and a text. */
static int paragraph(struct grid *g, int row, const char *text)
{
	return 1 + draw_wrap(g, row + 1, 3, g->cols - 5, FACE_NORMAL, text);
}

int help_draw(const struct ui *ui, struct grid *g, int row)
{
	const struct screen *screen = screens[ui->step];
	int first = row++;

	for (size_t i = 0; i < key_bindings_count; i++) {
		if ((key_bindings[i].where & screen->where) && key_bindings[i].help)
			row += draw_binding(g, row, &key_bindings[i]);
	}
	row += paragraph(g, row, _("Arrows, Space, Enter and Esc are always enough. Esc and then a "
				   "digit is a function key: Esc 5 is F5."));
	row += paragraph(g, row, _(screen->help));
	if (ui->step == STEP_ZERO) {
		map_legend(g, row + 1, NULL);
		row += 2;
	}
	row += paragraph(g, row,
			 ui->options->si
			 ? _("Sizes are in powers of 1000, rates too.")
			 : _("Sizes are in powers of 1024 (--si: of 1000), rates of 1000."));
	return row - first;
}
