/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_CONTENTS_H
#define ACHICA_DISK_CONTENTS_H

#include "disk/table.h"

/*
 * Whether what is in the partitions bears their table out: *doubt is why it does not (static), or
 * left as it is. What cannot be read is a doubt too; -ENOMEM alone fails.
 */
int contents_check(struct io *disk, const struct table *table, const char **doubt,
		   struct error *err);

/* What is hibernated in one of the partitions: "swap" (Linux), "ntfs" (Windows), or NULL. */
const char *contents_hibernated(struct io *disk, const struct table *table);

#endif
