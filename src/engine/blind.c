/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* When reading before zeroing does not pay. */

#include "achica/units.h"
#include "engine/blind.h"
#include "engine/narrow.h"

#define STEP (4 * MIB)   /* unread, at once */
#define LOOK (1 * MIB)
#define CHECK (64 * KIB)
#define SURE (4 * MIB)   /* stale bytes in a row, after which there is no need to read */
#define MOST (256 * MIB) /* unread between two checks */

bool blind_cut(struct blind *b, struct extent *e, struct extent *part)
{
	struct extent rest;

	if (b->left == 0) {
		*part = narrow_cut(e, b->checking ? CHECK : LOOK);
		return false;
	}
	*part = narrow_cut(e, STEP);
	if (part->len > b->left) {
		rest = (struct extent){ part->start + b->left, part->len - b->left };
		*e = (struct extent){ rest.start, rest.len + e->len };
		part->len = b->left;
	}
	b->left -= part->len;
	return true;
}

/* Nearly all: but one part in 32. */
void blind_learn(struct blind *b, uint64_t len, uint64_t stale)
{
	if (stale < len - len / 32) {
		*b = (struct blind){ .allowed = b->allowed };
		return;
	}
	b->streak += len;
	if (!b->allowed || b->left > 0 || b->streak < SURE)
		return;
	b->checking = true;
	b->left = b->next > SURE ? b->next : SURE;
	b->next = b->left * 2 < MOST ? b->left * 2 : MOST;
}
