/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/i18n.h"

static void set_language(void)
{
	const char *dir = getenv("ACHICA_LOCALEDIR");

	setlocale(LC_ALL, "");
	bindtextdomain(PACKAGE, dir ? dir : LOCALEDIR);
	textdomain(PACKAGE);
}

int main(int argc, char **argv)
{
	set_language();
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts(PACKAGE_STRING);
		return 0;
	}
	fputs(_("Usage: achica [OPTION]... [TARGET]...\n"), stderr);
	return 2;
}
