/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_FAT_BOOT_H
#define ACHICA_FS_FAT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"

#define FAT_BOOT_SIZE 512u
#define FAT_FIRST 2u /* the number of the first cluster */

/* What the boot sector says, all of it checked. Places are bytes from the start of the window. */
struct fat_boot {
	unsigned bits;         /* of an entry of the table: 12, 16 or 32 */
	uint32_t sector;       /* bytes */
	uint32_t cluster;      /* bytes */
	uint64_t size;         /* of the filesystem, bytes */
	uint64_t table;        /* place of the first table */
	uint64_t table_size;   /* bytes of each */
	unsigned tables;       /* 1 or 2 */
	uint64_t data;         /* place of cluster 2 */
	uint32_t clusters;     /* their numbers are 2 to clusters + 1 */
	uint32_t root;         /* FAT32: first cluster of the root directory, else 0 */
	unsigned char media;
	char label[12];
	char serial[10];
};

/*
 * boot is the first FAT_BOOT_SIZE bytes; window the bytes there are. 0, or a refusal: no boot
 * sector, geometry that contradicts itself, what is not understood (a table that is not mirrored,
 * a version of FAT32), a filesystem larger than its window, the mark of an unclean unmount.
 */
int fat_boot_parse(const unsigned char *boot, uint64_t window, struct fat_boot *fat,
		   struct error *err);

#endif
