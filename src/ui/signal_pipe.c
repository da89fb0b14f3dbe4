/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* See signal_pipe.h. Worker threads have all signals blocked, so it is the loop that is
 * interrupted. */

#include "ui/signal_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

static const int noted[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT, SIGUSR1,
};
static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

#define NOTED (sizeof(noted) / sizeof(noted[0]))
#define FATAL (sizeof(fatal) / sizeof(fatal[0]))

/* Handlers have no argument of ours: what they need is here, set before they are. */
static int pipe_fds[2] = { -1, -1 };
static struct termios modes;
static bool modes_known;
static struct sigaction before[NOTED + FATAL + 1];

static void note(int sig)
{
	int saved = errno;
	unsigned char byte = (unsigned char)sig;

	if (write(pipe_fds[1], &byte, 1) < 0)
		errno = saved; /* it is full of signals already */
	errno = saved;
}

/* Out of the alternate screen, attributes off, cursor on (ECMA-48 and xterm; others ignore it). */
static void die(int sig)
{
	static const char leave[] = "\033[?1049l\033[0m\033[?25h\r\n";

	if (write(STDOUT_FILENO, leave, sizeof(leave) - 1) > 0 && modes_known)
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	raise(sig); /* SA_RESETHAND: now it kills */
}

static void set(int sig, void (*handler)(int), int flags, struct sigaction *old)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, old);
	/* What nohup(1) ignores stays ignored. */
	if (sig == SIGHUP && old->sa_handler == SIG_IGN)
		sigaction(sig, old, NULL);
}

int signal_pipe_open(void)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	modes_known = tcgetattr(STDIN_FILENO, &modes) == 0;
	for (size_t i = 0; i < NOTED; i++)
		set(noted[i], note, SA_RESTART, &before[i]);
	for (size_t i = 0; i < FATAL; i++)
		set(fatal[i], die, (int)SA_RESETHAND | SA_NODEFER, &before[NOTED + i]);
	set(SIGPIPE, SIG_IGN, 0, &before[NOTED + FATAL]);
	return 0;
}

void signal_pipe_close(void)
{
	for (size_t i = 0; i < NOTED; i++)
		sigaction(noted[i], &before[i], NULL);
	for (size_t i = 0; i < FATAL; i++)
		sigaction(fatal[i], &before[NOTED + i], NULL);
	sigaction(SIGPIPE, &before[NOTED + FATAL], NULL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

int signal_pipe_fd(void)
{
	return pipe_fds[0];
}

int signal_pipe_next(void)
{
	unsigned char byte;

	return read(pipe_fds[0], &byte, 1) == 1 ? byte : 0;
}
