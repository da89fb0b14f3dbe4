/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_VOLUMES_H
#define ACHICA_DISK_VOLUMES_H

#include "achica/target.h"
#include "base/io.h"
#include "disk/table.h"

/*
 * Puts rows for logical volumes, and for what is left of their groups, below those rows of top
 * which are physical volumes by their fstype; disk is an io over top, table its partitions: one
 * that has no row, because others were named, may have its share of a volume. Volumes that the host
 * has activated get none: they have a device of their own. A verdict that is set says why the
 * volume cannot be read; the other rows are still to be examined. -ENOMEM.
 */
int volumes_add(struct target *top, const struct table *table, struct io *disk);

/* Whether the metadata of t's group (n_pvs > 0) still says what it said when t was made; path is an
   io over its path. 0, or the refusal. */
int volumes_check(struct io *path, const struct target *t, struct error *err);

#endif
