/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_UNIT_H
#define ACHICA_ENGINE_UNIT_H

#include "achica/units.h"
#include "engine/cover.h"

/*
 * An aligned piece of a disk, whole clusters of every forecast format: what of it holds data, now
 * and after its free space reads as zero. The piece is looked at grain by grain, as qemu-img looks
 * for zeros.
 */
#define UNIT (128 * KIB)
#define UNIT_GRAIN (4 * KIB)
#define UNIT_GRAINS 32u
#define UNIT_RUNS 256

enum { NOW, AFTER, TIMES };

struct unit {
	uint64_t index;   /* of the unit in the disk */
	uint64_t used;    /* bytes in it that are not free and no hole */
	uint64_t free;    /* free and no hole */
	size_t n;
	struct unit_run {
		struct extent e;
		unsigned owner;
	} runs[UNIT_RUNS]; /* its free extents, ascending */
	unsigned char bytes[TIMES][UNIT];
	uint32_t grains[TIMES]; /* a bit for each that is not zero */
};

/* An empty one in that place. */
void unit_begin(struct unit *u, uint64_t index);

/* Adds what of e lies in it. */
void unit_add(struct unit *u, struct extent e, unsigned owner);

/* Reads it, and fills in bytes and grains. What cannot be read counts as data, for it is copied or
   the conversion fails. 0, -errno with *err, or what watch returned. */
int unit_read(struct unit *u, struct io *disk, const struct watch *watch, struct error *err);

/* The owner of a grain (of those which are data now and not after). */
unsigned unit_owner(const struct unit *u, unsigned grain);

/* Whether any byte of the part of the unit from at on is free, and no hole. */
bool unit_is_mixed(const struct unit *u, size_t at, size_t len);

#endif
