/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* Features that a driver does not know, said so that the user can look them up. */

#include <inttypes.h>
#include <stdio.h>

#include "fs/feature.h"

int feature_refuse(uint64_t bits, const struct feature *names, const char *set, struct error *err)
{
	uint64_t bit = bits & -bits;
	char text[48];

	while (names->bit && names->bit != bit)
		names++;
	snprintf(text, sizeof text, "%s 0x%" PRIx64, set, bit);
	return error_set(err, WHY_FEATURE, 0, names->bit ? names->name : text);
}
