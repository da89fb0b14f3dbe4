/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_SYSTEM_H
#define ACHICA_DISK_SYSTEM_H

#include "disk/mounts.h"
#include "disk/place.h"

#define SYSTEM_PLACES_MAX 32

/* All places from which the running system comes. */
struct system {
	size_t n;
	struct place places[SYSTEM_PLACES_MAX];
};

/* Where "/" is: its device, and what is under that (device-mapper, md, loop devices, the layers of
   an overlay). Looks at no disk. */
void system_find(const struct mount *mounts, struct system *system);

/* Whether bytes of place hold the running system. */
bool system_has(const struct system *system, const struct place *place);

#endif
