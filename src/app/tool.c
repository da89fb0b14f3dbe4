/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Other programs. The child has a process group of its own, so that a Ctrl-C on the terminal is
 * ours to deal with, and ends with the thread that waits for it, however that ends. Between fork
 * and exec only what POSIX calls async-signal-safe is done, for other threads go on.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/thread.h"
#include "app/tool.h"

#define LOOK_MS 100
#define PATIENCE_US 3000000 /* from asking it to end to killing it */
#define MORE_FOLDERS "/usr/local/sbin:/usr/sbin:/sbin"

extern char **environ;

/* What one pipe brings, as lines; \r ends one too. */
struct lines {
	int fd;
	size_t len;
	char line[1024];
	void (*said)(struct tool *tool, const char *line);
};

/* Whether folder, of n bytes, has the program; path gets its name. */
static bool is_in(const char *folder, size_t n, const char *name, char *path, size_t size)
{
	struct stat st;

	if (n == 0 || (size_t)snprintf(path, size, "%.*s/%s", (int)n, folder, name) >= size)
		return false;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool find_in(const char *folders, const char *name, char *path, size_t size)
{
	while (folders && *folders) {
		size_t n = strcspn(folders, ":");

		if (is_in(folders, n, name, path, size))
			return true;
		folders += n + (folders[n] == ':');
	}
	return false;
}

static bool find(const char *name, char *path, size_t size)
{
	return find_in(getenv("PATH"), name, path, size) ||
	       find_in(MORE_FOLDERS, name, path, size);
}

bool tool_is_there(const char *name)
{
	char path[4096];

	return find(name, path, sizeof(path));
}

/* The environment with LC_ALL=C for all else that sets a language; the strings are not copied. */
static char **english(void)
{
	size_t n = 0;
	size_t kept = 0;
	char **copy;

	while (environ[n])
		n++;
	copy = calloc(n + 2, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		if (strncmp(environ[i], "LC_", 3) != 0 && strncmp(environ[i], "LANG", 4) != 0)
			copy[kept++] = environ[i];
	}
	if (copy)
		copy[kept] = (char *)"LC_ALL=C";
	return copy;
}

/* The child. Never returns. */
static void become(const char *path, char *const *argv, char *const *env, const int pipes[2][2],
		   pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(pipes[0][1], STDOUT_FILENO) >= 0 && dup2(pipes[1][1], STDERR_FILENO) >= 0)
		execve(path, argv, env);
	_exit(127);
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int start(const struct tool *tool, int out[2], pid_t *pid, struct error *err)
{
	char path[4096];
	char **env;
	int pipes[2][2];
	pid_t parent = getpid();

	if (!find(tool->argv[0], path, sizeof(path)))
		return error_set(err, WHY_TOOL, ENOENT, tool->argv[0]);
	env = english();
	if (!env)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	if (pipe2(pipes[0], O_CLOEXEC) < 0)
		goto out;
	if (pipe2(pipes[1], O_CLOEXEC) < 0) {
		close_pair(pipes[0]);
		goto out;
	}
	*pid = fork();
	if (*pid == 0)
		become(path, tool->argv, env, pipes, parent);
	free(env);
	close(pipes[0][1]);
	close(pipes[1][1]);
	out[0] = pipes[0][0];
	out[1] = pipes[1][0];
	if (*pid > 0)
		return 0;
	close_pair(out);
	return error_set(err, WHY_SYSTEM, EAGAIN, tool->argv[0]);
out:
	free(env);
	return error_set(err, WHY_SYSTEM, errno, tool->argv[0]);
}

static void end_line(struct tool *tool, struct lines *l)
{
	l->line[l->len] = '\0';
	if (l->len > 0)
		l->said(tool, l->line);
	l->len = 0;
}

/* False at its end. */
static bool take(struct tool *tool, struct lines *l)
{
	char buf[4096];
	ssize_t n = read(l->fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return true;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r')
			end_line(tool, l);
		else if (l->len + 1 < sizeof(l->line))
			l->line[l->len++] = buf[i];
	}
	if (n > 0)
		return true;
	end_line(tool, l);
	close(l->fd);
	l->fd = -1;
	return false;
}

static void said_out(struct tool *tool, const char *line)
{
	if (tool->said)
		tool->said(tool->arg, line);
}

static void said_err(struct tool *tool, const char *line)
{
	snprintf(tool->last, sizeof(tool->last), "%s", line);
}

/* Holds it and lets it go on as the user wants; *held is how it is. */
static void hold(const struct tool *tool, pid_t pid, bool *held)
{
	bool wanted = tool->paused && tool->paused(tool->arg);

	if (wanted != *held)
		kill(-pid, wanted ? SIGSTOP : SIGCONT);
	*held = wanted;
}

/* Until both pipes are at their end. Returns whether the user stopped it. */
static bool follow(struct tool *tool, struct lines lines[2], pid_t pid)
{
	uint64_t asked_us = 0;
	bool held = false;

	while (lines[0].fd >= 0 || lines[1].fd >= 0) {
		struct pollfd fds[] = { { .fd = lines[0].fd, .events = POLLIN },
					{ .fd = lines[1].fd, .events = POLLIN } };

		poll(fds, 2, LOOK_MS);
		for (int i = 0; i < 2; i++) {
			if (lines[i].fd >= 0 && fds[i].revents)
				take(tool, &lines[i]);
		}
		if (asked_us == 0)
			hold(tool, pid, &held);
		if (!tool->canceled || !tool->canceled(tool->arg))
			continue;
		if (asked_us == 0) {
			asked_us = thread_now_us();
			kill(-pid, SIGTERM);
			kill(-pid, SIGCONT);
		} else if (thread_now_us() - asked_us > PATIENCE_US) {
			kill(-pid, SIGKILL);
		}
	}
	return asked_us > 0;
}

int tool_run(struct tool *tool, struct error *err)
{
	struct lines lines[2] = { { .said = said_out }, { .said = said_err } };
	int out[2] = { -1, -1 };
	int state = 0;
	bool stopped;
	pid_t pid = 0;
	int rc;

	tool->status = 127;
	tool->last[0] = '\0';
	rc = start(tool, out, &pid, err);
	if (rc)
		return rc;
	lines[0].fd = out[0];
	lines[1].fd = out[1];
	stopped = follow(tool, lines, pid);
	while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
		;
	if (stopped)
		return -ECANCELED;
	tool->status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
	return 0;
}

int tool_must(struct tool *tool, struct error *err)
{
	char status[64];
	int rc = tool_run(tool, err);

	if (rc || tool->status <= tool->most)
		return rc;
	snprintf(status, sizeof(status), "%s: %d", tool->argv[0], tool->status);
	return error_set(err, WHY_TOOL_FAILED, EIO, tool->last[0] ? tool->last : status);
}
