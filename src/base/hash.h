/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_BASE_HASH_H
#define ACHICA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH64 of len bytes: fast, and no seal against who means to change them. */
uint64_t hash_xxh64(const void *bytes, size_t len, uint64_t seed);

#endif
