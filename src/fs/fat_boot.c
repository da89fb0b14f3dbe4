/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The boot sector of FAT. How wide the entries of the table are follows from the number of
 * clusters, but for FAT32, which has its own layout of the boot sector: mkfs.fat makes it with any
 * number of clusters, and firmware and kernels go by the layout then.
 *
 * Source: Microsoft, "FAT: General Overview of On-Disk Format" 1.03; Linux,
 * include/uapi/linux/msdos_fs.h and fs/fat/inode.c (fat_read_bpb, and the mark it leaves while a
 * filesystem is mounted).
 */

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/fat_boot.h"

/* Fields, by their byte in the boot sector. */
enum {
	SECTOR_SIZE = 11,
	CLUSTER_SECTORS = 13,
	RESERVED = 14,
	TABLES = 16,
	ROOT_ENTRIES = 17,
	SECTORS_16 = 19,
	MEDIA = 21,
	TABLE_SECTORS_16 = 22,
	SECTORS_32 = 32,
	TABLE_SECTORS_32 = 36,
	FLAGS_32 = 40,
	VERSION_32 = 42,
	ROOT_32 = 44,
	SIGNATURE = 510,
};

/* Fields behind those, in FAT12 and FAT16, and how much further on they are in FAT32. */
enum {
	STATE = 37,
	EXTENDED = 38,
	SERIAL = 39,
	LABEL = 43,
	SHIFT_32 = 28,
};

#define LABEL_SIZE 11u
#define STATE_DIRTY 0x01u
#define EXTENDED_SERIAL 0x28u /* a serial number follows */
#define EXTENDED_LABEL 0x29u  /* and a label */
#define FLAG_NO_MIRROR 0x80u
#define ENTRY_SIZE 32u        /* of a directory */
#define MOST_12 4084u         /* clusters */
#define MOST_16 65524u
#define MOST_32 0x0ffffff5u

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, field, what);
}

static int parse_units(const unsigned char *boot, struct fat_boot *f, struct error *err)
{
	f->sector = get_le16(boot + SECTOR_SIZE);
	f->media = boot[MEDIA];
	f->tables = boot[TABLES];
	if (get_le16(boot + SIGNATURE) != 0xaa55)
		return corrupt(err, SIGNATURE, "boot sector");
	if (!is_power_of_two(f->sector) || f->sector < 512 || f->sector > 4096)
		return corrupt(err, SECTOR_SIZE, "sector size");
	if (!is_power_of_two(boot[CLUSTER_SECTORS]))
		return corrupt(err, CLUSTER_SECTORS, "cluster size");
	f->cluster = f->sector * boot[CLUSTER_SECTORS];
	if (get_le16(boot + RESERVED) == 0)
		return corrupt(err, RESERVED, "reserved sectors");
	if (f->media != 0xf0 && f->media < 0xf8)
		return corrupt(err, MEDIA, "media byte");
	if (f->tables == 0 || f->tables > 2)
		return corrupt(err, TABLES, "number of tables");
	return 0;
}

static int parse_fat32(const unsigned char *boot, struct fat_boot *f, struct error *err)
{
	f->root = get_le32(boot + ROOT_32);
	if (get_le16(boot + VERSION_32) != 0)
		return error_set(err, WHY_FEATURE, 0, "version of FAT32");
	if (f->tables > 1 && (boot[FLAGS_32] & FLAG_NO_MIRROR))
		return error_set(err, WHY_FEATURE, 0, "tables that are not mirrored");
	if (get_le16(boot + ROOT_ENTRIES) != 0)
		return corrupt(err, ROOT_ENTRIES, "root directory");
	return 0;
}

/* Where things are, and how many clusters there are. */
static int parse_places(const unsigned char *boot, struct fat_boot *f, struct error *err)
{
	uint64_t sectors = get_le16(boot + SECTORS_16);
	uint64_t table = get_le16(boot + TABLE_SECTORS_16);
	uint64_t root = (uint64_t)get_le16(boot + ROOT_ENTRIES) * ENTRY_SIZE;
	uint64_t clusters;

	if (sectors == 0)
		sectors = get_le32(boot + SECTORS_32);
	if (table == 0)
		table = get_le32(boot + TABLE_SECTORS_32);
	f->size = sectors * f->sector;
	f->table = (uint64_t)get_le16(boot + RESERVED) * f->sector;
	f->table_size = table * f->sector;
	f->data = f->table + f->tables * f->table_size +
		  (root + f->sector - 1) / f->sector * f->sector;
	if (table == 0)
		return corrupt(err, TABLE_SECTORS_32, "size of the table");
	if (f->data >= f->size)
		return corrupt(err, SECTORS_32, "size");
	clusters = (f->size - f->data) / f->cluster;
	if (clusters == 0 || clusters > MOST_32)
		return corrupt(err, CLUSTER_SECTORS, "number of clusters");
	f->clusters = (uint32_t)clusters;
	return 0;
}

/* Clusters that the table has no room for cannot be used by anybody. */
static int choose_bits(const unsigned char *boot, struct fat_boot *f, struct error *err)
{
	uint64_t room;

	if (get_le16(boot + TABLE_SECTORS_16) == 0)
		f->bits = 32;
	else if (f->clusters <= MOST_12)
		f->bits = 12;
	else if (f->clusters <= MOST_16)
		f->bits = 16;
	else
		return corrupt(err, CLUSTER_SECTORS, "number of clusters");
	room = f->table_size * 8 / f->bits;
	if (room <= FAT_FIRST)
		return corrupt(err, TABLE_SECTORS_16, "size of the table");
	if (f->clusters > room - FAT_FIRST)
		f->clusters = (uint32_t)(room - FAT_FIRST);
	if (f->bits == 32 && (f->root < FAT_FIRST || f->root - FAT_FIRST >= f->clusters))
		return corrupt(err, ROOT_32, "root directory");
	return 0;
}

static void parse_names(const unsigned char *tail, struct fat_boot *f)
{
	unsigned extended = tail[EXTENDED];
	size_t n = LABEL_SIZE;

	if (extended != EXTENDED_SERIAL && extended != EXTENDED_LABEL)
		return;
	snprintf(f->serial, sizeof(f->serial), "%04X-%04X", (unsigned)get_le16(tail + SERIAL + 2),
		 (unsigned)get_le16(tail + SERIAL));
	if (extended != EXTENDED_LABEL || memcmp(tail + LABEL, "NO NAME    ", LABEL_SIZE) == 0)
		return;
	while (n > 0 && tail[LABEL + n - 1] == ' ')
		n--;
	memcpy(f->label, tail + LABEL, n);
}

int fat_boot_parse(const unsigned char *boot, uint64_t window, struct fat_boot *fat,
		   struct error *err)
{
	struct fat_boot f = { 0 };
	const unsigned char *tail;
	int rc;

	if ((rc = parse_units(boot, &f, err)) || (rc = parse_places(boot, &f, err)))
		return rc;
	if (get_le16(boot + TABLE_SECTORS_16) == 0 && (rc = parse_fat32(boot, &f, err)))
		return rc;
	if ((rc = choose_bits(boot, &f, err)))
		return rc;
	if (f.size > window)
		return error_set_at(err, WHY_OUTSIDE, 0, f.size, "vfat");
	tail = boot + (f.bits == 32 ? SHIFT_32 : 0);
	if (tail[STATE] & STATE_DIRTY)
		return error_set(err, WHY_DIRTY, 0, "vfat");
	parse_names(tail, &f);
	*fat = f;
	return 0;
}
