/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_BRANCH_H
#define ACHICA_APP_BRANCH_H

#include "achica/target.h"

/*
 * A deep copy of the whole disk or image that t belongs to, so that another thread can have it.
 * Returns the copy of t in it and sets *tree to its top, the caller's; NULL without memory.
 */
struct target *branch_copy(const struct target *t, struct target **tree);

#endif
