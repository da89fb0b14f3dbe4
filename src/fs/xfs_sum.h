/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_XFS_SUM_H
#define ACHICA_FS_XFS_SUM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the checksum of metadata of len bytes, which V5 keeps at byte "at" of it, is right. */
bool xfs_sum_is_right(const unsigned char *buf, size_t len, size_t at);

#endif
