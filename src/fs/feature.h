/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_FEATURE_H
#define ACHICA_FS_FEATURE_H

#include <stdint.h>

#include "achica/error.h"

/* A bit of a superblock's feature mask, by the name which the filesystem's own tools give it. */
struct feature {
	uint64_t bit;
	const char *name;
};

/* Refuses the lowest of bits (not 0), WHY_FEATURE: by its name in names, which end with a bit of
   0, or as "SET 0xBIT". */
int feature_refuse(uint64_t bits, const struct feature *names, const char *set, struct error *err);

#endif
