/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The questions over a run and at leaving. The first button always changes nothing. */

#include "achica/i18n.h"
#include "ui/ui.h"

/* The target that was shown when the dialog came up. */
static const char *asked_name(const struct ui *ui)
{
	return short_name(job_target(ui->job, ui->zero.asked));
}

static void say_stop(const struct ui *ui, char *buf, size_t n)
{
	char percent[16], clock[24];
	const struct say_fact facts[] = {
		{ "percent", percent }, { "clock", clock }, { "name", asked_name(ui) },
		{ NULL, NULL },
	};
	const char *sentence;

	snprintf(percent, sizeof(percent), "%u", ui->zero.view.permille / 10);
	say_clock(ui->zero.view.left_ms, clock, sizeof(clock));
	if (ui->zero.view.left_ms < 0)
		/* xgettext:no-c-format */
		/* TRANSLATORS: "The work is 53 % done, now at sda1. Stopping is safe: ..." */
		sentence = _("The work is {percent} % done, now at {name}. Stopping is safe: what "
			     "is done stays done, and a later run leaves it out. The work goes on "
			     "until you answer.");
	else
		/* xgettext:no-c-format */
		/* TRANSLATORS: "The work is 53 % done, 00:05:11 are left; now at sda1. ..." */
		sentence = _("The work is {percent} % done, {clock} are left; now at {name}. "
			     "Stopping is safe: what is done stays done, and a later run leaves "
			     "it out. The work goes on until you answer.");
	say_fill(buf, n, sentence, facts);
}

static void stop_answered(struct ui *ui, int button)
{
	if (!ui->job)
		return;
	if (button == 1)
		job_pause(ui->job, !ui->zero.view.paused);
	else if (button == 2)
		job_skip(ui->job, ui->zero.asked);
	else if (button == 3)
		job_stop(ui->job);
}

void ask_stop(struct ui *ui)
{
	struct dialog *d = dialog_open(ui, _("Stop?"));

	ui->zero.asked = ui->zero.at;
	d->text = say_stop;
	d->done = stop_answered;
	d->buttons[0] = C_("button, max 18 cells", "Continue");
	d->buttons[1] = ui->zero.view.paused ? C_("button, max 18 cells", "Go on")
					     : C_("button, max 18 cells", "Pause");
	d->buttons[2] = C_("button, max 18 cells", "Skip target");
	d->buttons[3] = C_("button, max 18 cells", "Stop");
	d->n = 4;
}

static void say_skip(const struct ui *ui, char *buf, size_t n)
{
	const struct say_fact facts[] = { { "name", asked_name(ui) }, { NULL, NULL } };

	/* TRANSLATORS: {name} is "sda1" */
	say_fill(buf, n,
		 _("Leave out the rest of {name} and go on with the next target? What is done "
		   "stays done."),
		 facts);
}

static void skip_answered(struct ui *ui, int button)
{
	if (button == 1 && ui->job)
		job_skip(ui->job, ui->zero.asked);
}

void ask_skip(struct ui *ui)
{
	struct dialog *d = dialog_open(ui, _("Skip this target?"));

	ui->zero.asked = ui->zero.at;
	d->text = say_skip;
	d->done = skip_answered;
	d->buttons[0] = C_("button, max 18 cells", "Continue");
	d->buttons[1] = C_("button, max 18 cells", "Skip target");
	d->n = 2;
}

static void say_quit(const struct ui *ui, char *buf, size_t n)
{
	size_t marked = rows_marked(ui, NULL);
	char number[24];
	const struct say_fact facts[] = { { "n", number }, { NULL, NULL } };

	snprintf(number, sizeof(number), "%zu", marked);
	/* TRANSLATORS: {n} is a number */
	say_fill(buf, n, P_("{n} target is marked. Nothing has been written to it.",
			    "{n} targets are marked. Nothing has been written to them.", marked),
		 facts);
}

static void quit_answered(struct ui *ui, int button)
{
	if (button == 1)
		ui->quit = true;
}

void ask_quit(struct ui *ui)
{
	struct dialog *d;

	if (!copy_runs(ui) && (ui->step == STEP_RESULT || rows_marked(ui, NULL) == 0)) {
		ui->quit = true;
		return;
	}
	d = dialog_open(ui, _("Quit?"));
	if (copy_runs(ui))
		snprintf(d->fixed, sizeof(d->fixed), "%s",
			 _("The copy is not ready. It is given up, and nothing of it is left."));
	else
		d->text = say_quit;
	d->done = quit_answered;
	d->buttons[0] = C_("button, max 18 cells", "Stay");
	d->buttons[1] = C_("button, max 18 cells", "Quit");
	d->n = 2;
}

static void say_io_error(const struct ui *ui, char *buf, size_t n)
{
	char reason[2048];
	const struct say_fact facts[] = { { "reason", reason }, { NULL, NULL } };

	say_reason(&ui->zero.view.question, reason, sizeof(reason));
	/* TRANSLATORS: {reason} is "writing zeros to /dev/sda1 failed at byte 8192: I/O error" */
	say_fill(buf, n,
		 _("What happened: {reason}. Used data was not touched. The disk may be failing."),
		 facts);
}

static void io_error_answered(struct ui *ui, int button)
{
	static const enum job_answer answers[] = { JOB_SKIP_BLOCK, JOB_SKIP_ALL, JOB_STOP_TARGET };

	ui->zero.view.asks = false; /* until the job has taken the answer in */
	if (ui->job)
		job_answer(ui->job, answers[button]);
}

void ask_io_error(struct ui *ui)
{
	struct dialog *d = dialog_open(ui, _("I/O error"));

	ui->zero.asked = ui->zero.view.asker;
	d->text = say_io_error;
	d->done = io_error_answered;
	d->safe = -1;
	d->buttons[0] = C_("button, max 18 cells", "Skip block");
	d->buttons[1] = C_("button, max 18 cells", "Skip all errors");
	d->buttons[2] = C_("button, max 18 cells", "Stop this target");
	d->n = 3;
}
