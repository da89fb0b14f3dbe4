/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The small copy, made from the result: its name is asked for, a dialog shows how far it is and can
 * be put away, and how it ended is said on the screen and in what is printed at the end.
 */

#include <stdlib.h>

#include "achica/i18n.h"
#include "ui/ui.h"

bool copy_runs(const struct ui *ui)
{
	return ui->copy.convert && !ui->copy.view.ended;
}

void copy_free(struct ui *ui)
{
	convert_free(ui->copy.convert);
	ui->copy = (struct copy){ .convert = NULL };
}

char *copy_say(const struct ui *ui, char *buf, size_t n)
{
	const struct copy *c = &ui->copy;
	char percent[16], clock[24];
	const struct say_fact facts[] = {
		{ "name", convert_out(c->convert) }, { "percent", percent }, { "clock", clock },
		{ "phase", say_convert_phase(c->view.phase) }, { NULL, NULL },
	};

	if (c->view.ended)
		return say_convert(&c->view, convert_out(c->convert), buf, n);
	snprintf(percent, sizeof(percent), "%u", c->view.permille / 10);
	say_clock((int64_t)c->view.elapsed_ms, clock, sizeof(clock));
	/* xgettext:no-c-format */
	/* TRANSLATORS: "53 %, 00:05:11, copying: /srv/small.qcow2"; keep the name last, it may be
	   cut. */
	return say_fill(buf, n, _("{percent} %, {clock}, {phase}: {name}"), facts);
}

static void say_progress(const struct ui *ui, char *buf, size_t n)
{
	copy_say(ui, buf, n);
}

static void answered(struct ui *ui, int button)
{
	if (button == 1 && ui->copy.convert)
		convert_stop(ui->copy.convert);
}

static void show(struct ui *ui)
{
	struct dialog *d = dialog_open(ui, _("The small copy"));

	d->text = say_progress;
	d->done = answered;
	d->buttons[0] = C_("button, max 18 cells", "Hide");
	d->buttons[1] = C_("button, max 18 cells", "Stop");
	d->n = 2;
}

static void start(struct ui *ui, const char *path)
{
	const struct result *r = &ui->result;
	const struct target *top = result_top(ui, r->items[r->focus]);
	struct convert_options options = { path, job_overlay(ui->job, top), r->format };
	struct error err;

	if (!path[0])
		return;
	copy_free(ui);
	if (convert_start(top, &options, &ui->copy.convert) != 0) {
		error_clear(&err);
		error_set(&err, WHY_MEMORY, 0, NULL);
		dialog_error(ui, _("No copy was made"), &err, top);
		return;
	}
	convert_view(ui->copy.convert, &ui->copy.view);
	show(ui);
}

void copy_key(struct ui *ui)
{
	const struct result *r = &ui->result;
	char *name;

	if (copy_runs(ui)) {
		show(ui);
		return;
	}
	if (r->n == 0) {
		ui->beep = true;
		return;
	}
	name = advice_name(result_top(ui, r->items[r->focus]), "");
	dialog_ask(ui, _("Make the small copy"), _("Name of a new file:"), name ? name : "", start);
	free(name);
}

/* It ended: what there is to say is said once. */
static void conclude(struct ui *ui)
{
	const struct copy *c = &ui->copy;
	char text[DIALOG_TEXT];

	report_line(ui, copy_say(ui, text, sizeof(text)));
	if (convert_exit_status(c->convert) != 0)
		ui->status = convert_exit_status(c->convert);
	if (ui->dialog.open && ui->dialog.text != say_progress)
		return;
	if (c->view.error.why != WHY_NONE)
		dialog_error(ui, _("No copy was made"), &c->view.error, NULL);
	else
		dialog_say(ui, _("The small copy"), text);
}

void copy_update(struct ui *ui)
{
	struct copy *c = &ui->copy;
	bool ran = !c->view.ended;

	convert_ack(c->convert);
	convert_view(c->convert, &c->view);
	if (ran && c->view.ended)
		conclude(ui);
}
