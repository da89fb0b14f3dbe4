/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The log. It is appended to, so a slip ("--log disk.img") would add lines to a disk image, and
 * move its end away from the second GPT. What has a NUL in its first bytes is no log, and neither
 * is a block device.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "achica/logfile.h"

#define LOOK 4096

/* 1: it is a text, or nothing yet; 0: it is not; -errno. */
static int is_text(const char *path)
{
	char buf[LOOK];
	struct stat st;
	ssize_t n;
	int fd;

	if (stat(path, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return 1;
	if (S_ISBLK(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, sizeof(buf));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : !memchr(buf, '\0', (size_t)n);
}

FILE *logfile_open(const char *path, struct error *err)
{
	int rc = is_text(path);
	FILE *log = rc == 1 ? fopen(path, "ae") : NULL;

	if (rc == 0)
		error_set(err, WHY_EXISTS, 0, path);
	else if (!log)
		error_set(err, WHY_OPEN, rc < 0 ? -rc : errno, path);
	return log;
}
