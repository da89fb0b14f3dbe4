/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The processes and their open files, from proc(5). Files are looked at with AT_STATX_DONT_SYNC:
 * a file on a server that does not answer must not hold us up.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk/procs.h"

int procs_each(int (*fn)(void *arg, pid_t pid), void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!proc)
		return -errno;
	while (r == 0 && (entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 0 && pid != getpid())
			r = fn(arg, pid);
	}
	closedir(proc);
	return r;
}

int procs_fds(pid_t pid, int (*fn)(void *arg, const struct procs_fd *fd), void *arg)
{
	char path[64];
	struct dirent *entry;
	struct statx st;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	while (r == 0 && (entry = readdir(dir))) {
		struct procs_fd fd = { pid, entry->d_name, &st };

		if (entry->d_name[0] != '.' &&
		    statx(dirfd(dir), entry->d_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
			  STATX_TYPE | STATX_INO, &st) == 0)
			r = fn(arg, &fd);
	}
	closedir(dir);
	return r;
}

bool procs_text(pid_t pid, const char *file, char *buf, size_t n)
{
	char path[320];
	size_t len = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (len < n - 1 && (got = read(fd, buf + len, n - 1 - len)) > 0)
		len += (size_t)got;
	buf[len] = '\0';
	close(fd);
	return len > 0;
}

void procs_name(pid_t pid, char *buf, size_t n)
{
	if (!procs_text(pid, "comm", buf, n))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}
