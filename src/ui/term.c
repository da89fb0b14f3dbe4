/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The grid on a terminal by ncursesw, and keys from it. What curses would do to a process that it
 * does not like is avoided: an unknown terminal is found out by setupterm(3) first, because
 * initscr(3) exits. While the screens are on, stderr is a pipe: libparted and its like write there,
 * and it is shown when the screens are gone.
 */

#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "ui/keys.h"

#define ESC_DELAY_MS 100   /* slow lines split the bytes of a key */
#define SLOW_BAUD 19200

enum theme { THEME_NORMAL, THEME_CONTRAST, THEME_MONO, THEME_COUNT };
enum pair { PAIR_NONE, PAIR_YELLOW, PAIR_CYAN, PAIR_RED };

/* The process has one terminal. */
static struct {
	SCREEN *screen;
	bool utf8;
	bool own_lines;         /* it draws frames with its own characters */
	bool colours;
	enum theme theme;
	int stderr_copy;     /* the real one, -1 when it is not replaced */
	int stderr_pipe;
} term = { .stderr_copy = -1, .stderr_pipe = -1 };

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

static bool has_prefix(const char *text, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (strncmp(text, *prefixes, strlen(*prefixes)) == 0)
			return true;
	}
	return false;
}

/* Old terminals know no UTF-8, whatever the locale says. */
static bool wants_utf8(const struct options *options)
{
	static const char *const old[] = { "vt1", "vt2", "ansi", "dumb", NULL };
	const char *name = getenv("TERM");
	const char *charset = getenv("ACHICA_CHARSET");

	if (options->ascii || (charset && strcasecmp(charset, "ascii") == 0))
		return false;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return false;
	if (options->utf8 || (charset && strcasecmp(charset, "utf-8") == 0))
		return true;
	return !has_prefix(name ? name : "", old);
}

/* TERM=ansi would send bytes of code page 437. */
static bool wants_lines(const struct options *options)
{
	static const char *const plain[] = { "ansi", "dumb", NULL };
	const char *name = getenv("TERM");

	return !options->ascii && !is_set("ACHICA_CHARSET") && !has_prefix(name ? name : "", plain);
}

/* Whether terminfo knows the terminal, and that its cursor can be moved. */
static bool is_able(void)
{
	int error;
	bool able;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	able = cursor_address && cursor_address[0];
	del_curterm(cur_term); /* newterm(3) makes its own */
	return able;
}

static void take_stderr(void)
{
	int fds[2];

	fflush(stderr);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return;
	term.stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (term.stderr_copy >= 0)
		dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	term.stderr_pipe = fds[0];
}

/* What did not fit into the pipe is lost: that much is noise. */
static void return_stderr(bool show)
{
	char bytes[4096];
	ssize_t n;

	if (term.stderr_pipe < 0)
		return;
	fflush(stderr);
	if (term.stderr_copy >= 0) {
		dup2(term.stderr_copy, STDERR_FILENO);
		close(term.stderr_copy);
	}
	while (show && (n = read(term.stderr_pipe, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stderr);
	close(term.stderr_pipe);
	term.stderr_copy = term.stderr_pipe = -1;
}

static void set_colours(enum when when)
{
	if (when == WHEN_NEVER || (when == WHEN_AUTO && is_set("NO_COLOR")) || !has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_YELLOW, COLOR_YELLOW, -1);
	init_pair(PAIR_CYAN, COLOR_CYAN, -1);
	init_pair(PAIR_RED, COLOR_RED, -1);
	term.colours = true;
}

/* A terminal may send more than its terminfo entry says (TERM=vt100 on anything): what nobody sends
   for something else is known all the same, or its Esc would be taken for the key. */
static void know_keys(void)
{
	static const struct {
		const char *sent;
		int key;
	} keys[] = {
		{ "\033[11~", KEY_F(1) }, { "\033OP", KEY_F(1) }, { "\033[[A", KEY_F(1) },
		{ "\033[15~", KEY_F(5) }, { "\033[[E", KEY_F(5) }, { "\033[21~", KEY_F(10) },
		{ "\033[1~", KEY_HOME }, { "\033[4~", KEY_END }, { "\033[H", KEY_HOME },
		{ "\033[F", KEY_END }, { "\033OH", KEY_HOME }, { "\033OF", KEY_END },
		{ "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE }, { "\033[3~", KEY_DC },
		{ "\033[A", KEY_UP }, { "\033[B", KEY_DOWN }, { "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (key_defined(keys[i].sent) == 0)
			define_key(keys[i].sent, keys[i].key);
	}
}

int term_open(const struct options *options)
{
	if (!is_able())
		return -ENOTTY;
	term.utf8 = wants_utf8(options);
	term.own_lines = wants_lines(options);
	if (!is_set("ESCDELAY"))
		set_escdelay(ESC_DELAY_MS);
	term.screen = newterm(NULL, stdout, stdin);
	if (!term.screen)
		return -ENOTTY;
	set_term(term.screen);
	take_stderr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	know_keys();
	nodelay(stdscr, TRUE);
	meta(stdscr, TRUE);
	curs_set(0);
	set_colours(options->color);
	return 0;
}

static void forget(bool show)
{
	delscreen(term.screen);
	term.screen = NULL;
	return_stderr(show);
}

void term_close(void)
{
	if (!term.screen)
		return;
	curs_set(1);
	endwin();
	forget(true);
}

void term_abandon(void)
{
	if (term.screen)
		return_stderr(false);
}

bool term_is_utf8(void)
{
	return term.utf8;
}

bool term_is_slow(void)
{
	return baudrate() <= SLOW_BAUD;
}

void term_size(int *rows, int *cols)
{
	getmaxyx(stdscr, *rows, *cols);
}

void term_resized(void)
{
	struct winsize size;

	/* 0x0 is what a serial line says: curses has the size of its terminfo entry then. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

static attr_t attributes(enum face face, short *pair)
{
	bool contrast = term.theme == THEME_CONTRAST;
	bool colours = term.colours && term.theme == THEME_NORMAL;

	*pair = PAIR_NONE;
	switch (face) {
	case FACE_KEY:
	case FACE_FOCUS:
		return A_REVERSE;
	case FACE_STALE:
	case FACE_WARN:
		*pair = colours ? PAIR_YELLOW : PAIR_NONE;
		return colours || contrast ? A_BOLD : face == FACE_WARN ? A_REVERSE : A_NORMAL;
	case FACE_ZEROED:
		*pair = colours ? PAIR_CYAN : PAIR_NONE;
		return A_NORMAL;
	case FACE_GOOD:
		*pair = colours ? PAIR_CYAN : PAIR_NONE;
		return A_BOLD;
	case FACE_ERROR:
		*pair = colours ? PAIR_RED : PAIR_NONE;
		return A_REVERSE;
	default:
		return contrast ? A_BOLD : A_NORMAL;
	}
}

/* Frames which the terminal has itself, where the signs beyond ASCII cannot be used. Of the others
   curses makes other characters in some locales, so those are ASCII then. */
static chtype own_line(enum glyph glyph)
{
	if (term.utf8 || !term.own_lines)
		return 0;
	switch (glyph) {
	case GLYPH_HLINE:
		return ACS_HLINE;
	case GLYPH_VLINE:
		return ACS_VLINE;
	case GLYPH_ULCORNER:
		return ACS_ULCORNER;
	case GLYPH_URCORNER:
		return ACS_URCORNER;
	case GLYPH_LLCORNER:
		return ACS_LLCORNER;
	case GLYPH_LRCORNER:
		return ACS_LRCORNER;
	case GLYPH_LTEE:
		return ACS_LTEE;
	case GLYPH_RTEE:
		return ACS_RTEE;
	default:
		return 0;
	}
}

static void show_cell(const struct grid *g, int row, int col)
{
	const struct cell *c = grid_cell(g, row, col);
	chtype line = own_line(c->glyph);
	wchar_t text[CELL_CHARS + 1] = { 0 };
	short pair;
	attr_t attr = attributes(c->face, &pair);
	cchar_t out;

	if (c->half)
		return;
	if (line) {
		mvaddch(row, col, line | attr | (chtype)COLOR_PAIR(pair));
		return;
	}
	if (c->glyph || !c->text[0])
		text[0] = grid_sign(g, c->glyph);
	else
		wmemcpy(text, c->text, CELL_CHARS);
	if (setcchar(&out, text, attr, pair, NULL) == OK)
		mvadd_wch(row, col, &out);
}

void term_show(const struct grid *g, bool redraw)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	for (int row = 0; row < g->rows && row < rows; row++) {
		for (int col = 0; col < g->cols && col < cols; col++)
			show_cell(g, row, col);
	}
	curs_set(g->typing || is_set("ACHICA_CURSOR"));
	move(g->cursor_row < rows ? g->cursor_row : 0, g->cursor_col < cols ? g->cursor_col : 0);
	if (redraw)
		clearok(curscr, TRUE);
	refresh();
}

static const struct {
	int curses;
	int key;
} keys[] = {
	{ KEY_UP, KEY_ARROW_UP }, { KEY_DOWN, KEY_ARROW_DOWN }, { KEY_LEFT, KEY_ARROW_LEFT },
	{ KEY_RIGHT, KEY_ARROW_RIGHT }, { KEY_PPAGE, KEY_PAGE_UP }, { KEY_NPAGE, KEY_PAGE_DOWN },
	{ KEY_HOME, KEY_TO_HOME }, { KEY_END, KEY_TO_END }, { KEY_BTAB, KEY_BACK_TAB },
	{ KEY_BACKSPACE, KEY_RUBOUT }, { KEY_DC, KEY_DELETE }, { KEY_ENTER, KEY_RETURN },
};

/* A function key of curses as one of ours; KEY_NONE for a resize, a mouse and the like. */
static int from_curses(wint_t code)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].curses == (int)code)
			return keys[i].key;
	}
	if ((int)code > KEY_F0 && (int)code <= KEY_F0 + 12)
		return KEY_F_0 + ((int)code - KEY_F0);
	return KEY_NONE;
}

int term_key(void)
{
	for (;;) {
		wint_t c;
		int key, r = (errno = 0, wget_wch(stdscr, &c));

		if (r == ERR)
			return errno == EIO || errno == ENXIO ? -EIO : KEY_NONE;
		key = r == KEY_CODE_YES ? from_curses(c)
		      : c == 127 || c == 8 ? KEY_RUBOUT : (int)c;
		if (key != KEY_NONE)
			return key;
	}
}

void term_beep(void)
{
	beep();
}

void term_next_theme(void)
{
	term.theme = (term.theme + 1) % THEME_COUNT;
}

void term_suspend(void)
{
	def_prog_mode();
	endwin();
}

void term_resume(void)
{
	reset_prog_mode();
	term_resized();
	clearok(curscr, TRUE);
	refresh();
}
