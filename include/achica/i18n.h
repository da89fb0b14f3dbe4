/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_I18N_H
#define ACHICA_I18N_H

#include <libintl.h>
#include <string.h>

/*
 * Text for people, in text/, ui/, cli/ and main.c alone. A file that uses these is listed in
 * po/POTFILES.in. "max N cells" in a context or in a TRANSLATORS note is checked by the tests.
 */

/* The translation of a whole sentence or label. */
#define _(text) gettext(text)

/* Marks text in a table; _() translates it where it is used. */
#define N_(text) text

/* A label with its context: C_("column, max 9 cells", "Size"). */
#define C_(context, text) i18n_label(NC_(context, text))

/* Marks such a label in a table; i18n_label() translates it where it is used. */
#define NC_(context, text) context "\004" text

/* A sentence with a count, which is also among the arguments of its printf. */
#define P_(one, many, count) ngettext(one, many, count)

/* Translates what NC_() made; without a translation, its text. Returns a static string. */
static inline const char *__attribute__((format_arg(1))) i18n_label(const char *label)
{
	const char *found = gettext(label);

	return found == label ? strchr(label, '\004') + 1 : found;
}

#endif
