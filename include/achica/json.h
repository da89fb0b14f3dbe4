/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_JSON_H
#define ACHICA_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "achica/convert.h"
#include "achica/job.h"
#include "achica/target.h"

/*
 * The machine-readable contract of doc/design.md and achica(8): one object, "version": 1, on out.
 * Sizes are integers in bytes, what is not known is null. Names are UTF-8; a byte that is not is
 * written as \xNN, and a backslash before an x as \x5c, so that the bytes can be had back.
 */
enum {
	JSON_ESTIMATE = 1, /* with the keys of --estimate */
	JSON_COMMANDS = 2, /* with the advised commands */
};

/*
 * The tree; job, where not NULL, ended and adds the keys of --zero; convert, where not NULL, ended
 * and adds the copy to the first row. Returns -errno when out failed or memory ran out; then what
 * is on out is not an object.
 */
int json_tree(const struct target *tree, unsigned with, struct job *job,
	      struct convert *convert, FILE *out);

/* One line of --progress=json: item i as it stands. */
int json_progress(struct job *job, size_t i, FILE *out);
int json_convert_progress(struct convert *convert, FILE *out);

/* The free map of --free-map --json, streamed: begin, an extent at a time, end. */
int json_map_begin(const struct target *t, FILE *out);
int json_map_extent(struct extent e, bool first, FILE *out);
int json_map_end(FILE *out);

#endif
