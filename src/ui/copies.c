/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What the copies of the disks take that a plan or a run is about, before and after. */

#include <stdio.h>
#include <string.h>

#include "ui/ui.h"

/* Where there are fewer, the list needs them. */
#define ROWS_LEAST 20

struct wish {
	const struct ui *ui;
	bool (*is_in)(const struct ui *ui, const struct target *t);
};

static bool is_marked(void *arg, const struct target *t)
{
	const struct wish *wish = arg;

	return wish->is_in(wish->ui, t);
}

bool copies_sum(const struct ui *ui, bool (*is_in)(const struct ui *ui, const struct target *t),
		struct forecast_sum *sum)
{
	struct wish wish = { ui, is_in };

	return forecast_sum(survey_tree(ui->survey), is_marked, &wish, sum);
}

void copies_done(struct ui *ui, bool (*is_in)(const struct ui *ui, const struct target *t))
{
	struct wish wish = { ui, is_in };

	for (struct target *top = survey_tree(ui->survey); top; top = top->next)
		forecast_done(top, is_marked, &wish);
}

void copies_add(const struct grid *g, const char *line, char *buf, size_t n)
{
	size_t at = strlen(buf);

	if (g->rows < ROWS_LEAST)
		return;
	snprintf(buf + at, n - at, "%s%s", at ? "\n" : "", line);
}
