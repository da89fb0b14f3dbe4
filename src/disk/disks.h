/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_DISKS_H
#define ACHICA_DISK_DISKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "achica/target.h"

/* Whether the block device of that name, whose directory in sysfs is dir, is listed unasked: not
   RAM, floppies, optical drives, hidden paths, loop devices without a file, nor empty ones. */
bool disks_is_listed(const char *dir, const char *name);

/* The row of a whole block device, from sysfs and the names of /dev alone; NULL without memory.
   path is NULL, and name too, when the kernel knows no such device. */
struct target *disks_new(dev_t dev);

/* Fills the facts of the device whose directory in sysfs is dir into t; false without memory. */
bool disks_describe(const char *dir, struct target *t);

#endif
