/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_WANTED_H
#define ACHICA_DISK_WANTED_H

#include "achica/target.h"

/*
 * Where a logical volume was named, or the disk and something in it, all of the disk must be read.
 * wanted_take takes the named rows from below top then, or returns NULL. wanted_apply marks the
 * rows below top that are wanted; unless the disk itself was named only they stay, with all below
 * and above them. Those that are not there come back as WHY_NOT_FOUND. It frees wanted; NULL is
 * fine.
 */
struct target *wanted_take(struct target *top);
void wanted_apply(struct target *top, struct target *wanted);

#endif
