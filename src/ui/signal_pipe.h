/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_SIGNAL_PIPE_H
#define ACHICA_UI_SIGNAL_PIPE_H

#include <stdbool.h>

/*
 * Signals as bytes in a pipe, for the loop. A handler does nothing else, but one: a crash gives the
 * terminal back before the process dies.
 */

/* Before the terminal is taken over. -errno. */
int signal_pipe_open(void);

/* Handlers as they were. */
void signal_pipe_close(void);

int signal_pipe_fd(void);

/* The next signal that came, 0 none. */
int signal_pipe_next(void);

#endif
