/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_BLIND_H
#define ACHICA_ENGINE_BLIND_H

#include <stdbool.h>

#include "achica/extent.h"

/*
 * Where all that was read for a while is stale, reading is waste: then most is zeroed unread, and
 * now and then a little read, to see when that ends. Set allowed only where no hole can be met
 * unread, for zeros written into one make it solid; the rest 0.
 */
struct blind {
	bool allowed;
	bool checking;     /* what is read next tells whether to go on */
	uint64_t streak;   /* bytes read in a row that were nearly all stale */
	uint64_t left;     /* bytes that may be zeroed unread */
	uint64_t next;     /* bytes that may be when the next check is passed */
};

/* The first part of *e, which becomes the rest: true when it is to be zeroed unread, at most a MiB;
   else it is to be read, and at once when checking. */
bool blind_cut(struct blind *b, struct extent *e, struct extent *part);

/* len bytes were read, stale of them had to be zeroed. */
void blind_learn(struct blind *b, uint64_t len, uint64_t stale);

#endif
