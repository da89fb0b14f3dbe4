/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A Feistel network is a permutation of the numbers with an even number of bits, whatever its round
 * function (Luby and Rackoff, 1988). Results from n on are put through again until they are below
 * (cycle walking: Black and Rogaway, 2002), which takes fewer than four rounds on average.
 */

#include "engine/shuffle.h"

#define ROUNDS 6

/* The finalizer of splitmix64 (Steele, Lea, Flood, 2014). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void shuffle_init(struct shuffle *s, uint64_t n, uint64_t seed)
{
	*s = (struct shuffle){ .n = n, .seed = mix(seed + 1), .bits = 1 };
	while (s->bits < 31 && n > UINT64_C(1) << 2 * s->bits)
		s->bits++;
}

static uint64_t permute(const struct shuffle *s, uint64_t x)
{
	uint64_t mask = (UINT64_C(1) << s->bits) - 1;
	uint64_t left = x >> s->bits;
	uint64_t right = x & mask;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint64_t next = left ^ (mix(right + s->seed + (round << 56)) & mask);

		left = right;
		right = next;
	}
	return left << s->bits | right;
}

uint64_t shuffle_at(const struct shuffle *s, uint64_t i)
{
	do {
		i = permute(s, i);
	} while (i >= s->n);
	return i;
}
