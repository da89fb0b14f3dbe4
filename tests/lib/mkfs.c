/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
/* Runs a mkfs on a file of its own and loads the result; the file is gone at once. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/io_mem.h"
#include "tests/lib/mkfs.h"

#define MOST_ARGS 32

extern char **environ;

/* Its exit status, or -errno when it cannot be started. */
static int run_quietly(char **argv)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		return -rc;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static void need(bool done, const char *what)
{
	if (!done) {
		fprintf(stderr, "mkfs_mem: %s: %s\n", what, strerror(errno));
		abort();
	}
}

struct io *mkfs_mem(uint64_t size, const char *const argv[])
{
	char name[] = "/tmp/achica-mkfs-XXXXXX";
	char *args[MOST_ARGS] = { NULL };
	struct io *io;
	int fd = mkstemp(name);
	int rc;

	need(fd >= 0 && ftruncate(fd, (off_t)size) == 0, name);
	close(fd);
	for (size_t i = 0; argv[i] && i < MOST_ARGS - 1; i++)
		args[i] = strcmp(argv[i], "@") == 0 ? name : (char *)argv[i];
	rc = run_quietly(args);
	io = rc == 0 ? io_mem_load(name) : NULL;
	unlink(name);
	need(io || rc == -ENOENT, argv[0]);
	return io;
}
