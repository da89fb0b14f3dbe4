/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_PIECES_H
#define ACHICA_ENGINE_PIECES_H

#include "engine/engine.h"

/*
 * The free space of a filesystem as the methods see it: in pieces that are all hole or all data on
 * the host, ascending, data in steps of at most step bytes that begin and end at whole units (or
 * where a hole does). Holes come as long as they are, with hole true.
 */
typedef int piece_fn(void *arg, struct extent e, bool hole);
int pieces_walk(struct fs *fs, uint64_t step, piece_fn *fn, void *arg, struct error *err);

/* Tells the watch, which may be NULL or not care. */
int watch_did(const struct watch *watch, enum did what, struct extent e);

/*
 * Asks the watch about a range that failed; the failure is noted as DID_FAILED when it says to go
 * on. Without a watch that decides, and for what no other range can mend (no room, read-only), the
 * error ends the work: it is copied to err and its negative errno returned.
 */
int watch_failed(const struct watch *watch, const struct error *failure, struct extent e,
		 struct error *err);

#endif
