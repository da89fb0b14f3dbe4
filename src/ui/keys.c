/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The table of keys, and what is made of it: which action a key means, the footer of each screen.
 * Letters are never translated, so that a manual, a footer and a habit agree; what a key does is.
 * Nothing that could harm hangs on one key: arrows, Space, Enter and Esc are always enough.
 */

#include "ui/keys.h"

#include "achica/i18n.h"

#define ESC_WAIT_MS 300 /* a person's Esc and digit are closer than this */

#define KEYS(...) { __VA_ARGS__ }
#define F(n) (KEY_F_0 + (n))

const struct binding key_bindings[] = {
	{ IN_STEPS | IN_PAGER | IN_DIALOG, ACT_HELP, KEYS(F(1), '?'), NC_("key, max 6 cells", "F1"),
	  "?", NC_("footer, max 9 cells", "Help"), 90, N_("This help") },

	{ IN_SELECT, ACT_TOGGLE, KEYS(' '), NC_("key, max 6 cells", "Space"), NULL,
	  NC_("footer, max 9 cells", "Mark"), 80,
	  N_("Mark or unmark this row; for a disk, all that can be marked in it") },
	{ IN_SELECT, ACT_ENTER, KEYS(KEY_RETURN, '\r'), NC_("key, max 6 cells", "Enter"), NULL,
	  NC_("footer, max 9 cells", "Info"), 60,
	  N_("All that is known of this row, and why it cannot be marked") },
	{ IN_SELECT, ACT_MARK_ALL, KEYS('a'), NC_("key, max 6 cells", "a"), NULL, NULL, 0,
	  N_("Mark all that can be marked, but not on the disk of the running system") },
	{ IN_SELECT, ACT_MARK_NONE, KEYS('n'), NC_("key, max 6 cells", "n"), NULL, NULL, 0,
	  N_("Unmark all") },
	{ IN_SELECT, ACT_EXACT, KEYS('e'), NC_("key, max 6 cells", "e"), NULL,
	  NC_("footer, max 9 cells", "Exact"), 30,
	  N_("Read all free space of this row, for an exact figure") },
	{ IN_SELECT, ACT_IMAGE, KEYS('i'), NC_("key, max 6 cells", "i"), NULL,
	  NC_("footer, max 9 cells", "Image"), 50, N_("Add a disk image by its name") },
	{ IN_SELECT, ACT_RESCAN, KEYS('r'), NC_("key, max 6 cells", "r"), NULL,
	  NC_("footer, max 9 cells", "Rescan"), 20, N_("Look at everything again") },
	{ IN_SELECT, ACT_SORT, KEYS('o'), NC_("key, max 6 cells", "o"), NULL,
	  NC_("footer, max 9 cells", "Order"), 10,
	  N_("Order: by name, by size, by what can be reclaimed") },
	{ IN_SELECT, ACT_SEARCH, KEYS('/'), NC_("key, max 6 cells", "/"), NULL,
	  NC_("footer, max 9 cells", "Search"), 5,
	  N_("Search a name, a label or a filesystem; an empty text searches on") },
	{ IN_SELECT, ACT_LEFT, KEYS(KEY_ARROW_LEFT, 'h'), NC_("key, max 6 cells", "Left"), "h",
	  NULL, 0, N_("Fold a disk, or go to the disk of this row") },
	{ IN_SELECT, ACT_RIGHT, KEYS(KEY_ARROW_RIGHT, 'l'), NC_("key, max 6 cells", "Right"), "l",
	  NULL, 0, N_("Unfold a disk") },
	{ IN_SELECT, ACT_FORWARD, KEYS(F(5), '>'), NC_("key, max 6 cells", "F5"), ">",
	  NC_("footer, max 9 cells", "Next"), 85,
	  N_("To the plan for what is marked; nothing is written there") },

	{ IN_PLAN, ACT_NEXT, KEYS(KEY_TABULATOR), NC_("key, max 6 cells", "Tab"), NULL,
	  NC_("footer, max 9 cells", "Field"), 50, N_("Next field") },
	{ IN_PLAN, ACT_PREVIOUS, KEYS(KEY_BACK_TAB), NC_("key, max 6 cells", "Tab"), "Shift-Tab",
	  NULL, 0, NULL },
	{ IN_PLAN, ACT_TOGGLE, KEYS(' '), NC_("key, max 6 cells", "Space"), NULL,
	  NC_("footer, max 9 cells", "Change"), 60, N_("Change what the focused field says") },
	{ IN_PLAN, ACT_METHOD, KEYS('m'), NC_("key, max 6 cells", "m"), NULL,
	  NC_("footer, max 9 cells", "Method"), 40,
	  N_("Another method for the focused target, or for all: what it does is said below") },
	{ IN_PLAN, ACT_LEFT, KEYS(KEY_ARROW_LEFT), NC_("key, max 6 cells", "Left"), NULL, NULL, 0,
	  N_("Lower the maximum rate; from Start to Back") },
	{ IN_PLAN, ACT_RIGHT, KEYS(KEY_ARROW_RIGHT), NC_("key, max 6 cells", "Right"), NULL, NULL,
	  0, N_("Raise the maximum rate; from Back to Start") },
	{ IN_PLAN, ACT_ENTER, KEYS(KEY_RETURN, '\r'), NC_("key, max 6 cells", "Enter"), NULL,
	  NC_("footer, max 9 cells", "Activate"), 70, N_("Press the focused button") },
	{ IN_PLAN, ACT_ESCAPE, KEYS(KEY_ESCAPE), NC_("key, max 6 cells", "Esc"), NULL,
	  NC_("footer, max 9 cells", "Back"), 80,
	  N_("Back to the list; what is marked stays marked") },

	{ IN_ZERO, ACT_PAUSE, KEYS('p'), NC_("key, max 6 cells", "p"), NULL,
	  NC_("footer, max 9 cells", "Pause"), 80,
	  N_("Pause or go on; locks are kept, clocks stand still") },
	{ IN_ZERO, ACT_SKIP, KEYS('s'), NC_("key, max 6 cells", "s"), NULL,
	  NC_("footer, max 9 cells", "Skip"), 70, N_("Leave out the rest of this target (asks)") },
	{ IN_ZERO, ACT_NEXT, KEYS(KEY_TABULATOR, KEY_ARROW_DOWN, 'j'),
	  NC_("key, max 6 cells", "Tab"), "k j", NC_("footer, max 9 cells", "Target"), 25,
	  N_("Show another target, when several are worked on at the same time") },
	{ IN_ZERO, ACT_PREVIOUS, KEYS(KEY_BACK_TAB, KEY_ARROW_UP, 'k'),
	  NC_("key, max 6 cells", "Tab"), "Shift-Tab", NULL, 0, NULL },
	{ IN_ZERO, ACT_FASTER, KEYS('+', '='), NC_("key, max 6 cells", "+/-"), NULL,
	  NC_("footer, max 9 cells", "Rate"), 30, N_("Raise or lower the limit of the rate") },
	{ IN_ZERO, ACT_SLOWER, KEYS('-'), NC_("key, max 6 cells", "-"), NULL, NULL, 0, NULL },
	{ IN_ZERO, ACT_MAP, KEYS('m'), NC_("key, max 6 cells", "m"), NULL,
	  NC_("footer, max 9 cells", "Map"), 20,
	  N_("Map: the whole device, around the place at work, none") },
	{ IN_ZERO, ACT_LOG, KEYS('l'), NC_("key, max 6 cells", "l"), NULL,
	  NC_("footer, max 9 cells", "Log"), 40, N_("The whole log") },
	{ IN_ZERO, ACT_ESCAPE, KEYS(KEY_ESCAPE, 'q', F(10)), NC_("key, max 6 cells", "Esc"),
	  "q F10", NC_("footer, max 9 cells", "Stop..."), 85,
	  N_("Asks whether to stop; nothing stops before you answer") },

	{ IN_RESULT, ACT_CONVERT, KEYS('x'), NC_("key, max 6 cells", "x"), NULL,
	  NC_("footer, max 9 cells", "Copy"), 80,
	  N_("Makes the small copy now, and compares it with its source") },
	{ IN_RESULT, ACT_SAVE, KEYS('w'), NC_("key, max 6 cells", "w"), NULL,
	  NC_("footer, max 9 cells", "Script"), 70, N_("Write the commands into a script") },
	{ IN_RESULT, ACT_FORMAT, KEYS('f'), NC_("key, max 6 cells", "f"), NULL,
	  NC_("footer, max 9 cells", "Format"), 65,
	  N_("Another format of the copy: smaller clusters, compressed; what it takes is said") },
	{ IN_RESULT, ACT_LOG, KEYS('l'), NC_("key, max 6 cells", "l"), NULL,
	  NC_("footer, max 9 cells", "Log"), 40, N_("The whole log") },
	{ IN_RESULT, ACT_NEW, KEYS('n'), NC_("key, max 6 cells", "n"), NULL,
	  NC_("footer, max 9 cells", "New run"), 60, N_("Back to the list, for a new run") },

	{ IN_SELECT | IN_PLAN | IN_RESULT | IN_PAGER, ACT_UP, KEYS(KEY_ARROW_UP, 'k'),
	  NC_("key, max 6 cells", "Up/Dn"), "k j", NC_("footer, max 9 cells", "Move"), 1,
	  N_("Up and down") },
	{ IN_SELECT | IN_PLAN | IN_RESULT | IN_PAGER, ACT_DOWN, KEYS(KEY_ARROW_DOWN, 'j'),
	  NC_("key, max 6 cells", "Down"), "j", NULL, 0, NULL },
	{ IN_SELECT | IN_RESULT | IN_PAGER | IN_DIALOG | IN_EDITOR, ACT_PAGE_UP, KEYS(KEY_PAGE_UP),
	  NC_("key, max 6 cells", "PgUp"), NC_("keys, max 9 cells", "PgDn"), NULL, 0,
	  N_("A page up and down") },
	{ IN_SELECT | IN_RESULT | IN_PAGER | IN_DIALOG | IN_EDITOR, ACT_PAGE_DOWN,
	  KEYS(KEY_PAGE_DOWN), NC_("key, max 6 cells", "PgDn"), NULL, NULL, 0, NULL },
	{ IN_SELECT | IN_PAGER, ACT_HOME, KEYS(KEY_TO_HOME, 'g'), NC_("key, max 6 cells", "Home"),
	  NC_("keys, max 9 cells", "End g G"), NULL, 0, N_("To the first and to the last row") },
	{ IN_SELECT | IN_PAGER, ACT_END, KEYS(KEY_TO_END, 'G'), NC_("key, max 6 cells", "End"),
	  NULL, NULL, 0, NULL },

	{ IN_DIALOG, ACT_PREVIOUS, KEYS(KEY_ARROW_LEFT, KEY_BACK_TAB),
	  NC_("key, max 6 cells", "Left"), NULL, NULL, 0, NULL },
	{ IN_DIALOG, ACT_NEXT, KEYS(KEY_ARROW_RIGHT, KEY_TABULATOR),
	  NC_("key, max 6 cells", "Right"), NULL, NC_("footer, max 9 cells", "Choose"), 40, NULL },
	{ IN_DIALOG | IN_EDITOR, ACT_UP, KEYS(KEY_ARROW_UP), NC_("key, max 6 cells", "Up"), NULL,
	  NULL, 0, NULL },
	{ IN_DIALOG | IN_EDITOR, ACT_DOWN, KEYS(KEY_ARROW_DOWN), NC_("key, max 6 cells", "Down"),
	  NULL, NULL, 0, NULL },
	{ IN_DIALOG, ACT_ENTER, KEYS(KEY_RETURN, '\r', ' '), NC_("key, max 6 cells", "Enter"), NULL,
	  NC_("footer, max 9 cells", "Accept"), 80, NULL },
	{ IN_EDITOR, ACT_ENTER, KEYS(KEY_RETURN, '\r'), NC_("key, max 6 cells", "Enter"), NULL,
	  NC_("footer, max 9 cells", "Accept"), 80, NULL },
	{ IN_DIALOG | IN_EDITOR, ACT_ESCAPE, KEYS(KEY_ESCAPE), NC_("key, max 6 cells", "Esc"), NULL,
	  NC_("footer, max 9 cells", "Close"), 85, NULL },
	{ IN_PAGER, ACT_ESCAPE, KEYS(KEY_ESCAPE, 'q', KEY_RETURN, F(10)),
	  NC_("key, max 6 cells", "Esc"), "q", NC_("footer, max 9 cells", "Close"), 85, NULL },

	{ IN_SELECT | IN_PLAN | IN_RESULT, ACT_QUIT, KEYS('q', F(10)), NC_("key, max 6 cells", "q"),
	  "F10", NC_("footer, max 9 cells", "Quit"), 75,
	  N_("Quit (asks when something is marked)") },
	{ IN_SELECT | IN_RESULT, ACT_QUIT, KEYS(KEY_ESCAPE), NC_("key, max 6 cells", "Esc"), NULL,
	  NULL, 0, NULL },
	{ IN_ALL | IN_EDITOR, ACT_INTERRUPT, KEYS(KEY_CONTROL('c')),
	  NC_("key, max 6 cells", "Ctrl-C"), NULL, NULL, 0,
	  N_("Asks whether to stop or quit; twice in 2 s does it, safely") },
	{ IN_ALL | IN_EDITOR, ACT_REDRAW, KEYS(KEY_CONTROL('l')), NC_("key, max 6 cells", "Ctrl-L"),
	  NULL, NULL, 0, N_("Draw the screen anew") },
	{ IN_STEPS | IN_PAGER, ACT_THEME, KEYS('c'), NC_("key, max 6 cells", "c"), NULL, NULL, 0,
	  N_("Colours: normal, high contrast, none") },
	{ IN_STEPS, ACT_BLANK, KEYS('b'), NC_("key, max 6 cells", "b"), NULL, NULL, 0,
	  N_("Blank the screen; any key brings it back, the work goes on") },
};

const size_t key_bindings_count = sizeof(key_bindings) / sizeof(key_bindings[0]);

static bool has_key(const struct binding *b, int key)
{
	for (size_t i = 0; i < sizeof(b->keys) / sizeof(b->keys[0]) && b->keys[i]; i++) {
		if (b->keys[i] == key)
			return true;
	}
	return false;
}

enum action keys_action(unsigned where, int key)
{
	for (size_t i = 0; i < key_bindings_count; i++) {
		if ((key_bindings[i].where & where) && has_key(&key_bindings[i], key))
			return key_bindings[i].action;
	}
	return ACT_NONE;
}

/* Cells of an entry, with the blanks after it. */
static int entry_cells(const struct binding *b)
{
	return (int)(say_cells(i18n_label(b->name)) + say_cells(i18n_label(b->brief))) + 3;
}

/* Whether an entry is shown when those of less than weight are left out. */
static bool is_shown(const struct binding *b, unsigned where, int weight)
{
	return (b->where & where) && b->brief && b->weight >= weight;
}

static int footer_cells(unsigned where, int weight)
{
	int cells = 0;

	for (size_t i = 0; i < key_bindings_count; i++) {
		if (is_shown(&key_bindings[i], where, weight))
			cells += entry_cells(&key_bindings[i]);
	}
	return cells;
}

void keys_footer(struct grid *g, int row, unsigned where)
{
	int col = 1, weight = 0;

	/* Two blanks follow each entry, but need no room after the last one. */
	while (weight < 100 && 1 + footer_cells(where, weight) - 2 > g->cols)
		weight++;
	for (size_t i = 0; i < key_bindings_count; i++) {
		const struct binding *b = &key_bindings[i];

		if (!is_shown(b, where, weight))
			continue;
		col += draw_text(g, row, col, g->cols - col, FACE_KEY, i18n_label(b->name)) + 1;
		col += draw_text(g, row, col, g->cols - col, FACE_NORMAL, i18n_label(b->brief)) + 2;
	}
}

int keys_decode(struct decoder *d, int key, int64_t now_ms, int out[2])
{
	if (d->waiting && key >= '0' && key <= '9') {
		d->waiting = false;
		out[0] = F(key == '0' ? 10 : key - '0');
		return 1;
	}
	if (d->waiting) {
		d->waiting = key == KEY_ESCAPE;
		d->since_ms = now_ms;
		out[0] = KEY_ESCAPE;
		out[1] = key;
		return d->waiting ? 1 : 2;
	}
	if (key == KEY_ESCAPE) {
		d->waiting = true;
		d->since_ms = now_ms;
		return 0;
	}
	out[0] = key;
	return 1;
}

int keys_late(struct decoder *d, int64_t now_ms, int out[2])
{
	if (!d->waiting || now_ms - d->since_ms < ESC_WAIT_MS)
		return 0;
	d->waiting = false;
	out[0] = KEY_ESCAPE;
	return 1;
}

int keys_wait(const struct decoder *d, int64_t now_ms)
{
	int64_t left = d->since_ms + ESC_WAIT_MS - now_ms;

	if (!d->waiting)
		return -1;
	return left > 0 ? (int)left : 0;
}
