/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* All that is known of the focused row: in the pane below the list, and in a dialog. */

#include <string.h>

#include "achica/i18n.h"
#include "ui/select.h"

#define LINE 2048

/* Adds a part to a line, two blanks between. */
static void add(char *line, const char *part)
{
	size_t at = strlen(line);

	if (part && part[0] && at + 3 < LINE)
		snprintf(line + at, LINE - at, "%s%s", at ? "  " : "", part);
}

/* The hardware or the file. */
static void say_device(const struct target *t, char *line)
{
	const struct target *top = target_top(t);

	line[0] = '\0';
	add(line, t->name);
	add(line, top->model);
	if (top->serial) {
		char text[256];
		const struct say_fact facts[] = { { "serial", top->serial }, { NULL, NULL } };

		/* TRANSLATORS: serial number: "S/N S3Z8NB0K123456X" */
		add(line, say_fill(text, sizeof(text), _("S/N {serial}"), facts));
	}
	add(line, top->backing);
	add(line, t->by_id ? t->by_id : top->by_id);
}

/* What a gap is, and what was seen in it. */
static void say_gap(const struct target *t, char *line)
{
	const struct estimate *e = &t->estimate;
	char text[512];
	const struct say_fact facts[] = {
		{ "fs", t->fstype ? t->fstype : "" }, { NULL, NULL },
	};

	add(line, target_volume(t) ? _("gap: in no logical volume") : _("gap: in no partition"));
	if (t->fstype)
		/* TRANSLATORS: "traces of ext4" */
		add(line, say_fill(text, sizeof(text), _("traces of {fs}"), facts));
	else if (e->known && e->stale > 0)
		add(line, _("data in it, no traces of a filesystem"));
	else if (e->known && e->exact)
		add(line, _("all zero"));
	add(line, t->label);
	add(line, t->uuid);
}

/* The filesystem. */
static void say_contents(const struct target *t, char *line)
{
	char text[512], size[48], used[48];
	const struct say_fact facts[] = {
		{ "mount", target_is_mounted(t) ? t->mountpoints[0] : "" }, { "size", size },
		{ "used", used }, { "label", t->label ? t->label : "" }, { NULL, NULL },
	};

	line[0] = '\0';
	say_size(t->free, size, sizeof(size));
	say_size(t->used, used, sizeof(used));
	if (t->kind == TARGET_GAP) {
		say_gap(t, line);
		return;
	}
	add(line, t->fstype ? t->fstype : t->table ? t->table : t->format);
	if (t->label)
		add(line, say_fill(text, sizeof(text), "\"{label}\"", facts));
	if (target_is_mounted(t))
		/* TRANSLATORS: "mounted on /home" */
		add(line, say_fill(text, sizeof(text), _("mounted on {mount}"), facts));
	else if (target_can(t))
		add(line, _("not mounted, clean"));
	if (t->used || t->free)
		/* TRANSLATORS: "used 78.7G, free 121.3G" */
		add(line, say_fill(text, sizeof(text), _("used {used}, free {size}"), facts));
	add(line, t->uuid);
}

/* Of a disk or an image: what its parts give together. */
static void say_parts(const struct ui *ui, const struct target *t, const char *pm, char *line)
{
	struct estimate sum = { .known = true, .exact = true };
	int marked = 0, can = rows_below(&ui->select, t, &marked);
	char all[24], some[24], amount[64];
	const struct say_fact facts[] = {
		{ "n", all }, { "marked", some }, { "amount", amount }, { NULL, NULL },
	};

	for (const struct target *c = t->children; c; c = c->next) {
		if (target_can(c) && c->estimate.known)
			estimate_add(&sum, &c->estimate);
	}
	snprintf(all, sizeof(all), "%d", can);
	snprintf(some, sizeof(some), "%d", marked);
	say_estimate(&sum, pm, amount, sizeof(amount));
	/* TRANSLATORS: "In it 3 can be marked (2 are); reclaimable so far 136.3G ±1.2" */
	say_fill(line, LINE,
		 P_("In it {n} can be marked ({marked} are); reclaimable so far {amount}",
		    "In it {n} can be marked ({marked} are); reclaimable so far {amount}", can),
		 facts);
}

/* An option of the copy makes a difference. */
static bool wants_option(const struct target *t)
{
	return forecast_pays(t->saves[FORECAST_EXTENDED], t->saves[FORECAST_PLAIN]);
}

/* What can be reclaimed, or why it cannot. In a line that is cut, an option that pays comes before
   what was read for the estimate. */
static void say_gain(const struct ui *ui, const struct target *t, bool cut, const char *pm,
		     char *line)
{
	char text[1024], amount[64], sampled[48], bytes[48];
	const struct say_fact facts[] = {
		{ "amount", amount }, { "sampled", sampled }, { "free", bytes }, { "reason", text },
		{ "saves", text }, { NULL, NULL },
	};
	bool wants = target_wants_consent(t);

	line[0] = '\0';
	say_estimate(&t->estimate, pm, amount, sizeof(amount));
	say_size(t->estimate.sampled, sampled, sizeof(sampled));
	say_size(t->estimate.present, bytes, sizeof(bytes));
	if (t->children) {
		say_parts(ui, t, pm, line);
	} else if (t->verdict.why != WHY_NONE && !wants) {
		say_reason(&t->verdict, text, sizeof(text));
		/* TRANSLATORS: "Cannot be marked: its journal has not been replayed" */
		say_fill(line, LINE, _("Cannot be marked: {reason}"), facts);
	} else if ((!target_can(t) && !wants) || !t->estimate.known) {
		return;
	} else if (say_saves(t, text, sizeof(text))[0] &&
		   (t->estimate.exact || (cut && wants_option(t)))) {
		/* TRANSLATORS: "Reclaimable 117.0M exact; saves 0B as qcow2, 112.0M with -o ..." */
		say_fill(line, LINE, _("Reclaimable {amount}; {saves}"), facts);
	} else if (text[0]) {
		/* xgettext:no-c-format */
		/* TRANSLATORS: "Reclaimable 83.2G ±0.4 (95 %; read 2.1G of 121.3G); saves ..." */
		say_fill(line, LINE,
			 _("Reclaimable {amount} (95 %; read {sampled} of {free}); {saves}"),
			 facts);
	} else if (t->estimate.exact) {
		/* TRANSLATORS: "Reclaimable 83.2G exact; all free space was looked at" */
		say_fill(line, LINE, _("Reclaimable {amount}; all free space was looked at"),
			 facts);
	} else {
		/* xgettext:no-c-format */
		/* TRANSLATORS: "Reclaimable 83.2G ±0.4 (95 %; read 2.1G of 121.3G)" */
		say_fill(line, LINE, _("Reclaimable {amount} (95 %; read {sampled} of {free})"),
			 facts);
	}
}

/* How it would be done (as asked, unless that is auto) and what that takes, or what helps. */
static void say_way(const struct ui *ui, const struct target *t, char *line)
{
	enum method asked = ui->options->job.method;
	enum method m = asked == METHOD_AUTO ? t->method : asked;
	const struct estimate *e = &t->estimate;
	char text[1024], time[48], reads[48], writes[48];
	const struct say_fact facts[] = {
		{ "method", say_method(m) }, { "why", say_method_why(m) }, { "time", time },
		{ "remedy", text }, { "read", reads }, { "write", writes }, { NULL, NULL },
	};

	line[0] = '\0';
	say_duration(guess_ms(ui, t, m), time, sizeof(time));
	say_size(m == METHOD_FILL ? e->free : e->present, reads, sizeof(reads));
	say_size(e->stale, writes, sizeof(writes));
	if (target_wants_consent(t)) {
		snprintf(line, LINE, "%s", _("Space marks it, after its name was typed."));
	} else if (t->verdict.why != WHY_NONE) {
		say_remedy(&t->verdict, t, text, sizeof(text));
		if (text[0])
			/* TRANSLATORS: "What helps: e2fsck -f /dev/sda1" */
			say_fill(line, LINE, _("What helps: {remedy}"), facts);
	} else if (target_can(t) && e->known && (m == METHOD_WRITE || m == METHOD_FILL)) {
		say_fill(line, LINE,
			 ui->plan.verify && !target_is_mounted(t)
			 /* TRANSLATORS: the same, with the proofs of the option verify. */
			 ? _("Method: {method}; reads {read}, writes {write}, {time} with verify")
			 /* TRANSLATORS: "Method: fill; reads 121.3G, writes 83.2G, about 11 min" */
			 : _("Method: {method}; reads {read}, writes {write}, {time}"),
			 facts);
	} else if (target_can(t)) {
		/* TRANSLATORS: "Method: punch holes. The host can take the free space back: ..." */
		say_fill(line, LINE, _("Method: {method}. {why}"), facts);
	}
}

void select_detail(const struct ui *ui, struct grid *g, int row, int rows)
{
	const struct target *t = rows_focused(&ui->select);
	char lines[4][LINE];
	/* What matters most where there are fewer rows. */
	static const int chosen[][4] = { { 2 }, { 2 }, { 1, 2 }, { 1, 2, 3 }, { 0, 1, 2, 3 } };

	if (!t)
		return;
	say_device(t, lines[0]);
	say_contents(t, lines[1]);
	say_gain(ui, t, true, grid_pm(g), lines[2]);
	say_way(ui, t, lines[3]);
	/* The row itself has the figure: say why there is none, or what it is a figure of. */
	if (rows == 1 && t->verdict.why == WHY_NONE)
		memcpy(lines[2], lines[1], LINE);
	for (int i = 0; i < rows; i++)
		draw_text(g, row + i, 1, g->cols - 2, FACE_NORMAL, lines[chosen[rows][i]]);
}

/* What a copy of the whole disk or image takes, in each format that qemu-img can be told. */
static void say_formats(const struct target *top, char *buf, size_t n)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < FORECAST_COUNT && top->forecast.known && at < n; i++) {
		char now[64], after[64], line[256];
		const struct say_fact facts[] = {
			{ "now", now }, { "after", after },
			{ "options", forecast_options((enum forecast_format)i) }, { NULL, NULL },
		};

		if (top->forecast.now[i].bytes == FORECAST_NEVER)
			continue;
		say_forecast(&top->forecast.now[i], "+-", now, sizeof(now));
		say_forecast(&top->forecast.after[i], "+-", after, sizeof(after));
		say_fill(line, sizeof(line),
			 /* TRANSLATORS: a copy's size: "As qcow2: 120.3G now, 80.1G after" */
			 i == FORECAST_PLAIN ? _("As qcow2: {now} now, {after} after")
			 /* TRANSLATORS: "With -o cluster_size=4k: 119.3G now, 79.1G after" */
					     : _("With {options}: {now} now, {after} after"),
			 facts);
		at += (size_t)snprintf(buf + at, n - at, "\n%s", line);
	}
}

/* Reason and remedy in full, where there is a reason that Space does not lift; else all lines of
   the pane. */
void select_info(struct ui *ui)
{
	const struct target *t = rows_focused(&ui->select);
	char lines[4][LINE], text[DIALOG_TEXT], copies[1024];
	size_t at = 0;

	if (!t)
		return;
	if (t->verdict.why != WHY_NONE && !target_wants_consent(t)) {
		dialog_error(ui, _("Why it cannot be marked"), &t->verdict, t);
		return;
	}
	say_device(t, lines[0]);
	say_contents(t, lines[1]);
	say_gain(ui, t, false, "+-", lines[2]);
	say_way(ui, t, lines[3]);
	text[0] = '\0';
	for (int i = 0; i < 4 && at < sizeof(text); i++) {
		if (lines[i][0])
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? "\n" : "",
					       lines[i]);
	}
	say_formats(target_top(t), copies, sizeof(copies));
	if (at < sizeof(text))
		snprintf(text + at, sizeof(text) - at, "%s", copies);
	dialog_say(ui, _("What is known of it"), text);
}
