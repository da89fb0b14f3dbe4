/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Traces of filesystems in a gap: a deleted partition may be wanted back by somebody. libblkid
 * looks at the start, where the last one began. Others may have begun anywhere behind it:
 * partitioning programs use to take multiples of a MiB, so each of the first 128 MiB is looked at,
 * and then each 128 MiB, up to 16 GiB: on these lie, in a filesystem that began on one of them, the
 * copies of the superblock which ext keeps. That is a bound on the time (two seconds of a rotating
 * disk), not a proof: what is not found may be there all the same, and the user is asked in every
 * case.
 *
 * Magic numbers from the filesystems' own headers, as libblkid has them too.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "disk/traces.h"

#define LOOK (72 * KIB)
#define NEAR_STEP (1 * MIB)
#define NEAR (128 * MIB)
#define FAR_STEP (128 * MIB)
#define FAR (16 * GIB)

/* Of zeros: in one step, and in all. */
#define ZERO_STEP (1 * MIB)
#define ZERO_MOST (64 * MIB)

static const struct magic {
	const char *type;
	uint32_t at;
	uint32_t len;
	const char *bytes;
} magics[] = {
	{ "xfs", 0, 4, "XFSB" },
	{ "ntfs", 3, 8, "NTFS    " },
	{ "exfat", 3, 8, "EXFAT   " },
	{ "BitLocker", 3, 8, "-FVE-FS-" },
	{ "ReFS", 3, 8, "ReFS\0\0\0" },
	{ "vfat", 54, 8, "FAT12   " },
	{ "vfat", 54, 8, "FAT16   " },
	{ "vfat", 82, 8, "FAT32   " },
	{ "apfs", 32, 4, "NXSB" },
	{ "squashfs", 0, 4, "hsqs" },
	{ "crypto_LUKS", 0, 6, "LUKS\xba\xbe" },
	{ "LVM2_member", 512, 8, "LABELONE" },
	{ "gpt", 512, 8, "EFI PART" },
	{ "f2fs", 1024, 4, "\x10\x20\xf5\xf2" },
	{ "hfsplus", 1024, 4, "H+\0\x04" },
	{ "hfsplus", 1024, 4, "HX\0\x05" },
	{ "linux_raid_member", 4096, 4, "\xfc\x4e\x2b\xa9" },
	{ "bcache", 4120, 8, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca" },
	{ "swap", 4086, 10, "SWAPSPACE2" },
	/* The first pair of the list in a label of OpenZFS, packed as XDR. */
	{ "zfs_member", 16384 + 20, 12, "\0\0\0\7version" },
	{ "jfs", 32768, 4, "JFS1" },
	{ "iso9660", 32769, 5, "CD001" },
	{ "reiserfs", 65536 + 52, 8, "ReIsErFs" },
	{ "reiserfs", 65536 + 52, 9, "ReIsEr2Fs" },
	{ "reiserfs", 65536 + 52, 9, "ReIsEr3Fs" },
	{ "btrfs", 65536 + 64, 8, "_BHRfS_M" },
};

/* Two bytes are no magic number, so other fields have to make sense (Linux, fs/ext4/ext4.h). */
static bool is_ext_super(const unsigned char *p)
{
	return get_le16(p + 0x38) == 0xef53 && get_le32(p) != 0 && get_le32(p + 4) != 0 &&
	       get_le32(p + 0x18) <= 6 && get_le32(p + 0x4c) <= 1 && get_le16(p + 0x3a) <= 0x27;
}

static const char *type_of(const unsigned char *buf, size_t len)
{
	if (len >= 4096 && (is_ext_super(buf + 1024) || is_ext_super(buf)))
		return "ext4";
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (m->at + m->len <= len && memcmp(buf + m->at, m->bytes, m->len) == 0)
			return m->type;
	}
	return NULL;
}

/* The place after at where a partition may have begun, in bytes of the disk. */
static uint64_t next_place(uint64_t at, struct extent window)
{
	uint64_t step = at - window.start < NEAR ? NEAR_STEP : FAR_STEP;

	return (at / step + 1) * step;
}

/* The next place at or after at whose first bytes are no hole; the window's end when there is
   none. */
static int skip_holes(struct io *disk, struct extent window, uint64_t *at)
{
	uint64_t end = extent_end(window);
	int rc = 0;

	while (rc == 0 && *at < end && *at - window.start < FAR) {
		struct extent data;

		rc = io_next_data(disk, *at, &data);
		if (rc == 1)
			break;
		if (rc == 0 && data.start < *at + LOOK)
			return 0;
		while (rc == 0 && *at < end && *at + LOOK <= data.start)
			*at = next_place(*at, window);
	}
	*at = end;
	return rc < 0 ? rc : 0;
}

static int scan(struct io *disk, struct extent window, unsigned char *buf, const char **type)
{
	uint64_t end = extent_end(window);
	uint64_t at = window.start;
	int rc = skip_holes(disk, window, &at);

	while (rc == 0 && at < end) {
		size_t len = end - at < LOOK ? (size_t)(end - at) : LOOK;

		rc = io_read(disk, at, buf, len);
		*type = rc == 0 ? type_of(buf, len) : NULL;
		if (*type)
			return 0;
		at = next_place(at, window);
		if (rc == 0)
			rc = skip_holes(disk, window, &at);
	}
	return rc;
}

int traces_find(struct io *disk, int fd, struct extent window, uint32_t sector,
		struct signature *found, struct error *err)
{
	struct error several;
	const char *type = NULL;
	unsigned char *buf;
	int rc;

	error_clear(&several);
	rc = probe_window(fd, window, sector, disk->name, found, &several);
	if (rc < 0 && several.why != WHY_AMBIGUOUS) {
		if (err)
			*err = several;
		return rc;
	}
	if (rc < 0)
		snprintf(found->type, sizeof(found->type), "%.63s", several.what);
	if (found->type[0])
		return 0;
	buf = malloc(LOOK);
	if (!buf)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	rc = scan(disk, window, buf, &type);
	free(buf);
	if (rc < 0)
		return io_report(disk, WHY_READ, -rc, err);
	if (type)
		snprintf(found->type, sizeof(found->type), "%s", type);
	return 0;
}

/* While data is read, as long as it is zero. */
struct zeros {
	struct io *disk;
	unsigned char *buf;
	uint64_t left;   /* to read at most, bytes */
};

/* 1: something else than zero, or too much of it. */
static int read_zeros(void *arg, struct extent e)
{
	struct zeros *z = arg;

	while (e.len > 0) {
		size_t len = e.len < ZERO_STEP ? (size_t)e.len : ZERO_STEP;
		int rc;

		if (len > z->left)
			return 1;
		rc = io_read(z->disk, e.start, z->buf, len);
		if (rc < 0)
			return rc;
		if (!bytes_are_zero(z->buf, len))
			return 1;
		z->left -= len;
		e = (struct extent){ e.start + len, e.len - len };
	}
	return 0;
}

int traces_in_gap(struct io *disk, int fd, const struct target *gap, struct signature *found,
		  struct error *err)
{
	const struct stretch alone = { { gap->base, gap->size }, 1, 0 };
	const struct stretch *all = gap->n_segments ? gap->segments : &alone;
	size_t n = gap->n_segments ? gap->n_segments : 1;
	int r = 0;

	found->type[0] = '\0';
	for (size_t i = 0; r == 0 && i < n && !found->type[0]; i++)
		r = traces_find(disk, fd, all[i].in, gap->sector, found, err);
	return r;
}

int traces_all_zero(struct io *disk, struct extent window, bool *zero)
{
	struct zeros z = { disk, malloc(ZERO_STEP), ZERO_MOST };
	int rc;

	*zero = false;
	if (!z.buf)
		return -ENOMEM;
	rc = io_walk_data(disk, window, read_zeros, &z);
	free(z.buf);
	*zero = rc == 0;
	return rc < 0 ? rc : 0;
}
