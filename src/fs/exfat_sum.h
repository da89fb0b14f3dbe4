/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_EXFAT_SUM_H
#define ACHICA_FS_EXFAT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#define EXFAT_REGION 12u /* sectors of a boot region */

/* Whether the last sector of the boot region, of sectors of that many bytes, repeats the checksum
   of the others (exFAT file system specification, 3.4). */
bool exfat_sum_is_right(const unsigned char *region, uint32_t sector);

#endif
