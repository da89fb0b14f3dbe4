/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The four checksums of btrfs: CRC-32C of our own, XXH64 by libxxhash, SHA-256 and BLAKE2b-256 by
 * libgcrypt. Numbers are little endian, the others bytes as they come.
 *
 * Source: linux/btrfs_tree.h (enum btrfs_csum_type) and the btrfs on-disk format document.
 */

#include <gcrypt.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "fs/btrfs_sum.h"

static void put_le(unsigned char *p, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static bool sum_crc32c(int algorithm, const unsigned char *data, size_t len, unsigned char *sum)
{
	(void)algorithm;
	put_le(sum, (uint32_t)~crc32c(~0u, data, len), 4);
	return true;
}

static bool sum_xxhash(int algorithm, const unsigned char *data, size_t len, unsigned char *sum)
{
	(void)algorithm;
	put_le(sum, hash_xxh64(data, len, 0), 8);
	return true;
}

/* A context each time: gcry_md_hash_buffer would end the process where FIPS forbids it. */
static bool sum_gcrypt(int algorithm, const unsigned char *data, size_t len, unsigned char *sum)
{
	gcry_md_hd_t md;

	gcry_check_version(NULL);
	if (gcry_md_open(&md, algorithm, 0))
		return false;
	gcry_md_write(md, data, len);
	memcpy(sum, gcry_md_read(md, algorithm), BTRFS_SUM_SIZE);
	gcry_md_close(md);
	return true;
}

/* sum is all zero before; false when the library refuses. */
static const struct sum {
	const char *name;
	bool (*make)(int algorithm, const unsigned char *data, size_t len, unsigned char *sum);
	int algorithm;
} sums[] = {
	{ "crc32c", sum_crc32c, 0 },
	{ "xxhash64", sum_xxhash, 0 },
	{ "sha256", sum_gcrypt, GCRY_MD_SHA256 },
	{ "blake2b", sum_gcrypt, GCRY_MD_BLAKE2B_256 },
};

const char *btrfs_sum_name(unsigned type)
{
	unsigned char sum[BTRFS_SUM_SIZE] = { 0 };

	if (type >= sizeof sums / sizeof sums[0])
		return NULL;
	return sums[type].make(sums[type].algorithm, sum, 0, sum) ? sums[type].name : NULL;
}

bool btrfs_sum_is_right(unsigned type, const unsigned char *block, size_t len)
{
	const struct sum *s = &sums[type];
	unsigned char sum[BTRFS_SUM_SIZE] = { 0 };

	return s->make(s->algorithm, block + BTRFS_SUM_SIZE, len - BTRFS_SUM_SIZE, sum) &&
	       memcmp(sum, block, sizeof sum) == 0;
}
