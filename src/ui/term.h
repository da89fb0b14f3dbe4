/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_TERM_H
#define ACHICA_UI_TERM_H

#include "achica/front.h"
#include "ui/draw.h"

/*
 * The terminal. Everything that curses knows is in term.c: this face has no curses in it. There is
 * one terminal, as curses has one.
 */

/* Takes the terminal over. -ENOTTY when it cannot be drawn on (unknown, or no cursor_address):
   then nothing was changed. */
int term_open(const struct options *options);

/* Gives it back as it was, and prints on stderr what libraries wrote there meanwhile. */
void term_close(void);

/* Gives it back without writing to it: it is gone. */
void term_abandon(void);

/* Whether it shows the signs beyond ASCII, and whether it is a slow line. */
bool term_is_utf8(void);
bool term_is_slow(void);

void term_size(int *rows, int *cols);

/* After SIGWINCH: asks the kernel how large it is now. */
void term_resized(void);

/* Copies the grid; only what differs from the screen is sent. With redraw all of it is. */
void term_show(const struct grid *g, bool redraw);

/* The next key (ui/keys.h) that was typed, KEY_NONE when there is none; -EIO: the terminal is gone.
 */
int term_key(void);

void term_beep(void);

/* Normal, high contrast, no colours. */
void term_next_theme(void);

/* Around a stop of the process: gives the terminal to the shell, and takes it back. */
void term_suspend(void);
void term_resume(void);

#endif
