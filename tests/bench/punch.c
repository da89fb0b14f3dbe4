/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What "fallocate -p" does, for many extents in one process: punches each "OFFSET LENGTH" line of
 * stdin out of the file named, then fsyncs. The host's own cost, and the floor for achica's punch.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	int64_t offset, length;

	if (fd < 0) {
		perror(argc == 2 ? argv[1] : "usage: punch FILE <MAP");
		return 1;
	}
	while (scanf("%" SCNd64 " %" SCNd64, &offset, &length) == 2) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) < 0) {
			perror("fallocate");
			return 1;
		}
	}
	return fsync(fd) < 0 || close(fd) < 0;
}
