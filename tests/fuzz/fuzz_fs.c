/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * libFuzzer harness of the drivers: whatever the disk holds, opening and walking it ends with a map
 * or with a reason, and the map never has the place where the filesystem starts.
 *
 * An input is an image told in short, as seeds.py makes it: a byte for the driver (a row of the
 * table below), a byte for the size in units of that row, then records: sector (24 bit, little
 * endian), tag, and for an even tag 512 bytes of it, for an odd one the byte and the number of
 * sectors (16 bit) to fill. FUZZ_TYPE in the environment leaves out the inputs for other types.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "fs/fs.h"
#include "tests/lib/io_mem.h"

#define SECTOR 512u
#define HEAD 2u
#define RECORD 4u
#define FILL_MOST (16 * MIB) /* of an input; else a few bytes keep the harness busy for minutes */

static const struct kind {
	const char *type;
	uint64_t unit;  /* of the size */
	uint64_t start; /* nothing up to here is ever free */
} kinds[] = {
	{ "ext4", 64 * KIB, 1024 },
	{ "ntfs", 64 * KIB, 0 },
	{ "btrfs", 1 * MIB, 1 * MIB - 1 },
	{ "xfs", 1 * MIB, 2047 },
	{ "f2fs", 1 * MIB, 4 * MIB - 1 },
	{ "hfsplus", 1 * MIB, 1535 },
	{ "swap", 64 * KIB, 4095 },
	{ "vfat", 64 * KIB, 511 },
	{ "exfat", 1 * MIB, 24 * SECTOR - 1 },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct extent inside(const struct io *io, uint64_t sector, uint64_t sectors)
{
	return extent_clip((struct extent){ sector * SECTOR, sectors * SECTOR },
			   (struct extent){ 0, io->size });
}

/* Puts one record into the image; returns the bytes it took, 0 at the end. It fills at most *fill
   bytes and takes them off. */
static size_t put_record(struct io *io, const uint8_t *data, size_t size, uint64_t *fill)
{
	uint64_t sector;
	struct extent e;

	if (size < RECORD + 3)
		return 0;
	sector = get_le16(data) | (uint64_t)data[2] << 16;
	if (data[3] & 1) {
		e = inside(io, sector, get_le16(data + RECORD + 1));
		if (e.len > *fill)
			e.len = *fill;
		if (e.len)
			io_mem_fill(io, e, data[RECORD]);
		*fill -= e.len;
		return RECORD + 3;
	}
	if (size < RECORD + SECTOR)
		return 0;
	e = inside(io, sector, 1);
	if (e.len)
		io_mem_poke(io, e.start, data + RECORD, (size_t)e.len);
	return RECORD + SECTOR;
}

static int check_extent(void *arg, struct extent e)
{
	const struct kind *kind = arg;

	if (e.start <= kind->start) {
		fputs("the start of the filesystem is called free\n", stderr);
		abort();
	}
	return 0;
}

static void use(struct io *io, const struct kind *kind)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	struct error err;
	int rc;

	error_clear(&err);
	rc = fs_open(io, kind->type, &fs, &err);
	if (rc == 0)
		rc = gate_dry_walk(fs, check_extent, (void *)kind, &sum, &err);
	fs_close(fs);
	if ((rc == 0) != (err.why == WHY_NONE) || io->failure.errnum) {
		fprintf(stderr, "%d: %s, failure %d\n", rc, why_name(err.why), io->failure.errnum);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *only = getenv("FUZZ_TYPE");
	const struct kind *kind;
	uint64_t fill = FILL_MOST;
	struct io *io;
	size_t at = HEAD;
	size_t n;

	if (size < HEAD)
		return 0;
	kind = &kinds[data[0] % KINDS];
	if (only && strcmp(only, kind->type) != 0)
		return 0;
	io = io_mem_new((data[1] + 1) * kind->unit);
	while ((n = put_record(io, data + at, size - at, &fill)) > 0)
		at += n;
	io->read_only = true;
	use(io, kind);
	io_close(io);
	return 0;
}
