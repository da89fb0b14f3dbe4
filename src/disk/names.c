/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The names of targets: their order, and what PATH#N, PATH#gapN and PATH#VG/LV mean. Bytes; no
   locale has a say. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk/names.h"

/* Partition numbers beyond this are not counted by any partition table. */
#define DIGITS_MAX 6
#define GAP "gap"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of the run of one class at the start of s; 1 for anything but letters and digits. */
static size_t run(const char *s)
{
	size_t n = 0;

	if (is_digit(*s)) {
		while (is_digit(s[n]))
			n++;
	} else if (is_letter(*s)) {
		while (is_letter(s[n]))
			n++;
	} else if (*s) {
		n = 1;
	}
	return n;
}

static int compare_runs(const char *a, size_t na, const char *b, size_t nb)
{
	if (is_digit(*a) && is_digit(*b)) {
		for (; na > 1 && *a == '0'; na--)
			a++;
		for (; nb > 1 && *b == '0'; nb--)
			b++;
	}
	/* Of numbers the longer is the larger; of letters too, as disks count: sdz, sdaa. But "sr"
	   and "nvme" are words, so letters that differ before the last decide first. */
	if (na != nb && (is_digit(*a) || strncmp(a, b, (na < nb ? na : nb) - 1) == 0))
		return na < nb ? -1 : 1;
	return strncmp(a, b, na < nb ? na : nb);
}

int names_compare(const char *a, const char *b)
{
	while (*a && *b) {
		size_t na = run(a);
		size_t nb = run(b);
		int r = compare_runs(a, na, b, nb);

		if (r)
			return r;
		a += na;
		b += nb;
	}
	return (*a != '\0') - (*b != '\0');
}

bool names_is_number(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* What names of volume groups and logical volumes are made of: lvm(8), "VALID NAMES". */
#define LVM_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_.-"

static bool is_volume(const char *text)
{
	size_t group = strspn(text, LVM_LETTERS);
	size_t volume = text[group] == '/' ? strspn(text + group + 1, LVM_LETTERS) : 0;

	return group > 0 && volume > 0 && text[group + 1 + volume] == '\0';
}

static bool is_numbered(const char *text, struct inner *inner)
{
	bool is_gap = strncmp(text, GAP, strlen(GAP)) == 0;
	const char *digits = text + (is_gap ? strlen(GAP) : 0);

	if (!names_is_number(digits) || strlen(digits) > DIGITS_MAX)
		return false;
	inner->kind = is_gap ? TARGET_GAP : TARGET_PART;
	inner->number = (unsigned)strtoul(digits, NULL, 10);
	return inner->number != 0;
}

bool names_split(const char *name, char **path, struct inner *inner)
{
	const char *hash = strrchr(name, '#');

	*path = NULL;
	*inner = (struct inner){ .number = 0 };
	if (!hash || hash == name)
		return false;
	if (is_volume(hash + 1))
		*inner = (struct inner){ TARGET_LV, 0, hash + 1 };
	else if (!is_numbered(hash + 1, inner))
		return false;
	*path = strndup(name, (size_t)(hash - name));
	return *path != NULL;
}

int names_join(char **name, const char *path, struct inner inner)
{
	if (inner.volume)
		return asprintf(name, "%s#%s", path, inner.volume);
	return asprintf(name, "%s#%s%u", path, inner.kind == TARGET_GAP ? GAP : "", inner.number);
}

bool names_is_inner(struct inner inner)
{
	return inner.number != 0 || inner.volume;
}
