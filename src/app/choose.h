/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_CHOOSE_H
#define ACHICA_APP_CHOOSE_H

#include "achica/target.h"

/*
 * Which method reclaims a target, from what its probe found; nothing is opened. Whether it really
 * works shows when it is tried, before anything is changed: then choose_next tells what to do.
 */

/* 0 and *m: the cheapest method that is safe on t. -errno and *err where none can work. */
int choose_method(const struct target *t, enum method *m, struct error *err);

/* Whether m, asked for by the user, is one for t: 0, or -errno and *err. AUTO always is. */
int choose_check(const struct target *t, enum method m, struct error *err);

/* The method to take when m said why; METHOD_AUTO when there is no other. */
enum method choose_next(enum method m, enum why why);

/* What auto takes for t and everything below it; where nothing can work, the verdict says so. */
void choose_all(struct target *t);

#endif
