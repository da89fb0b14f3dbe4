/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* By libxxhash: the only file that knows that library. */

#include <xxhash.h>

#include "base/hash.h"

uint64_t hash_xxh64(const void *bytes, size_t len, uint64_t seed)
{
	return XXH64(bytes, len, seed);
}
