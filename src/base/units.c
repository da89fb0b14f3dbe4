/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Exact sizes: what users type, and sums that saturate. */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "achica/units.h"

/* More digits after the point than this change no byte of a size that fits in 64 bits. */
#define FRACTION_DIGITS 18

uint64_t size_add(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

uint64_t size_mul(uint64_t a, uint64_t b)
{
	return a && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

/* The factor of a suffix, 0 for one that is none. */
static uint64_t suffix_factor(const char *suffix)
{
	static const char letters[] = "KMGTP";
	uint64_t binary = 1;
	uint64_t decimal = 1;
	const char *letter;

	if (suffix[0] == '\0' || strcasecmp(suffix, "B") == 0)
		return 1;
	letter = strchr(letters, toupper((unsigned char)suffix[0]));
	if (!letter)
		return 0;
	for (const char *l = letters; l <= letter; l++) {
		binary *= 1024;
		decimal *= 1000;
	}
	if (suffix[1] == '\0' || strcasecmp(suffix + 1, "iB") == 0)
		return binary;
	return strcasecmp(suffix + 1, "B") == 0 ? decimal : 0;
}

/* The digits after the point as bytes of factor, and *end behind them. */
static uint64_t read_fraction(const char *digits, uint64_t factor, const char **end)
{
	unsigned __int128 value = 0;
	unsigned __int128 scale = 1;
	int n = 0;

	for (; isdigit((unsigned char)*digits); digits++) {
		if (n++ >= FRACTION_DIGITS)
			continue;
		value = value * 10 + (unsigned)(*digits - '0');
		scale *= 10;
	}
	*end = digits;
	return (uint64_t)(value * factor / scale);
}

int size_parse(const char *text, uint64_t *bytes)
{
	uint64_t whole = 0;
	uint64_t part = 0;
	uint64_t factor;
	const char *p = text;
	const char *fraction = NULL;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++)
		whole = size_add(size_mul(whole, 10), (uint64_t)(*p - '0'));
	if (*p == '.' || *p == ',') {
		fraction = p + 1;
		if (!isdigit((unsigned char)*fraction))
			return -EINVAL;
		read_fraction(fraction, 1, &p);
	}
	factor = suffix_factor(p);
	if (factor == 0)
		return -EINVAL;
	if (fraction)
		part = read_fraction(fraction, factor, &p);
	whole = size_add(size_mul(whole, factor), part);
	if (whole == UINT64_MAX)
		return -ERANGE;
	*bytes = whole;
	return 0;
}
