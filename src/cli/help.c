/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The table of options, and --help made from it: word-wrapped in cells, so that it fits 80 columns
   in every language. */

#include <string.h>

#include "achica/i18n.h"
#include "cli/cli.h"

#define WIDTH 80
#define COLUMN 26 /* where the text of an option begins */

/* Arguments are words in capitals or lists of values as they are typed: not translated. */
const struct cli_option cli_options[] = {
	{ 0, "", NULL, N_("What to do (without one of these: the wizard):") },
	{ 'l', "list", NULL, N_("show the tree of targets") },
	{ 'e', "estimate", NULL, N_("show how much of the free space is zero and how much can be "
				    "reclaimed") },
	{ 'z', "zero", NULL, N_("reclaim the TARGETs: make their free space zero") },
	{ 'F', "free-map", NULL, N_("print the free space of one TARGET: OFFSET LENGTH, in "
				    "bytes") },
	{ 'S', "suggest", NULL, N_("print only the commands that make a small copy") },
	{ 'o', "convert", "OUT", N_("make the small copy as the new file OUT, compared with its "
				    "source: after --zero, or else by the method overlay") },

	{ 0, "", NULL, N_("How:") },
	{ 'M', "method", "auto|punch|write|trim|fill|overlay",
	  N_("how free space becomes zero; overlay: only in the copy") },
	{ 'x', "exact", NULL, N_("read all free space instead of a sample") },
	{ 'n', "dry-run", NULL, N_("do everything but the writing") },
	{ 'c', "verify", NULL, N_("prove that what was free is zero and the rest unchanged") },
	{ 'r', "reserve", "SIZE", N_("what fill leaves free for others") },
	{ 'w', "swap", NULL, N_("clear swap areas too, but for their headers") },
	{ 'g', "gaps", NULL, N_("clear what lies in no partition too, but for traces of a "
				"filesystem in what was not named") },
	{ 'X', "exclude", "DEVICE", N_("leave this device out, by any of its names; can be "
				       "repeated") },
	{ 'R', "max-rate", "SIZE", N_("read and write at most SIZE a second") },
	{ 'E', "on-error", "skip|stop", N_("at an I/O error leave the place out, or the whole "
					   "target") },
	{ 'y', "yes", NULL, N_("start without asking") },

	{ 0, "", NULL, N_("Output:") },
	{ 'j', "json", NULL, N_("machine-readable") },
	{ 'P', "progress", "auto|line|gauge|json|none", N_("how progress is shown, on stderr") },
	{ 'L', "log", "FILE", N_("append what happens to FILE") },
	{ 'p', "plain", NULL, N_("questions and answers line by line instead of screens") },
	{ 'a', "ascii", NULL, N_("draw with ASCII characters only") },
	{ 'u', "utf8", NULL, N_("draw with UTF-8 characters") },
	{ 'C', "color", "auto|always|never", N_("when to use colours") },
	{ 's', "si", NULL, N_("sizes in powers of 1000 instead of 1024") },
	{ 'q', "quiet", NULL, N_("say nothing but results and errors") },
	{ 'V', "version", NULL, N_("print the version") },
	{ 'h', "help", NULL, N_("print this help") },
	{ 0, NULL, NULL, NULL },
};

static void indent_by(FILE *out, size_t cells)
{
	fprintf(out, "%*s", (int)cells, "");
}

void help_wrap(FILE *out, const char *text, size_t indent, size_t at, size_t width)
{
	char word[512];

	while (*text) {
		size_t len = strcspn(text, " ");
		size_t cells;

		if (len >= sizeof(word))
			len = sizeof(word) - 1;
		memcpy(word, text, len);
		word[len] = '\0';
		cells = say_cells(word);
		if (at > indent && at + 1 + cells > width) {
			fputc('\n', out);
			at = 0;
		}
		if (at < indent) {
			indent_by(out, indent - at);
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fputs(word, out);
		at += cells;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static bool has_letter(const struct cli_option *o)
{
	return strchr("lezjyqVh", o->id) != NULL;
}

static void print_option(const struct cli_option *o)
{
	char left[96];
	size_t at;

	snprintf(left, sizeof(left), has_letter(o) ? "  -%c, --%s%s%s" : "   %c  --%s%s%s",
		 has_letter(o) ? o->id : ' ', o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
	fputs(left, stdout);
	at = strlen(left);
	if (at + 2 > COLUMN) {
		putchar('\n');
		at = 0;
	}
	help_wrap(stdout, _(o->help), COLUMN, at, WIDTH);
}

void help_print(void)
{
	help_wrap(stdout, _("Usage: achica [OPTION]... [TARGET]..."), 0, 0, WIDTH);
	putchar('\n');
	help_wrap(stdout, _("Finds the free space of filesystems that still holds old data, and "
			    "makes it zero, so that a copy of the disk is small. Files are not "
			    "touched."), 0, 0, WIDTH);
	putchar('\n');
	help_wrap(stdout, _("A TARGET is an image file, a block device or a mount point; PATH#N is "
			    "partition N of it. PATH alone means all that is in it. Without a TARGET "
			    "all that is found is shown."), 0, 0, WIDTH);
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (o->id) {
			print_option(o);
			continue;
		}
		putchar('\n');
		help_wrap(stdout, _(o->help), 0, 0, WIDTH);
	}
	putchar('\n');
	help_wrap(stdout, _("SIZE is a number with K, M, G, T (powers of 1024) or KB, MB, GB, TB "
			    "(powers of 1000)."), 0, 0, WIDTH);
	help_wrap(stdout, _("Exit status: 0 done, 1 an error, 2 usage or no terminal, 3 nothing to "
			    "do, 4 refused. The manual is achica(8)."), 0, 0, WIDTH);
}
