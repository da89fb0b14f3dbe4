/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_ZERO_H
#define ACHICA_ENGINE_ZERO_H

#include "base/stride.h"
#include "engine/engine.h"
#include "engine/spots.h"

/* Makes stale ranges zero in steps, tells the watch, and flushes now and then, so that what was
   told never runs far ahead of the medium. Set the first four, the rest 0. */
struct zero {
	struct io *io;
	const struct watch *watch;
	struct error *err;
	bool dry;           /* only tells */
	uint64_t unflushed; /* bytes */
	struct stride stride;
	struct spots spots;
};

/* e is free, and no hole. */
int zero_extent(struct zero *z, struct extent e);

/* Writes zeros over e, told to nobody: 0 or a negative errno. */
int zero_write(struct io *io, struct extent e);

/* The end of work that came to rc. When all went well, or the user stopped it, what was told is on
   the medium; when all went well, the spots read as zero. rc, or what failed; nothing in a dry
   run. */
int zero_finish(struct zero *z, int rc);

#endif
