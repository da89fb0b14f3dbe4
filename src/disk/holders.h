/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_HOLDERS_H
#define ACHICA_DISK_HOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "disk/place.h"

/* A process that has something open. */
struct opener {
	pid_t pid;
	char name[64];
};

/* What to look for among the open files of others. */
enum opened {
	OPENED,         /* open at all */
	OPENED_WRITING, /* open for writing */
	OPENED_LOCKED,  /* with a lock: on byte of a file (fcntl), or flock */
};

#define HOLDERS_FLOCK UINT64_MAX

/*
 * The first other process that has bytes of place open so (this process does not count, nor does
 * one whose files may not be looked at). byte is for OPENED_LOCKED alone, HOLDERS_FLOCK is flock.
 */
bool holders_find(const struct place *place, enum opened how, uint64_t byte, struct opener *opener);

/* The name of a kernel device (dm, md, bcache ...) that is built on bytes of place; false when
   there is none. name becomes e.g. "dm-0 (vg0-home)". */
bool holders_device(const struct place *place, char *name, size_t n);

#endif
