/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ESTIMATE_H
#define ACHICA_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the free space of one target holds, in bytes. hole + zero + stale == free, where zero and
 * stale are the point estimate while it is sampled. Only stale is reclaimable. [stale_low,
 * stale_high] is the 95 % interval; both equal stale when exact.
 */
struct estimate {
	bool known;          /* false: nothing was measured yet, only free may be set */
	bool exact;          /* every free byte was looked at */
	uint64_t free;       /* unused by the filesystem */
	uint64_t hole;       /* of it: takes no space on the host (exact, from the host's map) */
	uint64_t zero;       /* of it: takes space and reads as zero */
	uint64_t stale;      /* of it: still holds old data */
	uint64_t stale_low;
	uint64_t stale_high;
	uint64_t sampled;    /* bytes read for this */
	uint64_t present;    /* free - hole: what there is to read */
};

#endif
