/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_SPOTS_H
#define ACHICA_ENGINE_SPOTS_H

#include "engine/engine.h"

/*
 * A device that is told to zero a range answers for itself: no byte has moved that could be
 * compared. So some grains of what it was told, evenly spread over the run, are read back at its
 * end. A host that tells its holes needs no such check. Set to 0 at first.
 */
#define SPOTS_MOST 64

struct spots {
	uint64_t seen;   /* ranges */
	uint64_t every;  /* one of so many is kept; 0 like 1 */
	size_t n;
	struct extent at[SPOTS_MOST];
};

/* e reads as zero now, says the host of io. */
void spots_note(struct spots *s, const struct io *io, struct extent e);

/* After a flush. A spot that is not zero is WHY_VERIFY, one that cannot be read WHY_READ. */
int spots_check(const struct spots *s, struct io *io, struct error *err);

#endif
