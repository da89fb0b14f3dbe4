/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_COVER_H
#define ACHICA_ENGINE_COVER_H

#include <limits.h>

#include "engine/engine.h"

/*
 * A part of a disk of which a filesystem tells what is free: range of the filesystem's window lies
 * on the disk from start on. A partition is one part, a logical volume may be many; with stripes
 * (0 without) each is a part, which has its share of the chunks of the same range.
 */
struct cover_part {
	struct fs *fs;
	struct extent range;
	uint64_t start;
	unsigned owner;   /* a number for the target, from 0 */
	uint32_t stripes;
	uint32_t stripe;  /* which of them, from 0 */
	uint32_t chunk;   /* bytes */
};

/* A whole disk, and its parts in the order of their start, none of which overlap. */
struct cover {
	struct io *disk;
	const struct cover_part *parts;
	size_t n;
};

#define COVER_USED UINT_MAX /* the owner of what is not known to be free */

/* A range of the disk that is no hole of its host: free in a part of that owner, or COVER_USED. */
typedef int cover_fn(void *arg, struct extent e, unsigned owner);

/* Calls fn with all of the disk but its holes, ascending. A non-zero result of fn ends it and is
   returned; -errno with *err. Only reads. The watch is asked whether to end. */
int cover_walk(const struct cover *cover, const struct watch *watch, cover_fn *fn, void *arg,
	       struct error *err);

#endif
