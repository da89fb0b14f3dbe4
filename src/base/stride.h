/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_BASE_STRIDE_H
#define ACHICA_BASE_STRIDE_H

#include <stdint.h>

#include "achica/extent.h"

/*
 * How much to ask of a device at once, learnt from how long it took before: about 50 to 100 ms, so
 * that whoever wants a pause or an end never waits long, also where the medium is slow, and a fast
 * one is asked seldom.
 */
struct stride {
	uint64_t least; /* powers of two, bytes */
	uint64_t most;
	uint64_t now;   /* set to what to begin with; between least and most */
	uint64_t began_us;
};

void stride_begin(struct stride *s);                /* before what is asked ... */
void stride_end(struct stride *s, uint64_t bytes);  /* ... and after it: so much was done */

/*
 * What was written through the kernel's cache and may not be on the medium yet is kept as short as
 * a stride, so that no flush has much to wait for. All 0 at first; backlog_add is told of what was
 * written to fd and may wait for what was written before it: 0, or the negative errno of that.
 */
struct backlog {
	struct stride stride;
	struct extent before; /* on its way to the medium */
	struct extent now;
	uint64_t bytes;       /* written in now */
};

int backlog_add(struct backlog *b, int fd, struct extent e);

#endif
