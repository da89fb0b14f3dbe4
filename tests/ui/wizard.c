/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The wizard over the fakes, for tests with a terminal. Arguments: --ascii, --utf8, --color=never,
   and the names of targets. */

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "achica/front.h"
#include "tests/ui/fake.h"

int main(int argc, char **argv)
{
	struct options options = { .verb = VERB_WIZARD };
	const char *dir = getenv("ACHICA_LOCALEDIR");
	int i = 1;

	setlocale(LC_ALL, "");
	bindtextdomain(PACKAGE, dir ? dir : LOCALEDIR);
	textdomain(PACKAGE);
	fake_from_environment();
	for (; i < argc && argv[i][0] == '-'; i++) {
		options.ascii |= strcmp(argv[i], "--ascii") == 0;
		options.utf8 |= strcmp(argv[i], "--utf8") == 0;
		if (strcmp(argv[i], "--color=never") == 0)
			options.color = WHEN_NEVER;
		if (strncmp(argv[i], "--log=", 6) == 0)
			options.log = argv[i] + 6;
	}
	options.survey.names = argv + i;
	options.survey.estimate = true;
	return ui_run(&options);
}
