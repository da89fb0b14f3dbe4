/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* What is said before a target is marked that is cleared as a whole. */

#include <string.h>

#include "achica/i18n.h"
#include "achica/say.h"

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
static void add(char *text, size_t n, unsigned blank, const char *sentence,
		const struct say_fact *facts)
{
	size_t at = strlen(text);

	for (unsigned i = 0; i <= blank && at > 0 && at + 1 < n; i++)
		text[at++] = '\n';
	say_fill(text + at, n - at, sentence, facts);
}

char *say_consent(const struct target *t, char *buf, size_t n)
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
	buf[0] = '\0';
	add(buf, n, 0, question_of(t), facts);
	/* TRANSLATORS: "/dev/sda4, swap, 18.0G, of which 17.2G are old data" */
	add(buf, n, 1, t->estimate.known ? _("{name}, {fs}, {size}, of which {amount} are old data")
				       : "{name}, {fs}, {size}", facts);
	if (top->model)
		add(buf, n, 0, "{model}  {serial}", facts);
	add(buf, n, 1, consequence_of(t), facts);
	return buf;
}
