/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UNITS_H
#define ACHICA_UNITS_H

#include <stdint.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define TIB (GIB * 1024)

/*
 * Reads a size as a user types it: digits with an optional fraction and an optional suffix K, M,
 * G, T, P (powers of 1024, also KiB), KB, MB ... (powers of 1000), B or none for bytes.
 * Sets *bytes and returns 0; -EINVAL for anything else, -ERANGE beyond 64 bits.
 */
int size_parse(const char *text, uint64_t *bytes);

/* a + b and a * b that stop at UINT64_MAX instead of wrapping. */
uint64_t size_add(uint64_t a, uint64_t b);
uint64_t size_mul(uint64_t a, uint64_t b);

#endif
