/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_MEDIA_H
#define ACHICA_DISK_MEDIA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "achica/target.h"

/*
 * The disks on which bytes lie at last, below partitions, loop devices, device-mapper and md: what
 * is not on the same disk can be worked on at the same time without one slowing the other down.
 */
#define MEDIA_MAX 64
#define MEDIUM_UNKNOWN 0 /* on a server, or of more layers than are looked through */

struct media {
	size_t n;
	uint64_t disks[MEDIA_MAX]; /* device numbers, each once; what is in memory has its own */
};

/* Adds the disks below the device whose directory of sysfs (disk/sysfs.h) is dir. */
void media_add(struct media *media, const char *dir);

/* Fills in t->disks. Without memory there are none. Nothing that a server could hold up is asked
   of it. */
void media_of_target(struct target *t);

#endif
