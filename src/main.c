/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "achica/front.h"
#include "achica/i18n.h"
#include "cli/cli.h"

static void set_language(void)
{
	const char *dir = getenv("ACHICA_LOCALEDIR");

	setlocale(LC_ALL, "");
	bindtextdomain(PACKAGE, dir ? dir : LOCALEDIR);
	textdomain(PACKAGE);
}

static int run(const struct options *options)
{
	if (options->verb != VERB_WIZARD)
		return batch_run(options);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		cli_complain(_("the wizard needs a terminal; --list, --estimate and --zero do not"),
			     NULL);
		return STATUS_USAGE;
	}
	return options->plain ? plain_run(options) : ui_run(options);
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	output_guard();
	set_language();
	status = args_parse(argc, argv, &options);
	if (status < 0)
		status = run(&options);
	args_free(&options);
	return output_close(status);
}
