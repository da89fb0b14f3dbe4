/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Before a target is marked that is cleared as a whole: its name has to be typed, which is the same
 * in every language.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"
#include "achica/say.h"
#include "ui/ui.h"

static const char *question_of(const struct target *t)
{
	if (t->kind == TARGET_GAP && target_volume(t))
		return _("Clear the WHOLE of this gap, which is in no logical volume?");
	if (t->kind == TARGET_GAP)
		return _("Clear the WHOLE of this gap, which is in no partition?");
	return _("Clear the WHOLE of this swap area, not only free space?");
}

static const char *consequence_of(const struct target *t)
{
	if (t->kind != TARGET_GAP)
		return _("Its header with label and UUID is kept; what was swapped out is lost.");
	if (t->fstype)
		return _("Traces of {traces} were found in it. If it is a deleted partition, its "
			 "files can NOT be recovered afterwards.");
	return _("What may be in it can NOT be recovered afterwards.");
}

/* Adds a part below what is there, after blank lines. */
static void add(char *text, unsigned blank, const char *sentence, const struct say_fact *facts)
{
	size_t at = strlen(text);

	for (unsigned i = 0; i <= blank && at > 0 && at + 1 < DIALOG_TEXT; i++)
		text[at++] = '\n';
	say_fill(text + at, DIALOG_TEXT - at, sentence, facts);
}

static void say_question(const struct target *t, char *text)
{
	const struct target *top = target_top(t);
	char size[16], stale[16];
	const struct say_fact facts[] = {
		{ "name", t->name }, { "fs", target_type(t) },
		{ "size", size }, { "amount", stale },
		{ "traces", t->fstype ? t->fstype : "" },
		{ "model", top->model ? top->model : "" },
		{ "serial", top->serial ? top->serial : "" }, { NULL, NULL },
	};

	say_size(t->size, size, sizeof(size));
	say_size(t->estimate.stale, stale, sizeof(stale));
	text[0] = '\0';
	add(text, 0, question_of(t), facts);
	/* TRANSLATORS: "/dev/sda4, swap, 18.0G, of which 17.2G are old data" */
	add(text, 1, t->estimate.known ? _("{name}, {fs}, {size}, of which {amount} are old data")
				       : "{name}, {fs}, {size}", facts);
	if (top->model)
		add(text, 0, "{model}  {serial}", facts);
	add(text, 1, consequence_of(t), facts);
}

static void consent_typed(struct ui *ui, const char *text)
{
	struct target *tree = survey_tree(ui->survey);
	const char *name = ui->select.asked;
	struct target *t;

	(void)text;
	t = tree && name && survey_allow(ui->survey, name) == 0 ? target_find(tree, name) : NULL;
	if (t)
		rows_mark(ui, t, true);
	else
		ui->beep = true; /* it is not there any more, or not what it was */
}

void ask_consent(struct ui *ui, const struct target *t)
{
	const struct say_fact facts[] = { { "word", target_word(t) }, { NULL, NULL } };
	struct dialog *d = &ui->dialog;
	char text[DIALOG_TEXT];

	free(ui->select.asked);
	ui->select.asked = strdup(t->name);
	say_question(t, text);
	dialog_ask(ui, NULL, text, "", consent_typed);
	/* The title is what is seen on the smallest terminal too. */
	/* TRANSLATORS: {word} is "sda4" */
	say_fill(d->heading, sizeof(d->heading), _("Type {word} to go on"), facts);
	d->title = d->heading;
	snprintf(d->wanted, sizeof(d->wanted), "%s", target_word(t));
}
