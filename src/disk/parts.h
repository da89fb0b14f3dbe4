/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_PARTS_H
#define ACHICA_DISK_PARTS_H

#include "achica/target.h"
#include "disk/gaps.h"
#include "disk/table.h"

/*
 * Puts rows for the partitions of top below it, ascending: those of its table, and for a device
 * those of the kernel (unless kernel is false); and for the gaps. Where the two differ the row is
 * refused (WHY_CORRUPT), and every gap (WHY_TABLE). Rows that are there already (a kind, a number
 * and a name) say which ones are wanted, and under which name; the others are left out, and a
 * wanted one that does not exist is refused (WHY_NOT_FOUND, READY). -ENOMEM.
 */
int parts_add(struct target *top, const struct table *table, const struct gaps *gaps, bool kernel);

#endif
