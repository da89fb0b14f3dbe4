/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_NARROW_H
#define ACHICA_ENGINE_NARROW_H

#include "engine/engine.h"

/* The smallest range that is looked at, zeroed or given up: a page of the kernel's cache. */
#define GRAIN 4096u

/*
 * One kind of I/O, done over a range as a whole and, where the medium fails, in ever smaller parts
 * down to a grain, so that a bad sector costs no more than its grain.
 *
 * attempt does the I/O: 0, or a negative errno. good, which may be NULL, sees each part for which
 * it succeeded, in order; its non-zero result ends the run. What failed is told to the watch as
 * why, neighbours joined. A failure that is not of one place (the device is gone, full or
 * read-only) ends the run and fills err.
 */
struct narrow {
	const struct watch *watch;
	struct error *err;
	const char *name;   /* of the io */
	enum why why;       /* WHY_READ, WHY_WRITE */
	int (*attempt)(void *arg, struct extent part);
	int (*good)(void *arg, struct extent part);
	void *arg;
};

int narrow_run(const struct narrow *n, struct extent e);

/* The first part of *e, up to the next multiple of step; *e becomes the rest. */
struct extent narrow_cut(struct extent *e, uint64_t step);

#endif
