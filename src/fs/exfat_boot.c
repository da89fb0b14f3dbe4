/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The boot region of exFAT: twelve sectors, the last of which repeats the checksum of the others,
 * and a backup behind it. A backup whose own checksum is wrong tells nothing; one that is whole and
 * tells of another geometry does: somebody formatted or resized by halves.
 *
 * Source: Microsoft, "exFAT file system specification", section 3.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/exfat_boot.h"
#include "fs/exfat_sum.h"

/* Fields, by their byte in the first sector. */
enum {
	NAME = 3,
	MUST_BE_ZERO = 11,
	PARTITION = 64,
	VOLUME_LENGTH = 72,
	FAT_START = 80,
	FAT_LENGTH = 84,
	HEAP_START = 88,
	CLUSTERS = 92,
	ROOT = 96,
	SERIAL = 100,
	REVISION = 104,
	FLAGS = 106,
	SECTOR_SHIFT = 108,
	CLUSTER_SHIFT = 109,
	TABLES = 110,
	SIGNATURE = 510,
};

#define FLAG_SECOND_FAT 0x1u
#define FLAG_DIRTY 0x2u
#define FLAG_FAILURE 0x4u
#define REVISION_1_0 0x0100u
#define LEAST_SECTOR_SHIFT 9u
#define MOST_SECTOR_SHIFT 12u
#define MOST_CLUSTER_SHIFT 25u
#define MOST_CLUSTERS 0xfffffff5u

static int corrupt(struct error *err, uint64_t at, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, at, what);
}

static int read_at(struct io *io, uint64_t at, unsigned char *buf, size_t len, struct error *err)
{
	int rc = io_read(io, at, buf, len);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

static int check_regions(struct io *io, uint32_t sector, struct error *err)
{
	size_t len = EXFAT_REGION * (size_t)sector;
	unsigned char *region = malloc(2 * len);
	int rc;

	if (!region)
		return error_set(err, WHY_MEMORY, ENOMEM, io->name);
	rc = read_at(io, 0, region, 2 * len, err);
	if (rc == 0 && !exfat_sum_is_right(region, sector))
		rc = corrupt(err, 0, "checksum of the boot region");
	if (rc == 0 && exfat_sum_is_right(region + len, sector) &&
	    memcmp(region + PARTITION, region + len + PARTITION, FLAGS - PARTITION) != 0)
		rc = corrupt(err, len, "backup of the boot region");
	free(region);
	return rc;
}

static int parse_units(const unsigned char *sector, struct exfat_boot *b, struct error *err)
{
	unsigned shift = sector[SECTOR_SHIFT];
	char text[32];

	if (memcmp(sector + NAME, "EXFAT   ", 8) != 0 || get_le16(sector + SIGNATURE) != 0xaa55 ||
	    !bytes_are_zero(sector + MUST_BE_ZERO, PARTITION - MUST_BE_ZERO))
		return corrupt(err, 0, "boot sector");
	if (get_le16(sector + REVISION) != REVISION_1_0) {
		snprintf(text, sizeof(text), "revision %u.%u", (unsigned)sector[REVISION + 1],
			 (unsigned)sector[REVISION]);
		return error_set(err, WHY_FEATURE, 0, text);
	}
	if (shift < LEAST_SECTOR_SHIFT || shift > MOST_SECTOR_SHIFT)
		return corrupt(err, SECTOR_SHIFT, "sector size");
	b->sector = 1u << shift;
	if (sector[CLUSTER_SHIFT] > MOST_CLUSTER_SHIFT - shift)
		return corrupt(err, CLUSTER_SHIFT, "cluster size");
	b->cluster = b->sector << sector[CLUSTER_SHIFT];
	if (sector[TABLES] != 1)
		return error_set(err, WHY_FEATURE, 0, "TexFAT");
	return 0;
}

static int parse_places(const unsigned char *sector, struct exfat_boot *b, struct error *err)
{
	uint64_t length = get_le64(sector + VOLUME_LENGTH);
	uint64_t fat = get_le32(sector + FAT_START);
	uint64_t fat_end = fat + get_le32(sector + FAT_LENGTH);
	uint64_t heap = get_le32(sector + HEAP_START);

	b->clusters = get_le32(sector + CLUSTERS);
	b->root = get_le32(sector + ROOT);
	b->table = fat * b->sector;
	b->heap = heap * b->sector;
	if (length > UINT64_MAX / b->sector)
		return corrupt(err, VOLUME_LENGTH, "size");
	b->size = length * b->sector;
	if (fat < 2 * EXFAT_REGION || fat_end > heap)
		return corrupt(err, FAT_START, "place of the table");
	if (b->clusters == 0 || b->clusters > MOST_CLUSTERS || b->heap > b->size ||
	    b->clusters > (b->size - b->heap) / b->cluster)
		return corrupt(err, CLUSTERS, "number of clusters");
	if ((fat_end - fat) * b->sector / 4 < (uint64_t)b->clusters + EXFAT_FIRST)
		return corrupt(err, FAT_LENGTH, "size of the table");
	if (b->root < EXFAT_FIRST || b->root - EXFAT_FIRST >= b->clusters)
		return corrupt(err, ROOT, "root directory");
	snprintf(b->serial, sizeof(b->serial), "%04X-%04X",
		 (unsigned)get_le16(sector + SERIAL + 2), (unsigned)get_le16(sector + SERIAL));
	return 0;
}

static int check_flags(unsigned flags, struct error *err)
{
	if (flags & FLAG_DIRTY)
		return error_set(err, WHY_DIRTY, 0, "exfat");
	if (flags & FLAG_FAILURE)
		return error_set(err, WHY_ERRORS, 0, "exfat");
	return flags & FLAG_SECOND_FAT ? error_set(err, WHY_FEATURE, 0, "TexFAT") : 0;
}

int exfat_boot_read(struct io *io, struct exfat_boot *boot, struct error *err)
{
	struct exfat_boot b = { 0 };
	unsigned char sector[1u << LEAST_SECTOR_SHIFT];
	int rc;

	if (io->size < sizeof(sector))
		return error_set_at(err, WHY_OUTSIDE, 0, sizeof(sector), "exfat");
	if ((rc = read_at(io, 0, sector, sizeof(sector), err)) ||
	    (rc = parse_units(sector, &b, err)) || (rc = parse_places(sector, &b, err)))
		return rc;
	if (b.size > io->size)
		return error_set_at(err, WHY_OUTSIDE, 0, b.size, "exfat");
	if ((rc = check_regions(io, b.sector, err)) ||
	    (rc = check_flags(get_le16(sector + FLAGS), err)))
		return rc;
	*boot = b;
	return 0;
}
