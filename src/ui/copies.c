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

void copies_add(const struct ui *ui, const struct grid *g, bool done,
		bool (*is_in)(const struct ui *ui, const struct target *t), char *buf, size_t n)
{
	struct wish wish = { ui, is_in };
	struct forecast_sum sum;
	char line[512];
	size_t at = strlen(buf);

	if (g->rows < ROWS_LEAST ||
	    !forecast_sum(survey_tree(ui->survey), is_marked, &wish, &sum))
		return;
	say_copies(&sum, done, grid_pm(g), line, sizeof(line));
	snprintf(buf + at, n - at, "%s%s", at ? "\n" : "", line);
}
