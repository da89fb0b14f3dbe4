/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_REPORT_H
#define ACHICA_ENGINE_REPORT_H

#include "engine/engine.h"

/*
 * What the engine tells its watch, which may be NULL or have no callbacks. Both return what the
 * watch returned.
 */

/* An empty extent is not told. */
int report_did(const struct watch *watch, enum did what, struct extent e);

/* No news, but the watch may want to end: for work that moves no bytes for a while. */
int report_tick(const struct watch *watch, uint64_t at);

/* e could not be read or written (why), and is left alone. name: of its io. */
int report_failed(const struct watch *watch, enum why why, int errnum, struct extent e,
		  const char *name);

#endif
