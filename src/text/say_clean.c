/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Bytes of unknown origin made fit for a terminal, and sentences filled with them. Labels and file
 * names may hold escape sequences, broken characters or marks which turn the direction of writing:
 * all those become \xNN, so that nothing a disk says can move the cursor or hide a part of a name.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "achica/say.h"

struct out {
	char *buf;
	size_t n;
	size_t at;
	bool full; /* something did not fit: nothing more is taken, so that the cut is clean */
};

static void put(struct out *out, const char *bytes, size_t len)
{
	if (out->full || len >= out->n - out->at) {
		out->full = true;
		return;
	}
	memcpy(out->buf + out->at, bytes, len);
	out->at += len;
	out->buf[out->at] = '\0';
}

/* Marks without a width that change how what follows is shown (Unicode 15, UAX 9, table 4). */
static bool is_treacherous(wchar_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x061c || c == 0xfeff;
}

/* Length of the character at s, 1 for a byte that is none; *good: it may be shown as it is. */
static size_t look(const char *s, size_t left, wchar_t *c, bool *good)
{
	mbstate_t state = { 0 };
	size_t len = mbrtowc(c, s, left, &state);

	*good = false;
	if (len == 0 || len > left)
		return 1;
	*good = iswprint((wint_t)*c) && !is_treacherous(*c);
	return len;
}

static void put_clean(struct out *out, const char *src, size_t left)
{
	while (left > 0 && !out->full) {
		wchar_t c;
		bool good;
		size_t len = look(src, left, &c, &good);
		char escape[5];

		if (good)
			put(out, src, len);
		for (size_t i = 0; !good && i < len; i++) {
			snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)src[i]);
			put(out, escape, 4);
		}
		src += len;
		left -= len;
	}
}

static struct out out_open(char *buf, size_t n)
{
	buf[0] = '\0';
	return (struct out){ .buf = buf, .n = n };
}

char *say_clean(const char *src, char *buf, size_t n)
{
	struct out out = out_open(buf, n);

	put_clean(&out, src, strlen(src));
	return buf;
}

static const struct say_fact *find(const struct say_fact *facts, const char *name, size_t len)
{
	for (; facts->name; facts++) {
		if (strlen(facts->name) == len && memcmp(facts->name, name, len) == 0)
			return facts;
	}
	return NULL;
}

char *say_fill(char *buf, size_t n, const char *sentence, const struct say_fact *facts)
{
	struct out out = out_open(buf, n);

	while (*sentence) {
		size_t plain = strcspn(sentence, "{");
		const char *end = strchr(sentence + plain, '}');
		const struct say_fact *fact;

		put_clean(&out, sentence, plain);
		sentence += plain;
		if (*sentence == '\0')
			break;
		fact = end ? find(facts, sentence + 1, (size_t)(end - sentence - 1)) : NULL;
		if (fact && fact->value)
			put_clean(&out, fact->value, strlen(fact->value));
		if (!fact)
			put(&out, "{", 1);
		sentence = fact ? end + 1 : sentence + 1;
	}
	return buf;
}

size_t say_cells(const char *text)
{
	size_t cells = 0;
	size_t left = strlen(text);

	while (left > 0) {
		wchar_t c;
		bool good;
		size_t len = look(text, left, &c, &good);

		cells += good && wcwidth(c) >= 0 ? (size_t)wcwidth(c) : 1;
		text += len;
		left -= len;
	}
	return cells;
}
