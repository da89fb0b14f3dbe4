/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TEST_VT_H
#define ACHICA_TEST_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A program on a terminal in memory (libvterm): send keys, wait for text, look at cells. Nothing
 * here sleeps: waiting ends as soon as what is waited for is on the screen, or at its time limit.
 */
struct vt;

/*
 * Starts argv on a new pseudo terminal. env: NULL-terminated "NAME=VALUE" added to the
 * environment ("NAME" alone removes it), or NULL. NULL when it cannot be started.
 */
struct vt *vt_start(char *const *argv, char *const *env, int rows, int cols, const char *term);

/* Ends what still runs (SIGKILL), frees it. */
void vt_free(struct vt *vt);

/* Until text stands in one row of the screen; false after timeout_ms or when the program ended
   and it is not there. vt_wait_gone: until it is nowhere. */
bool vt_wait_text(struct vt *vt, const char *text, int timeout_ms);
bool vt_wait_gone(struct vt *vt, const char *text, int timeout_ms);

/* Until the cursor is on a row which has text in it. */
bool vt_wait_cursor(struct vt *vt, const char *text, int timeout_ms);

/* Reads what the program writes for as long as it goes on writing, at most timeout_ms. */
void vt_settle(struct vt *vt, int timeout_ms);

/* Milliseconds since vt_start; and reading what the program writes until that many have passed. */
double vt_clock(const struct vt *vt);
void vt_until(struct vt *vt, int ms);

/* Types. Names in <> are keys: <Up> <Down> <Left> <Right> <Enter> <Esc> <Tab> <S-Tab> <Space>
   <Bs> <Del> <Home> <End> <PgUp> <PgDn> <F1> to <F12> <C-a> to <C-z> <Lt>. */
void vt_send(struct vt *vt, const char *keys);

/* Row (from 0) as UTF-8 without blanks at its end; holds until the next call. */
const char *vt_row(struct vt *vt, int row);

/* The row (from 0) in which text stands, -1 none. */
int vt_find(struct vt *vt, const char *text);

/* The character of a cell, 0 for an empty one; whether it is shown reversed, or in colour. */
unsigned vt_cell(struct vt *vt, int row, int col);
bool vt_is_reverse(struct vt *vt, int row, int col);
bool vt_is_coloured(struct vt *vt, int row, int col);

void vt_cursor(struct vt *vt, int *row, int *col);
void vt_resize(struct vt *vt, int rows, int cols);

/* Signal to the program; closing its terminal as a lost connection does. */
void vt_kill(struct vt *vt, int sig);
void vt_hangup(struct vt *vt);
pid_t vt_pid(const struct vt *vt);

/* Whether it is stopped (SIGSTOP, SIGTSTP) within timeout_ms. */
bool vt_wait_stopped(struct vt *vt, int timeout_ms);

/* Its exit status, 128 + signal, or -1 when it still runs after timeout_ms. */
int vt_exit_status(struct vt *vt, int timeout_ms);

/* Bytes it has written so far. */
size_t vt_bytes(const struct vt *vt);

/* All that it wrote, as it came; NUL-terminated. */
const char *vt_raw(const struct vt *vt);

/* Writes the screen as text. */
void vt_print(struct vt *vt, FILE *out);

#endif
