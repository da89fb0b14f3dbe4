/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * In the place of src/fs/xfs_sum.c while fuzzing: every checksum is right, so that what is behind
 * them is reached. A wrong one ends a walk at once, which the unit tests show.
 */

#include "fs/xfs_sum.h"

bool xfs_sum_is_right(const unsigned char *buf, size_t len, size_t at)
{
	(void)buf, (void)len, (void)at;
	return true;
}
