/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_WANTED_H
#define ACHICA_DISK_WANTED_H

#include "achica/target.h"

/*
 * Where a logical volume was named, all of the disk must be read before it is found. wanted_take
 * takes the named rows from below top then, or returns NULL. wanted_apply leaves only those rows
 * below top that are wanted, with all below and above them, and gives those that are not there back
 * as WHY_NOT_FOUND. It frees wanted; NULL is fine.
 */
struct target *wanted_take(struct target *top);
void wanted_apply(struct target *top, struct target *wanted);

#endif
