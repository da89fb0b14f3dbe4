/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_LEASE_H
#define ACHICA_DISK_LEASE_H

#include <stdbool.h>

/*
 * A lease on a file that is open for writing (fcntl(2), F_SETLEASE): it is given when nobody else
 * has the file open, and whoever opens it then waits until the lease is given up (or for
 * /proc/sys/fs/lease-break-time, 45 seconds). It goes with the descriptor.
 */
enum lease {
	LEASE_NONE,    /* not given: somebody has it open, or the filesystem has no leases */
	LEASE_ALONE,   /* nobody else has it open, or had since it was taken */
	LEASE_READER,  /* somebody waits to read it */
	LEASE_WRITER,  /* somebody waits to write it */
};

enum lease lease_take(int fd);

/* What has become of a lease that was had. */
enum lease lease_look(int fd);

/*
 * Whether nobody has the file of fd open for writing, asked by a lease for a moment: the kernel
 * knows at once, and also of those whom /proc does not show. fd must be open for reading alone.
 * False where somebody has, and where the filesystem has no leases.
 */
bool lease_unwritten(int fd);

/* Lets in who waits. */
void lease_drop(int fd);

#endif
