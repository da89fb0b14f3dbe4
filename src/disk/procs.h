/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_PROCS_H
#define ACHICA_DISK_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* An open file of a process: its folder, its number there, and what it is. */
struct procs_fd {
	pid_t pid;
	const char *number;
	const struct statx *st; /* type, ino, device, rdev; not synchronised with a server */
};

/*
 * Calls fn for each other process (a number of /proc); a non-zero result ends it and is returned.
 */
int procs_each(int (*fn)(void *arg, pid_t pid), void *arg);

/* Calls fn for each open file of a process. -EACCES when they may not be looked at; a process that
   has ended has none. */
int procs_fds(pid_t pid, int (*fn)(void *arg, const struct procs_fd *fd), void *arg);

/* The text of a file in /proc/PID, cut at n - 1 bytes; false when it cannot be read. */
bool procs_text(pid_t pid, const char *file, char *buf, size_t n);

/* The name of a process, "" when it is gone. */
void procs_name(pid_t pid, char *buf, size_t n);

#endif
