/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The journal of HFS Plus: a block of information that says where it is, and its header, written in
 * the byte order of the machine that made it. It is empty when it starts where it ends, and when
 * the first mount is still to make it. Refused: one on another device, one that is not empty, one
 * whose header is not plausible.
 *
 * A volume which was last mounted by something without journals has its journal ignored by macOS;
 * here it must be empty all the same.
 *
 * Source: Apple, Technical Note TN1150, "Journal"; the header's checksum is over its first 44
 * bytes, of which those of the sum itself are zero (Apple's hfs_journal.h), and 0 is none.
 */

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "fs/hfsplus_journal.h"

/* The block of information, always big-endian. */
enum {
	INFO_FLAGS = 0,
	INFO_OFFSET = 36,
	INFO_SIZE = 44,
	INFO_END = 52,
};

#define FLAG_IN_VOLUME 1u
#define FLAG_ELSEWHERE 2u
#define FLAG_TO_BE_MADE 4u

/* The header. */
enum {
	JOURNAL_MAGIC = 0,
	JOURNAL_ENDIAN = 4,
	JOURNAL_START = 8,
	JOURNAL_STOP = 16,
	JOURNAL_SIZE = 24,
	JOURNAL_SUM = 36,
	JOURNAL_END = 44,
};

#define MAGIC_JOURNAL 0x4a4e4c78u /* "JNLx" */
#define ENDIAN_BYTES 0x12345678u

static int read_bytes(struct io *io, uint64_t at, unsigned char *buf, size_t len,
		      struct error *err)
{
	int rc = io_read(io, at, buf, len);

	return rc ? io_report(io, WHY_READ, -rc, err) : 0;
}

static int corrupt(uint64_t at, struct error *err)
{
	return error_set_at(err, WHY_CORRUPT, 0, at, "journal");
}

static uint64_t get_number(const unsigned char *p, bool big_endian)
{
	return big_endian ? get_be64(p) : get_le64(p);
}

static bool sum_is_right(const unsigned char *h, bool big_endian)
{
	uint32_t want = big_endian ? get_be32(h + JOURNAL_SUM) : get_le32(h + JOURNAL_SUM);
	uint32_t sum = 0;

	for (unsigned i = 0; i < JOURNAL_END; i++) {
		unsigned byte = i >= JOURNAL_SUM && i < JOURNAL_SUM + 4 ? 0 : h[i];

		sum = sum << 8 ^ (sum + byte);
	}
	return want == 0 || want == ~sum;
}

static int check_header(struct io *io, struct extent journal, struct error *err)
{
	unsigned char h[JOURNAL_END];
	uint64_t start, stop;
	bool big_endian;
	int rc = read_bytes(io, journal.start, h, sizeof h, err);

	if (rc)
		return rc;
	big_endian = get_be32(h + JOURNAL_ENDIAN) == ENDIAN_BYTES;
	if ((!big_endian && get_le32(h + JOURNAL_ENDIAN) != ENDIAN_BYTES) ||
	    (big_endian ? get_be32(h + JOURNAL_MAGIC) : get_le32(h + JOURNAL_MAGIC)) !=
		    MAGIC_JOURNAL || !sum_is_right(h, big_endian))
		return corrupt(journal.start, err);
	start = get_number(h + JOURNAL_START, big_endian);
	stop = get_number(h + JOURNAL_STOP, big_endian);
	if (get_number(h + JOURNAL_SIZE, big_endian) != journal.len || start == 0 ||
	    start > journal.len || stop == 0 || stop > journal.len)
		return corrupt(journal.start, err);
	if (start != stop)
		return error_set_at(err, WHY_JOURNAL, 0, journal.start, "hfsplus");
	return 0;
}

int hfsplus_journal_check(const struct hfsplus_volume *v, struct io *io, struct extent *place,
			  struct error *err)
{
	uint64_t at = (uint64_t)v->journal_info * v->block_size;
	unsigned char info[INFO_END];
	struct extent journal;
	uint32_t flags;
	int rc;

	*place = (struct extent){ 0, 0 };
	if (!v->journaled)
		return 0;
	rc = read_bytes(io, at, info, sizeof info, err);
	if (rc)
		return rc;
	flags = get_be32(info + INFO_FLAGS);
	if ((flags & FLAG_ELSEWHERE) || !(flags & FLAG_IN_VOLUME))
		return error_set(err, WHY_JOURNAL_DEV, 0, "hfsplus");
	journal = (struct extent){ get_be64(info + INFO_OFFSET), get_be64(info + INFO_SIZE) };
	if (journal.start == 0 || journal.start > v->size || journal.len < JOURNAL_END ||
	    journal.len > v->size - journal.start)
		return corrupt(at, err);
	rc = flags & FLAG_TO_BE_MADE ? 0 : check_header(io, journal, err);
	if (rc == 0)
		*place = journal;
	return rc;
}
