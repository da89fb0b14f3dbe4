/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_GAPS_H
#define ACHICA_DISK_GAPS_H

#include <stddef.h>

#include "achica/target.h"
#include "disk/table.h"

/* Smaller ones are what alignment leaves over. */
#define GAPS_LEAST (UINT64_C(1) << 20)

/* Space in no partition, bytes of the disk, ascending. */
struct gaps {
	struct extent *all;
	size_t n;
	const char *doubt; /* why the table is not to be trusted in this, static; NULL: it is */
};

/*
 * The gaps between and after the partitions of a disk whose table was read from it. Where the table
 * is doubtful they are found all the same, for the eye: doubt says why none may be cleared. -errno
 * and *err when that could not be looked at. gaps_free in every case.
 */
int gaps_find(struct io *disk, const struct table *table, struct gaps *gaps, struct error *err);
void gaps_free(struct gaps *gaps);

/* Whether window still is a gap of the disk, and no doubt about it: 0, or the refusal. */
int gaps_check(struct io *disk, struct extent window, struct error *err);

#endif
