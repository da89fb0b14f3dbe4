/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_DRIVERS_H
#define ACHICA_FS_DRIVERS_H

#include "fs/fs.h"

/* The one symbol of each driver, for the table in fs.c alone. */
extern const struct fs_driver fs_btrfs;
extern const struct fs_driver fs_exfat;
extern const struct fs_driver fs_ext;
extern const struct fs_driver fs_f2fs;
extern const struct fs_driver fs_fat;
extern const struct fs_driver fs_gap;
extern const struct fs_driver fs_hfsplus;
extern const struct fs_driver fs_ntfs;
extern const struct fs_driver fs_swap;
extern const struct fs_driver fs_xfs;

#endif
