/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_BATCH_H
#define ACHICA_ENGINE_BATCH_H

#include "engine/engine.h"

/* What a batch reads at once, bytes. */
#define BATCH_SPAN (4 * MIB)

/*
 * Reads the free space that is no hole, in disk order, as few reads as that takes: small pieces
 * that lie close are read at once, with what is between them. Holes are told to the watch
 * (DID_HOLE), and bytes read (DID_READ). Where reading fails, the range is halved until the bad
 * units are alone, each is tried again, and the watch decides (watch_failed).
 *
 * part gets the pieces, ascending, with their bytes; data is NULL where wants_bytes said that this
 * batch need not be read. Non-zero from part ends the walk and is returned.
 */
struct batch_user {
	bool (*wants_bytes)(void *arg); /* NULL: always */
	int (*part)(void *arg, struct extent e, const unsigned char *data);
	void *arg;
};

int batch_walk(struct fs *fs, const struct batch_user *user, const struct watch *watch,
	       struct error *err);

#endif
