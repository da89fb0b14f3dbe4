/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_PRESENT_H
#define ACHICA_ENGINE_PRESENT_H

#include "engine/engine.h"

/* A range of free space, which is either a hole of the host or present. */
typedef int present_fn(void *arg, struct extent e, bool hole);

/* Calls fn with the free space of fs, from the gate, cut into holes and what is present,
   ascending. A non-zero result of fn ends it and is returned; -errno with *err. */
int present_walk(struct fs *fs, present_fn *fn, void *arg, struct error *err);

/* The same for one extent of io. */
int present_cut(struct io *io, struct extent e, present_fn *fn, void *arg, struct error *err);

#endif
