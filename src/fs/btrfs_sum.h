/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_BTRFS_SUM_H
#define ACHICA_FS_BTRFS_SUM_H

#include <stdbool.h>
#include <stddef.h>

/* At the start of the superblock and of each tree block; unused bytes at its end are zero. */
#define BTRFS_SUM_SIZE 32u

/* The name of a checksum type as it is on disk, NULL for one that is not known, or that the
   library of this machine does not offer (FIPS mode). */
const char *btrfs_sum_name(unsigned type);

/* Whether the sum at the start of block is that of all which follows. type is a known one. */
bool btrfs_sum_is_right(unsigned type, const unsigned char *block, size_t len);

#endif
