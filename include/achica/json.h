/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_JSON_H
#define ACHICA_JSON_H

#include <stdio.h>

#include "achica/job.h"
#include "achica/target.h"

/*
 * The machine-readable contract of doc/design.md, one object, "version": 1, to out. with_estimate
 * adds the keys of --estimate; job, where not NULL and ended, those of --zero with the advised
 * commands. Returns -errno when out failed.
 */
int json_tree(const struct target *tree, bool with_estimate, struct job *job, FILE *out);

/* One line of --progress=json for one item. */
int json_progress(struct job *job, FILE *out);

#endif
