/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_F2FS_SUM_H
#define ACHICA_FS_F2FS_SUM_H

#include <stdbool.h>

/* Whether the checksum of a superblock (3072 bytes) is right: the last four bytes are it. */
bool f2fs_sum_of_super(const unsigned char *sb);

/* The same of a block of a checkpoint, which has it at byte at (a multiple of 4 below 4096) and
   may go on after it. */
bool f2fs_sum_of_checkpoint(const unsigned char *block, unsigned at);

#endif
