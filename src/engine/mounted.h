/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_MOUNTED_H
#define ACHICA_ENGINE_MOUNTED_H

#include "engine/engine.h"

/* Opens the mount point: a descriptor, or -errno with *err. */
int mounted_open(const struct mounted *m, struct error *err);

struct space {
	uint64_t free;    /* bytes */
	uint64_t common;  /* of them: for anybody, as against kept for root (ext4: 5 %) or itself */
	uint64_t block;   /* bytes: the least that it allocates */
};

/* The room in the filesystem now. dir: descriptor of its mount point. */
int mounted_space(const struct mounted *m, int dir, struct space *space, struct error *err);

/* Whether the image is known to have holes of more than few bytes; whether it is known to have
   none, so that nothing that is written makes it grow. Neither where nothing tells. */
bool mounted_has_holes(const struct mounted *m, uint64_t few);
bool mounted_is_solid(const struct mounted *m);

/* All that was written to the filesystem is on the disk. */
int mounted_sync(const struct mounted *m, int dir, struct error *err);

/* Whether fstype is one of the names, NULL-terminated. */
bool mounted_is(const struct mounted *m, const char *const names[]);

#endif
