/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_EXFAT_BOOT_H
#define ACHICA_FS_EXFAT_BOOT_H

#include "base/io.h"

#define EXFAT_FIRST 2u /* the number of the first cluster */

/* What the boot region says, all of it checked. Places are bytes from the start of the window. */
struct exfat_boot {
	uint64_t size;        /* of the filesystem, bytes */
	uint64_t table;       /* place of the FAT */
	uint64_t heap;        /* place of cluster 2 */
	uint32_t clusters;    /* their numbers are 2 to clusters + 1 */
	uint32_t cluster;     /* bytes */
	uint32_t sector;      /* bytes */
	uint32_t root;        /* first cluster of the root directory */
	char serial[10];
};

/*
 * Reads the main boot region and the backup. 0, an error of reading, or a refusal: no exFAT, a
 * wrong checksum, geometry that contradicts itself or that of the backup, two FATs (TexFAT),
 * another revision, a larger size than io's, marks of an unclean unmount or of media failures.
 */
int exfat_boot_read(struct io *io, struct exfat_boot *boot, struct error *err);

#endif
