/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_PACK_H
#define ACHICA_ENGINE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How compressed clusters fill a qcow2: one behind the other, byte by byte, across the borders of
 * the host's clusters, as long as nothing else was put behind them; then what is left of the last
 * one is filled with what still fits. All zero: an empty file.
 */
struct pack {
	uint64_t length; /* bytes so far, with what was lost */
	uint64_t space;  /* of it, what is no hole: nothing is written to what was lost */
	size_t room;     /* left in the cluster that was begun */
	bool last;       /* and that is the last one of the file */
};

/* Adds one of size bytes; SQUEEZE_CLUSTER is one that is not compressed. */
void pack_add(struct pack *pack, size_t size);

/* After the last one. */
void pack_end(struct pack *pack);

#endif
