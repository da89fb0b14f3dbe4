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

/* All is on the medium and the spots read as zero, or an error. Nothing in a dry run. */
int zero_finish(struct zero *z);

#endif
