/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* See btrfs.h. */

#include <string.h>

#include "achica/units.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "fs/fs.h"
#include "tests/lib/btrfs.h"
#include "tests/lib/io_mem.h"
#include "tests/lib/mkfs.h"
#include "tests/lib/test.h"

struct io *btrfs_small(void)
{
	const char *const argv[] = { "mkfs.btrfs", "-q", "-K", "-f", "-M",     "-n", "4096", "-m",
				     "single",     "-d", "single",   "-L", "a label", "@",  NULL };
	struct io *io = mkfs_mem(BTRFS_SMALL, argv);

	if (!io)
		skip();
	return io;
}

struct io *btrfs_large(const char *sum)
{
	const char *const argv[] = { "mkfs.btrfs", "-q", "-K", "-f", "--csum", sum, "@", NULL };
	struct io *io = mkfs_mem(BTRFS_LARGE, argv);

	if (!io)
		skip();
	return io;
}

static int note(void *arg, struct extent e)
{
	struct btrfs_map *map = arg;

	assert_true(map->n < BTRFS_MOST_EXTENTS);
	map->extents[map->n++] = e;
	return 0;
}

int btrfs_use(struct io *io, struct btrfs_map *map, struct error *err)
{
	struct gate_sum sum;
	struct fs *fs = NULL;
	int rc;

	*map = (struct btrfs_map){ 0 };
	error_clear(err);
	rc = fs_open(io, "btrfs", &fs, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, NULL, NULL, &sum, err);
	if (rc == 0)
		rc = gate_dry_walk(fs, note, map, &sum, err);
	fs_close(fs);
	return rc;
}

uint64_t btrfs_root(struct io *io, uint64_t owner)
{
	unsigned char block[BTRFS_NODE], super[BTRFS_NODE];
	uint64_t newest = 0, found = 0;

	io_mem_peek(io, BTRFS_SUPER, super, BTRFS_NODE);
	for (uint64_t at = MIB; at < io->size; at += BTRFS_NODE) {
		io_mem_peek(io, at, block, BTRFS_NODE);
		if (memcmp(block + 32, super + 32, 16) != 0 || get_le64(block + 0x58) != owner ||
		    get_le64(block + 0x50) <= newest)
			continue;
		newest = get_le64(block + 0x50);
		found = at;
	}
	assert_true(found);
	return found;
}

void btrfs_sum_again(unsigned char *block, size_t len)
{
	uint32_t sum = (uint32_t)~crc32c(~0u, block + 32, len - 32);

	for (unsigned i = 0; i < 4; i++)
		block[i] = (unsigned char)(sum >> 8 * i);
}
