/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * In the place of src/fs/btrfs_sum.c while fuzzing: every checksum is right, so that what is behind
 * them is reached. A wrong one ends a walk at once, which the unit tests show.
 */

#include "fs/btrfs_sum.h"

const char *btrfs_sum_name(unsigned type)
{
	return type < 4 ? "any" : NULL;
}

bool btrfs_sum_is_right(unsigned type, const unsigned char *block, size_t len)
{
	(void)type, (void)block, (void)len;
	return true;
}
