/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The wizard without its terminal: which screen is on, who gets a key, what is drawn over what. All
 * of it is state and a grid, so tests run it without a terminal; loop.c gives it one.
 */

#include "ui/ui.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "achica/i18n.h"
#include "achica/logfile.h"
#include "ui/zero.h"

#define TWICE_MS 2000 /* a second Ctrl-C within this means it */
#define SIGINT_STATUS 130

static const struct screen *const screens[STEP_COUNT] = {
	&screen_select, &screen_plan, &screen_zero, &screen_result,
};

static int64_t boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ACHICA_NOW (seconds since 1970) stops the clock, for tests of what it shows. */
static void look_at_clocks(struct ui *ui)
{
	const char *fixed = getenv("ACHICA_NOW");

	ui->clock_ms = boot_ms();
	ui->now = fixed ? (time_t)strtoll(fixed, NULL, 10) : time(NULL);
}

static int open_log(struct ui *ui, struct error *err)
{
	const char *path = ui->options->log;

	if (!path)
		return 0;
	ui->log.file = logfile_open(path, err);
	return ui->log.file ? 0 : -EIO;
}

int ui_open(struct ui *ui, const struct options *options, struct error *err)
{
	struct survey_options survey = options->survey;
	int rc;

	*ui = (struct ui){ .options = options, .rows = 24, .cols = 80, .interrupt_ms = -1 };
	ui->plan.verify = true;
	ui->plan.max_rate = options->job.max_rate;
	look_at_clocks(ui);
	/* Consent by an option is for batch: here the name is asked for. */
	survey.swap = survey.gaps = false;
	rc = open_log(ui, err);
	if (rc == 0)
		rc = survey_open(&survey, &ui->survey, err);
	if (rc)
		goto out;
	rc = checks_open(&ui->checks);
	if (rc) {
		error_set(err, WHY_SYSTEM, -rc, NULL);
		goto out;
	}
	screens[ui->step]->enter(ui);
	return 0;
out:
	ui_close(ui);
	return rc;
}

void ui_close(struct ui *ui)
{
	copy_free(ui);
	zero_free(ui);
	result_free(&ui->result);
	plan_free(&ui->plan);
	rows_free(&ui->select);
	checks_close(ui->checks);
	if (ui->survey)
		survey_close(ui->survey);
	log_free(&ui->log);
	free(ui->report);
	ui->report = NULL;
	ui->checks = NULL;
	ui->survey = NULL;
}

void ui_go(struct ui *ui, enum step step)
{
	enum step from = ui->step;

	if (ui->dialog.open)
		dialog_close(ui);
	ui->pager = PAGER_NONE;
	ui->step = step;
	screens[from]->leave(ui);
	if (ui->step == step)
		screens[step]->enter(ui);
}

static bool is_running(const struct ui *ui)
{
	return ui->step == STEP_ZERO && ui->job && !ui->zero.view.ended;
}

static void update_job(struct ui *ui)
{
	const struct zero *z = &ui->zero;
	bool asking = ui->dialog.open && ui->dialog.safe < 0;

	job_ack(ui->job);
	zero_update(ui);
	/* An answer is for the target that the question was about. */
	if (asking && (!z->view.asks || z->view.asker != z->asked))
		dialog_close(ui);
	if (z->view.asks && !ui->dialog.open)
		ask_io_error(ui);
	if (!ui->zero.view.ended)
		return;
	if (!ui->stopping || ui->status == 0)
		ui->status = job_exit_status(ui->job);
	ui_go(ui, STEP_RESULT);
	ui->quit = ui->stopping;
}

void ui_update(struct ui *ui)
{
	look_at_clocks(ui);
	if (survey_update(ui->survey))
		rows_update(ui);
	if (ui->step == STEP_PLAN)
		plan_update(ui);
	if (ui->step == STEP_ZERO && ui->job)
		update_job(ui);
	if (ui->copy.convert)
		copy_update(ui);
}

void ui_end(struct ui *ui, int status)
{
	ui->status = status;
	if (is_running(ui)) {
		ui->stopping = true;
		job_stop(ui->job);
	} else {
		ui->quit = true;
	}
}

/* Ctrl-C. */
static void interrupt(struct ui *ui)
{
	bool twice = ui->interrupt_ms >= 0 && ui->clock_ms - ui->interrupt_ms < TWICE_MS;

	ui->interrupt_ms = ui->clock_ms;
	ui->pager = PAGER_NONE;
	if (twice) {
		ui_end(ui, SIGINT_STATUS);
	} else if (is_running(ui)) {
		ask_stop(ui);
	} else {
		ask_quit(ui);
	}
}

/* Those which mean the same everywhere. */
static bool common_key(struct ui *ui, enum action action)
{
	switch (action) {
	case ACT_HELP:
		if (ui->pager == PAGER_HELP)
			return false;
		pager_open(ui, PAGER_HELP);
		return true;
	case ACT_INTERRUPT:
		interrupt(ui);
		return true;
	case ACT_REDRAW:
		ui->redraw = true;
		return true;
	case ACT_THEME:
		ui->next_theme = true;
		return true;
	case ACT_BLANK:
		ui->blank = true;
		return true;
	case ACT_QUIT:
		ask_quit(ui);
		return true;
	default:
		return false;
	}
}

/* Who has the keys. */
static unsigned where_now(const struct ui *ui)
{
	if (ui->pager)
		return IN_PAGER;
	if (ui->dialog.open)
		return ui->dialog.editing ? IN_EDITOR : IN_DIALOG;
	return screens[ui->step]->where;
}

void ui_key(struct ui *ui, int key)
{
	unsigned where = where_now(ui);
	enum action action = keys_action(where, key);

	look_at_clocks(ui);
	if (ui->blank) {
		ui->blank = false;
		return;
	}
	if (common_key(ui, action))
		return;
	if (where == IN_PAGER)
		pager_key(ui, action);
	else if (where == IN_EDITOR || where == IN_DIALOG)
		dialog_key(ui, action, key);
	else
		screens[ui->step]->key(ui, action);
}

void ui_draw(struct ui *ui, struct grid *g)
{
	bool tiny = layout_of(g->rows, g->cols).tiny;

	ui->rows = g->rows;
	ui->cols = g->cols;
	grid_clear(g);
	if (ui->blank)
		return;
	if (tiny)
		frame_tiny(ui, g);
	else if (ui->pager)
		pager_draw(ui, g);
	else
		screens[ui->step]->draw(ui, g);
	if (ui->dialog.open && (tiny || !ui->pager))
		dialog_draw(ui, g);
	if (!tiny)
		keys_footer(g, g->rows - 1, where_now(ui));
}
