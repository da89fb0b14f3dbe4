/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_READER_H
#define ACHICA_ENGINE_READER_H

#include "engine/engine.h"

/*
 * Reads ranges that come one after another, ascending. Small ones that lie close together are read
 * at once, with what is between them, and handed on one by one; large ones are cut.
 *
 * look sees each range, or part of one, with its bytes, in order; it tells the watch what became of
 * them. Reading itself, holes and what cannot be read are told here.
 */
typedef int reader_fn(void *arg, struct extent piece, const unsigned char *bytes);

struct reader;
int reader_new(struct io *io, const struct watch *watch, reader_fn *look, void *arg,
	       struct error *err, struct reader **reader);
void reader_free(struct reader *reader); /* NULL is fine; what was not finished is not read */

/* A range to be read; a hole to be told in its turn. */
int reader_add(struct reader *reader, struct extent e);
int reader_hole(struct reader *reader, struct extent e);

/* Reads what is still waiting. */
int reader_finish(struct reader *reader);

/* From now on the kernel's cache lets go of what was read. */
void reader_forget(struct reader *reader);

/* Whether reading that much would push everything else out of the kernel's cache. */
bool reader_floods(uint64_t bytes);

/* The next run of grains from at that are not all zero; false when there is none. bytes are those
   of piece, and at is a place in it. */
bool stale_next(struct extent piece, const unsigned char *bytes, uint64_t at, struct extent *run);

#endif
