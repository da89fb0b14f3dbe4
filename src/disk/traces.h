/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_TRACES_H
#define ACHICA_DISK_TRACES_H

#include <stdbool.h>
#include <stdint.h>

#include "achica/target.h"
#include "base/io.h"
#include "disk/probe.h"

/*
 * What is left of filesystems in a window of a disk where none should be: what libblkid finds at
 * its start, else the first magic number that is seen where partitions use to begin. found->type is
 * "" without any; several at the start are all in it. 256 reads at most; holes are not read.
 * -errno and *err when it cannot be read.
 */
int traces_find(struct io *disk, int fd, struct extent window, uint32_t sector,
		struct signature *found, struct error *err);

/* The same of a gap: in one of a volume group deleted volumes may begin with each segment. */
int traces_in_gap(struct io *disk, int fd, const struct target *gap, struct signature *found,
		  struct error *err);

/* Whether all of the window is zero, as far as a bounded look can tell: *zero is false also where
   there is too much to read. -errno when it cannot be read. */
int traces_all_zero(struct io *disk, struct extent window, bool *zero);

#endif
