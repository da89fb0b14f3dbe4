/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_KEYS_H
#define ACHICA_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/draw.h"

/* A key: a character, or one of these beyond all characters. */
enum key {
	KEY_NONE = 0,
	KEY_TABULATOR = '\t',
	KEY_RETURN = '\n',
	KEY_ESCAPE = 27,
	KEY_FIRST = 0x110000,
	KEY_ARROW_UP = KEY_FIRST, KEY_ARROW_DOWN, KEY_ARROW_LEFT, KEY_ARROW_RIGHT,
	KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_TO_HOME, KEY_TO_END,
	KEY_BACK_TAB, KEY_RUBOUT, KEY_DELETE,
	KEY_F_0, /* KEY_F_0 + n is Fn */
	KEY_F_12 = KEY_F_0 + 12,
};

#define KEY_CONTROL(letter) ((letter) & 0x1f)

/* What a key does; which one depends on where it is typed. */
enum action {
	ACT_NONE,
	ACT_UP, ACT_DOWN, ACT_LEFT, ACT_RIGHT, ACT_PAGE_UP, ACT_PAGE_DOWN, ACT_HOME, ACT_END,
	ACT_NEXT, ACT_PREVIOUS, ACT_ENTER, ACT_TOGGLE, ACT_ESCAPE,
	ACT_MARK_ALL, ACT_MARK_NONE, ACT_SEARCH, ACT_SORT, ACT_EXACT, ACT_IMAGE, ACT_RESCAN,
	ACT_FORWARD, ACT_METHOD,
	ACT_PAUSE, ACT_SKIP, ACT_FASTER, ACT_SLOWER, ACT_MAP, ACT_LOG,
	ACT_SAVE, ACT_NEW, ACT_CONVERT, ACT_FORMAT,
	ACT_HELP, ACT_QUIT, ACT_INTERRUPT, ACT_REDRAW, ACT_BLANK, ACT_THEME,
};

/* Where keys are typed, as bits: a binding may hold in several places. */
enum where {
	IN_SELECT = 1,
	IN_PLAN = 2,
	IN_ZERO = 4,
	IN_RESULT = 8,
	IN_DIALOG = 16,
	IN_EDITOR = 32,
	IN_PAGER = 64,
	IN_STEPS = IN_SELECT | IN_PLAN | IN_ZERO | IN_RESULT,
	IN_ALL = IN_STEPS | IN_DIALOG | IN_PAGER,
};

/* The one table: keys, footer and help come from it. */
struct binding {
	unsigned where;
	enum action action;
	int keys[4];        /* the first is the one that is shown */
	const char *name;   /* of the first key, NC_() */
	const char *also;   /* names of others, or NULL; NC_() where one is a word */
	const char *brief;  /* for the footer, NC_(); NULL: not there */
	int weight;         /* those with the least leave a footer first that is too narrow */
	const char *help;   /* N_(), NULL: told by the row before */
};

extern const struct binding key_bindings[];
extern const size_t key_bindings_count;

/* What key does there. */
enum action keys_action(unsigned where, int key);

/* Draws the footer of that place on a row. */
void keys_footer(struct grid *g, int row, unsigned where);

/*
 * Esc and then a digit is a function key, for terminals without those; Esc alone is told from it by
 * a short wait. keys_decode takes in a key typed at now_ms; keys_late is asked when nothing was
 * typed. Both set out to the keys that are meant and return how many, 0 to 2. keys_wait: how many
 * milliseconds until keys_late has something to say, -1 for never.
 */
struct decoder {
	bool waiting;      /* an Esc came */
	int64_t since_ms;
};
int keys_decode(struct decoder *d, int key, int64_t now_ms, int out[2]);
int keys_late(struct decoder *d, int64_t now_ms, int out[2]);
int keys_wait(const struct decoder *d, int64_t now_ms);

#endif
