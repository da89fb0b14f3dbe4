/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The tables of --list and --estimate, by libsmartcols: its tree, its column widths, and its care
 * for narrow terminals. Cells are cleaned before, so its own encoding is off.
 */

#include <errno.h>
#include <langinfo.h>
#include <string.h>

#include <libsmartcols.h>

#include "achica/i18n.h"
#include "cli/cli.h"

#define CELL 1024

struct column {
	const char *heading; /* NC_() */
	int flags;
	double width;        /* wanted: cells, or part of the terminal when below 1 */
	/* What stands in it for t, not cleaned, in buf or static; "" nothing. */
	const char *(*cell)(const struct target *t, char *buf, size_t n);
};

static const char *cell_name(const struct target *t, char *buf, size_t n)
{
	(void)buf;
	(void)n;
	return t->name ? t->name : "";
}

static const char *cell_fs(const struct target *t, char *buf, size_t n)
{
	(void)buf;
	(void)n;
	if (target_type(t)[0])
		return target_type(t);
	return t->table ? t->table : "";
}

static const char *cell_size(const struct target *t, char *buf, size_t n)
{
	return say_size(t->size, buf, n);
}

static const char *cell_free(const struct target *t, char *buf, size_t n)
{
	uint64_t bytes = t->estimate.known ? t->estimate.free : t->free;

	return bytes || t->used ? say_size(bytes, buf, n) : "";
}

static const char *cell_state(const struct target *t, char *buf, size_t n)
{
	if (t->state == TARGET_STUCK)
		return C_("state, max 20 cells", "does not answer");
	if (t->state == TARGET_PROBING)
		return C_("state, max 20 cells", "being read");
	if (t->verdict.why != WHY_NONE)
		return say_short(&t->verdict, buf, n);
	return t->children ? "" : say_method(t->method);
}

static const char *cell_about(const struct target *t, char *buf, size_t n)
{
	(void)buf;
	(void)n;
	if (target_is_mounted(t))
		return t->mountpoints[0];
	if (t->label && t->label[0])
		return t->label;
	if (t->backing)
		return t->backing;
	return t->model ? t->model : "";
}

static const char *cell_hole(const struct target *t, char *buf, size_t n)
{
	return t->estimate.known ? say_size(t->estimate.hole, buf, n) : "";
}

static const char *cell_zero(const struct target *t, char *buf, size_t n)
{
	return t->estimate.known ? say_size(t->estimate.zero, buf, n) : "";
}

static const char *cell_stale(const struct target *t, char *buf, size_t n)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	if (!target_can(t) && !target_wants_consent(t))
		return cell_state(t, buf, n);
	return say_estimate(&t->estimate, utf8 ? "\302\261" : "+-", buf, n);
}

/* Of a whole disk or image what a copy takes, now and after; of a part of it what that saves, or
   that it will not unless somebody agrees to it. */
static const char *cell_forecast(const struct target *t, char *buf, size_t n)
{
	char now[16], after[16];

	if (t->parent && target_wants_consent(t))
		return say_short(&t->verdict, buf, n);
	if (!target_top(t)->forecast.known || (t->parent && !target_can(t)))
		return "";
	if (t->parent) {
		snprintf(buf, n, "-%s", say_size(t->saves[FORECAST_PLAIN], now, sizeof(now)));
		return buf;
	}
	snprintf(buf, n, "%s > %s",
		 say_size(t->forecast.now[FORECAST_PLAIN].bytes, now, sizeof(now)),
		 say_size(t->forecast.after[FORECAST_PLAIN].bytes, after, sizeof(after)));
	return buf;
}

static const struct column list_columns[] = {
	{ NC_("column, max 12 cells", "TARGET"), SCOLS_FL_TREE, 10, cell_name },
	{ NC_("column, max 12 cells", "FS"), 0, 4, cell_fs },
	{ NC_("column, max 12 cells", "SIZE"), SCOLS_FL_RIGHT, 5, cell_size },
	{ NC_("column, max 12 cells", "FREE"), SCOLS_FL_RIGHT, 5, cell_free },
	{ NC_("column, max 12 cells", "METHOD"), SCOLS_FL_TRUNC, 8, cell_state },
	{ NC_("column, max 12 cells", "ABOUT"), SCOLS_FL_TRUNC, 0.2, cell_about },
};

static const struct column estimate_columns[] = {
	{ NC_("column, max 12 cells", "TARGET"), SCOLS_FL_TREE, 10, cell_name },
	{ NC_("column, max 12 cells", "FS"), 0, 4, cell_fs },
	{ NC_("column, max 12 cells", "SIZE"), SCOLS_FL_RIGHT, 5, cell_size },
	{ NC_("column, max 12 cells", "FREE"), SCOLS_FL_RIGHT, 5, cell_free },
	{ NC_("column, max 12 cells", "HOLE"), SCOLS_FL_RIGHT, 5, cell_hole },
	{ NC_("column, max 12 cells", "ZERO"), SCOLS_FL_RIGHT, 5, cell_zero },
	{ NC_("column, max 12 cells", "STALE"), SCOLS_FL_TRUNC, 12, cell_stale },
	{ NC_("column, max 12 cells", "QCOW2"), SCOLS_FL_RIGHT, 5, cell_forecast },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add_columns(struct libscols_table *table, const struct column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!scols_table_new_column(table, i18n_label(columns[i].heading),
					    columns[i].width, columns[i].flags))
			return -ENOMEM;
	}
	return 0;
}

static int add_row(struct libscols_table *table, const struct column *columns, size_t n,
		   const struct target *t, struct libscols_line *parent,
		   struct libscols_line **line)
{
	char found[CELL];
	char clean[CELL];
	int r = 0;

	*line = scols_table_new_line(table, parent);
	if (!*line)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		say_clean(columns[i].cell(t, found, sizeof(found)), clean, sizeof(clean));
		r = scols_line_set_data(*line, i, clean);
	}
	return r;
}

static int add_rows(struct libscols_table *table, const struct column *columns, size_t n,
		    const struct target *t, struct libscols_line *parent)
{
	int r = 0;

	for (; t && r == 0; t = t->next) {
		struct libscols_line *line;

		r = add_row(table, columns, n, t, parent, &line);
		if (r == 0)
			r = add_rows(table, columns, n, t->children, line);
	}
	return r;
}

static int print_table(const struct column *columns, size_t n, const struct target *tree,
		       bool ascii)
{
	struct libscols_table *table = scols_new_table();
	int r = table ? add_columns(table, columns, n) : -ENOMEM;

	if (r == 0) {
		scols_table_enable_noencoding(table, 1);
		scols_table_enable_ascii(table, ascii ||
					 strcmp(nl_langinfo(CODESET), "UTF-8") != 0);
		r = add_rows(table, columns, n, tree, NULL);
	}
	if (r == 0)
		r = scols_print_table(table);
	scols_unref_table(table);
	return r;
}

int list_print(const struct target *tree, const struct options *options)
{
	return print_table(list_columns, COUNT(list_columns), tree, options->ascii);
}

/* Names the option of qemu-img that makes a copy still smaller, where there is one. */
static void print_option(const struct target *top)
{
	const struct forecast_size *after = top->forecast.after;
	char plain[16], less[16], line[2048];
	const struct say_fact facts[] = {
		{ "name", top->name }, { "options", forecast_options(FORECAST_EXTENDED) },
		{ "plain", plain }, { "less", less }, { NULL, NULL },
	};

	if (!top->forecast.known || !forecast_pays(after[FORECAST_PLAIN].bytes,
						   after[FORECAST_EXTENDED].bytes))
		return;
	say_size(after[FORECAST_PLAIN].bytes, plain, sizeof(plain));
	say_size(after[FORECAST_EXTENDED].bytes, less, sizeof(less));
	/* TRANSLATORS: "disk.img: with -o ... a copy takes 3.2G instead of 7.9G." */
	printf("%s\n", say_fill(line, sizeof(line), _("{name}: with {options} a copy takes {less} "
						      "instead of {plain}."), facts));
}

int estimate_print(const struct target *tree, const struct options *options)
{
	int r = print_table(estimate_columns, COUNT(estimate_columns), tree, options->ascii);

	for (const struct target *top = tree; top && r == 0; top = top->next)
		print_option(top);
	return r;
}
