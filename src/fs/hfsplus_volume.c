/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The volume header of HFS Plus and HFSX, and the alternate one. Refused: none at all, one inside
 * of an HFS wrapper, a version that is not known, not cleanly unmounted, marked as inconsistent or
 * with a journal that could not be replayed, numbers that contradict each other, no alternate
 * header that tells of the same volume.
 *
 * Linux marks a volume as one that is not consistent while it is mounted. The bit was meant for
 * boot volumes; Apple's fsck neither looks at it nor takes it away, so it says nothing where that
 * fsck was the last one to mark the volume as unmounted.
 *
 * The alternate header lies 1024 bytes before the end of the volume, which need not be a whole
 * number of blocks; where the partition or image has grown since, that is no longer its end. So it
 * is looked for at the end of the window, then at that of the blocks.
 *
 * Source: Apple, Technical Note TN1150, "Volume Header", "HFS Wrapper" and "HFSX"; Apple's
 * hfs_format.h (kHFSVolumeInconsistentBit, kFSKMountVersion) and Scavenger.h of its fsck
 * (kFSCKMountVersion); Linux 6.1, fs/hfsplus/super.c.
 */

#include <stdio.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/hfsplus_volume.h"

/* Fields, by their byte in the volume header. */
enum {
	SIGNATURE = 0,
	HEADER_VERSION = 2,
	ATTRIBUTES = 4,
	LAST_MOUNTED = 8,
	JOURNAL_INFO = 12,
	CREATED = 16,
	BLOCK_SIZE = 40,
	BLOCKS = 44,
	FREE_BLOCKS = 48,
	FORKS = 112,
};

#define SIGNATURE_PLUS 0x482bu    /* "H+" */
#define SIGNATURE_X 0x4858u       /* "HX" */
#define SIGNATURE_WRAPPER 0x4244u /* "BD", of HFS */
#define VERSION_PLUS 4u
#define VERSION_X 5u

#define ATTRIBUTE_UNMOUNTED 0x0100u
#define ATTRIBUTE_MOUNTED 0x0800u      /* by Linux; Apple's name is boot volume inconsistent */
#define ATTRIBUTE_JOURNALED 0x2000u
#define ATTRIBUTE_INCONSISTENT 0x4000u

/* Who was the last to mount it, and what came of it. */
#define REPLAY_FAILED 0x46534b21u /* "FSK!" */
#define CHECKED 0x6673636bu       /* "fsck", which wrote to it */

static int corrupt(struct error *err, unsigned field, const char *what)
{
	return error_set_at(err, WHY_CORRUPT, 0, HFSPLUS_HEADER_AT + field, what);
}

static int check_signature(const unsigned char *h, struct error *err)
{
	unsigned signature = get_be16(h + SIGNATURE);
	unsigned version = get_be16(h + HEADER_VERSION);
	char text[32];

	if (signature == SIGNATURE_WRAPPER)
		return error_set(err, WHY_FEATURE, 0, "HFS wrapper");
	if (signature != SIGNATURE_PLUS && signature != SIGNATURE_X)
		return corrupt(err, SIGNATURE, "volume header");
	snprintf(text, sizeof text, "version %u", version);
	if (version != (signature == SIGNATURE_X ? VERSION_X : VERSION_PLUS))
		return error_set(err, WHY_FEATURE, 0, text);
	return 0;
}

static int check_state(const unsigned char *h, struct error *err)
{
	uint32_t attributes = get_be32(h + ATTRIBUTES);
	uint32_t last = get_be32(h + LAST_MOUNTED);

	if (!(attributes & ATTRIBUTE_UNMOUNTED))
		return error_set(err, WHY_UNCLEAN, 0, "hfsplus");
	if ((attributes & ATTRIBUTE_INCONSISTENT) || last == REPLAY_FAILED ||
	    ((attributes & ATTRIBUTE_MOUNTED) && last != CHECKED))
		return error_set(err, WHY_ERRORS, 0, "hfsplus");
	return 0;
}

static int read_sizes(const unsigned char *h, uint64_t window, struct hfsplus_volume *v,
		      struct error *err)
{
	v->block_size = get_be32(h + BLOCK_SIZE);
	v->blocks = get_be32(h + BLOCKS);
	v->free_blocks = get_be32(h + FREE_BLOCKS);
	v->size = (uint64_t)v->blocks * v->block_size;
	if (!is_power_of_two(v->block_size) || v->block_size < HFSPLUS_HEADER_SIZE)
		return corrupt(err, BLOCK_SIZE, "block size");
	if (v->size > window)
		return error_set_at(err, WHY_OUTSIDE, 0, v->size, "hfsplus");
	if (v->size < 2 * HFSPLUS_HEADER_AT + HFSPLUS_HEADER_SIZE)
		return corrupt(err, BLOCKS, "size");
	if (v->free_blocks > v->blocks)
		return corrupt(err, FREE_BLOCKS, "count of free blocks");
	v->journaled = get_be32(h + ATTRIBUTES) & ATTRIBUTE_JOURNALED;
	v->journal_info = get_be32(h + JOURNAL_INFO);
	if (v->journaled && v->journal_info >= v->blocks)
		return corrupt(err, JOURNAL_INFO, "place of the journal");
	return 0;
}

static int read_forks(const unsigned char *h, struct hfsplus_volume *v, struct error *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < HFSPLUS_SPECIALS; i++) {
		unsigned at = FORKS + i * HFSPLUS_FORK_SIZE;

		rc = hfsplus_fork_parse(&v->forks[i], h + at, v->block_size, v->blocks,
					HFSPLUS_HEADER_AT + at, err);
	}
	return rc;
}

static int read_header(struct io *io, uint64_t at, unsigned char *h, struct error *err)
{
	int rc = io_read(io, at, h, HFSPLUS_HEADER_SIZE);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

/* It is not written as often as the first, but when the volume changes its size. */
static bool is_alternate(const unsigned char *h, const unsigned char *first)
{
	return memcmp(h, first, ATTRIBUTES) == 0 &&
	       get_be32(h + CREATED) == get_be32(first + CREATED) &&
	       get_be32(h + BLOCK_SIZE) == get_be32(first + BLOCK_SIZE) &&
	       get_be32(h + BLOCKS) == get_be32(first + BLOCKS);
}

static int find_alternate(struct io *io, const unsigned char *first, struct hfsplus_volume *v,
			  struct error *err)
{
	const uint64_t ends[] = { io->size - io->size % HFSPLUS_HEADER_SIZE, v->size };
	unsigned char h[HFSPLUS_HEADER_SIZE];

	for (unsigned i = 0; i < 2; i++) {
		int rc;

		v->alternate = ends[i] - HFSPLUS_HEADER_AT;
		rc = read_header(io, v->alternate, h, err);
		if (rc)
			return rc;
		if (is_alternate(h, first))
			return 0;
	}
	return error_set_at(err, WHY_CORRUPT, 0, v->alternate, "alternate volume header");
}

int hfsplus_volume_read(struct io *io, struct hfsplus_volume *volume, struct error *err)
{
	unsigned char h[HFSPLUS_HEADER_SIZE];
	struct hfsplus_volume v = { 0 };
	int rc;

	if (io->size < HFSPLUS_HEADER_AT + HFSPLUS_HEADER_SIZE)
		return error_set_at(err, WHY_OUTSIDE, 0, HFSPLUS_HEADER_AT + HFSPLUS_HEADER_SIZE,
				    "hfsplus");
	if ((rc = read_header(io, HFSPLUS_HEADER_AT, h, err)) ||
	    (rc = check_signature(h, err)) || (rc = check_state(h, err)) ||
	    (rc = read_sizes(h, io->size, &v, err)) || (rc = find_alternate(io, h, &v, err)) ||
	    (rc = read_forks(h, &v, err))) {
		hfsplus_volume_free(&v);
		return rc;
	}
	*volume = v;
	return 0;
}

void hfsplus_volume_free(struct hfsplus_volume *volume)
{
	for (unsigned i = 0; i < HFSPLUS_SPECIALS; i++)
		hfsplus_fork_free(&volume->forks[i]);
}
