/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_OUTLOOK_H
#define ACHICA_APP_OUTLOOK_H

#include "achica/target.h"
#include "engine/engine.h"

/*
 * The forecast of a whole disk or image, opened to look: nothing is locked or written. Each target
 * in it that can be reclaimed tells what is free; all else counts as data as it is.
 */
struct outlook;

/* Whether a forecast of top makes sense: raw bytes which qemu-img would copy. */
bool outlook_can(const struct target *top);

/* top must outlive it. -errno and *err, or what watch returned. */
int outlook_open(const struct target *top, uint64_t seed, const struct watch *watch,
		 struct outlook **outlook, struct error *err);
void outlook_close(struct outlook *o); /* NULL is fine */

/* Reads some more, or all: as forecaster_more. */
int outlook_more(struct outlook *o, size_t units, const struct watch *watch, struct error *err);

/* Sets the forecast of to, a tree like the one it was opened with, and what its targets save. */
void outlook_apply(const struct outlook *o, struct target *to);

/* Bytes that there are to read for all of it. */
uint64_t outlook_present(const struct outlook *o);

#endif
