/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* The checksum of exFAT's boot region. */

#include <stddef.h>

#include "base/bytes.h"
#include "fs/exfat_sum.h"

/* What changes while the volume is in use is left out. */
enum {
	FLAGS = 106, /* two bytes */
	PERCENT_USED = 112,
};

static uint32_t sum_of(const unsigned char *region, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		if (i != FLAGS && i != FLAGS + 1 && i != PERCENT_USED)
			sum = (sum << 31 | sum >> 1) + region[i];
	}
	return sum;
}

bool exfat_sum_is_right(const unsigned char *region, uint32_t sector)
{
	size_t len = (EXFAT_REGION - 1) * (size_t)sector;
	uint32_t sum = sum_of(region, len);

	for (uint32_t at = 0; at < sector; at += 4) {
		if (get_le32(region + len + at) != sum)
			return false;
	}
	return true;
}
