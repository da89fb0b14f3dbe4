/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_NAMES_H
#define ACHICA_DISK_NAMES_H

#include <stdbool.h>

#include "achica/target.h"

/*
 * The order of device names as people count: sda, sdb ... sdz, sdaa; p9 before p10. Negative, 0 or
 * positive. Runs of digits compare as numbers; of two that begin alike, the shorter run of letters
 * comes first.
 */
int names_compare(const char *a, const char *b);

/* Whether name is digits alone: such a name is never a target. */
bool names_is_number(const char *name);

/* What is named inside a disk or image: a partition or a gap by its number, or a logical volume. */
struct inner {
	enum target_kind kind;
	unsigned number;
	const char *volume; /* "VG/LV", a part of the name that was split */
};

/* Whether anything is; else the whole is meant. */
bool names_is_inner(struct inner inner);

/*
 * PATH#N, PATH#gapN and PATH#VG/LV: sets *inner and *path (malloc'ed), true. False when name does
 * not end so; *path is NULL then, or when there was no memory.
 */
bool names_split(const char *name, char **path, struct inner *inner);

/* The opposite, malloc'ed; negative without memory. */
int names_join(char **name, const char *path, struct inner inner);

#endif
