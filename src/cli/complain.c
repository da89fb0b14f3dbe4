/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Messages on stderr: each begins with the name of the program. */

#include "achica/i18n.h"
#include "cli/cli.h"

#define MESSAGE 4096

void cli_complain(const char *sentence, const struct say_fact *facts)
{
	static const struct say_fact none[] = { { NULL, NULL } };
	char text[MESSAGE];

	say_fill(text, sizeof(text), sentence, facts ? facts : none);
	fprintf(stderr, "achica: %s\n", text);
}

void cli_complain_error(const struct error *err, const char *what, const struct target *t)
{
	char reason[MESSAGE];
	char remedy[MESSAGE];
	struct say_fact facts[] = { { "name", what }, { "reason", reason }, { "remedy", remedy },
				    { NULL, NULL } };

	say_reason(err, reason, sizeof(reason));
	say_remedy(err, t, remedy, sizeof(remedy));
	/* TRANSLATORS: "sda1: it is mounted on /home" */
	cli_complain(what ? _("{name}: {reason}") : "{reason}", facts);
	if (remedy[0])
		/* TRANSLATORS: what mends it: "what helps: umount /home" */
		cli_complain(_("what helps: {remedy}"), facts);
}
