/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_PROBE_H
#define ACHICA_DISK_PROBE_H

#include <stdint.h>

#include "achica/error.h"
#include "achica/extent.h"
#include "base/io.h"

/* What libblkid finds in a window. */
struct signature {
	char type[64];   /* "ext4", "ntfs", "swap" ...; "" nothing */
	char label[256]; /* bytes as found */
	char uuid[64];
	enum { SIGNATURE_FS, SIGNATURE_CONTAINER } usage; /* RAID, LVM and crypto are containers */
};

/*
 * The signature of the filesystem or container in window of fd. 0; WHY_AMBIGUOUS with the names
 * when there are several that contradict each other; WHY_READ. *signature is "" on errors.
 */
int probe_window(int fd, struct extent window, uint32_t sector, const char *path,
		 struct signature *signature, struct error *err);

/* The same of an io that lies in pieces: what libblkid reads of it, its start and its end, is
   copied into memory for that. */
int probe_io(struct io *io, struct signature *signature, struct error *err);

#endif
