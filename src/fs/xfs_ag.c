/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The headers of an XFS allocation group: four sectors with a copy of the superblock, the AGF
 * (free space), the AGI (inodes) and the AGFL (blocks kept for the trees of free space: nobody's,
 * but in no tree, and never free here). Refused: wrong magic, version, number, length, checksum or
 * UUID, a root or a listed block outside the group, counts that cannot be.
 *
 * Source: XFS Algorithms & Data Structures, "Allocation Groups"; Linux,
 * fs/xfs/libxfs/xfs_format.h.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/xfs_ag.h"
#include "fs/xfs_sum.h"

/* Sectors of a group, in this order. */
enum {
	SECTOR_SUPER,
	SECTOR_AGF,
	SECTOR_AGI,
	SECTOR_AGFL,
	HEADER_SECTORS,
};

/* Fields that AGF and AGI share. */
enum {
	HEAD_MAGIC = 0,
	HEAD_VERSION = 4,
	HEAD_NUMBER = 8,
	HEAD_LENGTH = 12,
};

/* Fields of the AGF. */
enum {
	AGF_ROOTS = 16,
	AGF_RMAP_ROOT = 24,
	AGF_LEVELS = 28,
	AGF_LIST_FIRST = 40,
	AGF_LIST_LAST = 44,
	AGF_LIST_COUNT = 48,
	AGF_FREE_BLOCKS = 52,
	AGF_LONGEST = 56,
	AGF_TREE_BLOCKS = 60,
	AGF_UUID = 64,
	AGF_RMAP_BLOCKS = 80,
	AGF_REFCOUNT_ROOT = 88,
	AGF_CRC = 216,
};

/* Fields of the AGI. */
enum {
	AGI_ROOT = 20,
	AGI_UUID = 296,
	AGI_CRC = 312,
	AGI_FREE_ROOT = 328,
};

/* Fields of the AGFL of V5; that of V4 is a list from its first byte. */
enum {
	AGFL_NUMBER = 4,
	AGFL_UUID = 8,
	AGFL_CRC = 32,
	AGFL_LIST = 36,
};

#define AGF_MAGIC 0x58414746u  /* "XAGF" */
#define AGI_MAGIC 0x58414749u  /* "XAGI" */
#define AGFL_MAGIC 0x5841464cu /* "XAFL" */

uint64_t xfs_ag_byte(const struct xfs_ag *ag, uint32_t block)
{
	return ((uint64_t)ag->number * ag->super->ag_blocks + block) * ag->super->block_size;
}

static int corrupt_at(const struct xfs_ag *ag, uint64_t byte, const char *what, struct error *err)
{
	char text[80];

	snprintf(text, sizeof text, "%s of allocation group %u", what, (unsigned)ag->number);
	return error_set_at(err, WHY_CORRUPT, 0, byte, text);
}

int xfs_ag_corrupt(const struct xfs_ag *ag, uint32_t block, const char *what, struct error *err)
{
	return corrupt_at(ag, xfs_ag_byte(ag, block), what, err);
}

static uint64_t sector_byte(const struct xfs_ag *ag, unsigned sector)
{
	return xfs_ag_byte(ag, 0) + (uint64_t)sector * ag->super->sector_size;
}

static int read_sector(const struct xfs_ag *ag, unsigned sector, unsigned char *buf,
		       struct error *err)
{
	int rc = io_read(ag->io, sector_byte(ag, sector), buf, ag->super->sector_size);

	return rc ? io_report(ag->io, WHY_READ, -rc, err) : 0;
}

static int add_used(struct xfs_ag *ag, uint32_t first, uint32_t count, struct error *err)
{
	int rc = run_list_add(&ag->used, (struct run){ first, count });

	return rc ? error_set(err, WHY_MEMORY, -rc, ag->io->name) : 0;
}

/* A block of the group after the headers, in use. */
static int add_block(struct xfs_ag *ag, uint32_t block, unsigned sector, const char *what,
		     struct error *err)
{
	if (block < ag->first || block >= ag->blocks)
		return corrupt_at(ag, sector_byte(ag, sector), what, err);
	return add_used(ag, block, 1, err);
}

static bool is_stamped(const struct xfs_ag *ag, const unsigned char *buf, size_t uuid, size_t crc)
{
	const struct xfs_super *s = ag->super;

	return !s->v5 || (memcmp(buf + uuid, s->meta_uuid, sizeof s->meta_uuid) == 0 &&
			  xfs_sum_is_right(buf, s->sector_size, crc));
}

/* What AGF and AGI have at their start. */
static bool is_header(const struct xfs_ag *ag, const unsigned char *buf, uint32_t magic)
{
	return get_be32(buf + HEAD_MAGIC) == magic && get_be32(buf + HEAD_VERSION) == 1 &&
	       get_be32(buf + HEAD_NUMBER) == ag->number &&
	       get_be32(buf + HEAD_LENGTH) == ag->blocks;
}

static int read_trees(struct xfs_ag *ag, const unsigned char *agf, struct error *err)
{
	for (unsigned t = 0; t < 2; t++) {
		ag->root[t] = get_be32(agf + AGF_ROOTS + 4 * t);
		ag->levels[t] = get_be32(agf + AGF_LEVELS + 4 * t);
		if (ag->root[t] < ag->first || ag->root[t] >= ag->blocks || ag->levels[t] == 0 ||
		    ag->levels[t] > XFS_MOST_LEVELS)
			return corrupt_at(ag, sector_byte(ag, SECTOR_AGF), "AGF, a root", err);
	}
	return 0;
}

static int read_counts(struct xfs_ag *ag, const unsigned char *agf, struct error *err)
{
	uint32_t rmap_blocks = ag->super->rmapbt ? get_be32(agf + AGF_RMAP_BLOCKS) : 1;

	ag->listed = get_be32(agf + AGF_LIST_COUNT);
	ag->free_blocks = get_be32(agf + AGF_FREE_BLOCKS);
	ag->longest = get_be32(agf + AGF_LONGEST);
	ag->tree_blocks = get_be32(agf + AGF_TREE_BLOCKS);
	ag->rmap_blocks = rmap_blocks - 1;
	if (ag->free_blocks >= ag->blocks || ag->longest > ag->free_blocks || rmap_blocks == 0 ||
	    rmap_blocks > ag->blocks || ag->listed > ag->blocks ||
	    (ag->super->lazy && ag->tree_blocks >= ag->blocks))
		return corrupt_at(ag, sector_byte(ag, SECTOR_AGF), "AGF, a count", err);
	return 0;
}

static int read_agf(struct xfs_ag *ag, unsigned char *agf, struct error *err)
{
	int rc = read_sector(ag, SECTOR_AGF, agf, err);

	if (rc)
		return rc;
	if (!is_header(ag, agf, AGF_MAGIC) || !is_stamped(ag, agf, AGF_UUID, AGF_CRC))
		return corrupt_at(ag, sector_byte(ag, SECTOR_AGF), "AGF", err);
	if ((rc = read_trees(ag, agf, err)) || (rc = read_counts(ag, agf, err)))
		return rc;
	if (ag->super->rmapbt)
		rc = add_block(ag, get_be32(agf + AGF_RMAP_ROOT), SECTOR_AGF, "AGF, a root", err);
	if (rc == 0 && ag->super->reflink)
		rc = add_block(ag, get_be32(agf + AGF_REFCOUNT_ROOT), SECTOR_AGF, "AGF, a root",
			       err);
	return rc;
}

static int read_agi(struct xfs_ag *ag, unsigned char *agi, struct error *err)
{
	int rc = read_sector(ag, SECTOR_AGI, agi, err);

	if (rc)
		return rc;
	if (!is_header(ag, agi, AGI_MAGIC) || !is_stamped(ag, agi, AGI_UUID, AGI_CRC))
		return corrupt_at(ag, sector_byte(ag, SECTOR_AGI), "AGI", err);
	rc = add_block(ag, get_be32(agi + AGI_ROOT), SECTOR_AGI, "AGI, a root", err);
	if (rc == 0 && ag->super->finobt)
		rc = add_block(ag, get_be32(agi + AGI_FREE_ROOT), SECTOR_AGI, "AGI, a root", err);
	return rc;
}

/* The list is a ring of entries: ends are what the AGF says of it. */
static int read_list(struct xfs_ag *ag, const unsigned char ends[8], const unsigned char *list,
		     uint32_t room, struct error *err)
{
	uint32_t first = get_be32(ends);
	uint32_t last = get_be32(ends + 4);
	int rc = 0;

	if (ag->listed > room || first >= room || last >= room ||
	    (ag->listed && (first + ag->listed - 1) % room != last))
		return corrupt_at(ag, sector_byte(ag, SECTOR_AGF), "AGF, the free list", err);
	for (uint32_t i = 0; rc == 0 && i < ag->listed; i++)
		rc = add_block(ag, get_be32(list + (size_t)((first + i) % room) * 4), SECTOR_AGFL,
			       "AGFL, a block", err);
	return rc;
}

static int read_agfl(struct xfs_ag *ag, const unsigned char ends[8], unsigned char *agfl,
		     struct error *err)
{
	uint32_t head = ag->super->v5 ? AGFL_LIST : 0;
	int rc = read_sector(ag, SECTOR_AGFL, agfl, err);

	if (rc)
		return rc;
	if (ag->super->v5 &&
	    (get_be32(agfl) != AGFL_MAGIC || get_be32(agfl + AGFL_NUMBER) != ag->number ||
	     !is_stamped(ag, agfl, AGFL_UUID, AGFL_CRC)))
		return corrupt_at(ag, sector_byte(ag, SECTOR_AGFL), "AGFL", err);
	return read_list(ag, ends, agfl + head, (ag->super->sector_size - head) / 4, err);
}

static int read_headers(struct xfs_ag *ag, const unsigned char *first, unsigned char *sector,
			struct error *err)
{
	const struct xfs_super *s = ag->super;
	unsigned char ends[8];
	int rc = read_sector(ag, SECTOR_SUPER, sector, err);

	if (rc == 0 && !xfs_super_is_copy(s, first, sector))
		rc = corrupt_at(ag, sector_byte(ag, SECTOR_SUPER), "superblock", err);
	if (rc || (rc = read_agf(ag, sector, err)))
		return rc;
	memcpy(ends, sector + AGF_LIST_FIRST, sizeof ends);
	if ((rc = read_agi(ag, sector, err)) || (rc = read_agfl(ag, ends, sector, err)))
		return rc;
	return ag->number == s->log_ag ? add_used(ag, s->log_first, s->log_blocks, err) : 0;
}

int xfs_ag_read(struct io *io, const struct xfs_super *super, const unsigned char *first,
		uint32_t number, unsigned char *sector, struct xfs_ag *ag, struct error *err)
{
	uint32_t headers = HEADER_SECTORS * super->sector_size;
	int rc;

	*ag = (struct xfs_ag){
		.io = io,
		.super = super,
		.number = number,
		.blocks = xfs_super_ag_blocks(super, number),
		.first = (headers + super->block_size - 1) / super->block_size,
	};
	rc = read_headers(ag, first, sector, err);
	if (rc)
		xfs_ag_free(ag);
	return rc;
}

void xfs_ag_free(struct xfs_ag *ag)
{
	run_list_free(&ag->used);
}
