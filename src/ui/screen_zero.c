/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Step 3: the work, as its thread reports it. What is shown is a copy of what the job said last;
 * keys pass wishes on to the job. The zero*.c files draw its parts.
 */

#include <stdlib.h>

#include "achica/i18n.h"
#include "ui/ui.h"
#include "ui/zero.h"

/* The targets of the plan that the gate let pass, as the survey has them now. */
static size_t passed(const struct ui *ui, struct target **targets, enum method *methods)
{
	size_t n = 0;

	for (size_t i = 0; i < ui->plan.n; i++) {
		const struct plan_item *item = &ui->plan.items[i];
		struct target *t = target_find(survey_tree(ui->survey), item->t->name);

		if (!t || item->check.state != CHECK_OK)
			continue;
		methods[n] = item->method;
		targets[n++] = t;
	}
	return n;
}

static int begin(struct ui *ui)
{
	struct target **targets = calloc(ui->plan.n + 1, sizeof(struct target *));
	enum method *methods = calloc(ui->plan.n + 1, sizeof(*methods));
	struct job_options options = ui->options->job;
	size_t n = 0;
	int rc = -1;

	options.verify = ui->plan.verify;
	options.max_rate = ui->plan.max_rate;
	options.ask_errors = true;
	if (targets && methods)
		n = passed(ui, targets, methods);
	ui->zero.items = calloc(n + 1, sizeof(*ui->zero.items));
	if (n > 0 && ui->zero.items)
		rc = job_new(targets, methods, n, &options, &ui->job);
	if (rc == 0)
		rc = job_start(ui->job);
	free(targets);
	free(methods);
	return rc;
}

void zero_free(struct ui *ui)
{
	job_free(ui->job);
	ui->job = NULL;
	free(ui->zero.items);
	ui->zero = (struct zero){ .mode = ui->zero.mode };
	ui->log.events = 0;
}

static void enter(struct ui *ui)
{
	zero_free(ui);
	if (begin(ui) == 0) {
		zero_update(ui);
		return;
	}
	zero_free(ui);
	ui_go(ui, STEP_PLAN);
	dialog_say(ui, _("It cannot be started"),
		   _("There is not enough memory, or the targets are "
		     "gone. Nothing has been written."));
}

static void leave(struct ui *ui)
{
	(void)ui;
}

/* Lines of the log which the job has written since. It keeps its last JOB_EVENTS. */
static void take_events(struct ui *ui)
{
	uint64_t n = ui->zero.view.events;

	if (n > JOB_EVENTS && ui->log.events < n - JOB_EVENTS)
		ui->log.events = n - JOB_EVENTS;
	for (; ui->log.events < n; ui->log.events++) {
		struct job_event event;

		if (job_view_event(ui->job, ui->log.events, &event))
			log_add(ui, &event, job_target(ui->job, event.item));
	}
}

/* The next one at work in that direction, round about; the same when there is no other. */
static size_t next_at_work(const struct zero *z, bool back)
{
	size_t n = z->view.items;

	for (size_t i = 1; i < n; i++) {
		size_t at = (z->at + (back ? n - i : i)) % n;

		if (phase_is_work(z->items[at].phase))
			return at;
	}
	return z->at;
}

/* What is shown stays while it is at work, then others at work are, then what comes next. */
static void follow(struct zero *z)
{
	if (phase_is_work(z->items[z->at].phase))
		return;
	z->at = next_at_work(z, false);
	if (!phase_is_work(z->items[z->at].phase))
		z->at = z->view.current < z->view.items ? z->view.current : z->view.items - 1;
}

void zero_update(struct ui *ui)
{
	struct zero *z = &ui->zero;

	job_view(ui->job, &z->view);
	for (size_t i = 0; i < z->view.items; i++)
		job_view_item(ui->job, i, &z->items[i]);
	follow(z);
	job_view_map(ui->job, z->at, z->map);
	take_events(ui);
}

static void draw(const struct ui *ui, struct grid *g)
{
	struct layout l = layout_of(g->rows, g->cols);

	if (!ui->job || !ui->zero.items)
		return;
	if (l.narrow)
		zero_draw_narrow(ui, g);
	else
		zero_draw(ui, g);
}

static void key(struct ui *ui, enum action action)
{
	struct zero *z = &ui->zero;

	switch (action) {
	case ACT_PAUSE:
		job_pause(ui->job, !z->view.paused);
		break;
	case ACT_SKIP:
		ask_skip(ui);
		break;
	case ACT_NEXT:
	case ACT_PREVIOUS:
		z->at = next_at_work(z, action == ACT_PREVIOUS);
		job_view_map(ui->job, z->at, z->map);
		break;
	case ACT_FASTER:
	case ACT_SLOWER:
		z->view.max_rate = next_rate(z->view.max_rate, action == ACT_FASTER);
		job_set_rate(ui->job, z->view.max_rate);
		break;
	case ACT_MAP:
		z->mode = (z->mode + 1) % MAP_MODES;
		break;
	case ACT_LOG:
		pager_open(ui, PAGER_LOG);
		break;
	case ACT_ESCAPE:
		ask_stop(ui);
		break;
	default:
		break;
	}
}

const struct screen screen_zero = {
	.where = IN_ZERO,
	.help = N_("It is safe to stop at any time: the filesystem stays consistent, what is done "
		   "stays done, and a later run leaves it out. A sign of the map that stands for "
		   "several things shows the first of: error, now, to do, zeroed, used, was zero. "
		   "Targets on different disks are worked on at the same time: Tab shows the map "
		   "and the figures of another, and what is skipped is the one that is shown. "
		   "The time left counts reading and writing separately, from the last 30 seconds; "
		   "it shows --:--:-- until it can be trusted."),
	.enter = enter,
	.draw = draw,
	.key = key,
	.leave = leave,
};
