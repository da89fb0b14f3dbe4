/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_SHUFFLE_H
#define ACHICA_ENGINE_SHUFFLE_H

#include <stdint.h>

/* The numbers below n in an order which looks random and depends on seed, without storing it. */
struct shuffle {
	uint64_t n;      /* at most 2^62 */
	uint64_t seed;
	unsigned bits;   /* of half a number */
};

void shuffle_init(struct shuffle *s, uint64_t n, uint64_t seed);

/* The i-th of them, i below n. */
uint64_t shuffle_at(const struct shuffle *s, uint64_t i);

#endif
