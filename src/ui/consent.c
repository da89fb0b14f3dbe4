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
	say_consent(t, text, sizeof(text));
	dialog_ask(ui, NULL, text, "", consent_typed);
	/* The title is what is seen on the smallest terminal too. */
	/* TRANSLATORS: {word} is "sda4" */
	say_fill(d->heading, sizeof(d->heading), _("Type {word} to go on"), facts);
	d->title = d->heading;
	snprintf(d->wanted, sizeof(d->wanted), "%s", target_word(t));
}
