/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * In the place of src/fs/f2fs_sum.c while fuzzing: every checksum is right, so that what is behind
 * them is reached. A wrong one ends it at once, which the unit tests show.
 */

#include "fs/f2fs_sum.h"

bool f2fs_sum_of_super(const unsigned char *sb)
{
	(void)sb;
	return true;
}

bool f2fs_sum_of_checkpoint(const unsigned char *block, unsigned at)
{
	(void)block, (void)at;
	return true;
}
