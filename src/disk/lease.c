/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Leases. Nothing but this keeps a loop device off a file: those who attach one ask nobody. The
 * kernel tells of who waits by SIGIO, which ends a process that does not expect it; SIGURG, which
 * it can be told to send instead, does nothing, and the lease is asked what has become of it.
 */

#include <fcntl.h>
#include <signal.h>

#include "disk/lease.h"

enum lease lease_take(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return LEASE_NONE;
	return LEASE_ALONE;
}

bool lease_unwritten(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return false;
	lease_drop(fd);
	return true;
}

/* While somebody waits, F_GETLEASE tells what would let him in (Linux, fs/locks.c). */
enum lease lease_look(int fd)
{
	int type = fcntl(fd, F_GETLEASE);

	if (type == F_WRLCK)
		return LEASE_ALONE;
	return type == F_RDLCK ? LEASE_READER : LEASE_WRITER;
}

void lease_drop(int fd)
{
	fcntl(fd, F_SETLEASE, F_UNLCK);
}
