/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEXT_TEXT_H
#define ACHICA_TEXT_TEXT_H

#include <stddef.h>

/* What stands for {name} in a sentence. The value is cleaned as say_clean does. */
struct fact {
	const char *name;
	const char *value;
};

/*
 * Writes sentence into buf (n bytes with the final NUL, cut at a character) with each {name}
 * replaced by the fact of that name; facts ends with a NULL name. Translators may move and repeat
 * them, and a wrong catalogue can do no harm, as it could with printf. Returns buf.
 */
char *text_fill(char *buf, size_t n, const char *sentence, const struct fact *facts);

#endif
