/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_MOUNTED_H
#define ACHICA_ENGINE_MOUNTED_H

#include "engine/engine.h"

/* Opens the mount point: a descriptor, or -errno with *err. */
int mounted_open(const struct mounted *m, struct error *err);

/* Free bytes, those kept for root included; and the size of a block. dir: its descriptor. */
int mounted_free(const struct mounted *m, int dir, uint64_t *bytes, uint64_t *block,
		 struct error *err);

/* The same without what is kept for root (ext4: 5 % as mkfs makes it) and for the filesystem. */
int mounted_free_for_all(const struct mounted *m, int dir, uint64_t *bytes, uint64_t *block,
			 struct error *err);

/* All that was written to the filesystem is on the disk. */
int mounted_sync(const struct mounted *m, int dir, struct error *err);

/* Whether fstype is one of the names, NULL-terminated. */
bool mounted_is(const struct mounted *m, const char *const names[]);

#endif
