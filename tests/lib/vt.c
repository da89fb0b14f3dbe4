/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * forkpty(3) and libvterm. One descriptor is polled; what comes is given to the terminal and kept,
 * so that a test can also look at what is printed after the screen was left.
 */

#include "tests/lib/vt.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vterm.h>

#define QUIET_MS 60 /* nothing new for so long: the screen stands */

struct vt {
	VTerm *vterm;
	VTermScreen *screen;
	pid_t pid;
	int fd;
	int rows;
	int cols;
	int status;      /* of waitpid(2) */
	bool ended;
	double start_ms;
	char *raw;
	size_t raw_len;
	size_t raw_size;
	char row[4096];
};

static double clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long long now_ms(void)
{
	return (long long)clock_ms();
}

static void answer(const char *bytes, size_t len, void *arg)
{
	struct vt *vt = arg;

	if (vt->fd >= 0 && write(vt->fd, bytes, len) < 0)
		return; /* the program is gone: the next read says so */
}

static void run_child(char *const *argv, char *const *env, const char *term)
{
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	setenv("TERM", term, 1);
	unsetenv("COLORTERM");
	unsetenv("NO_COLOR");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env && *env; env++) {
		char *value = strchr(*env, '=');
		char *name = strndup(*env, value ? (size_t)(value - *env) : strlen(*env));

		if (value)
			setenv(name, value + 1, 1);
		else
			unsetenv(name);
		free(name);
	}
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct vt *vt_start(char *const *argv, char *const *env, int rows, int cols, const char *term)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	struct vt *vt = calloc(1, sizeof(*vt));

	if (!vt)
		return NULL;
	vt->rows = rows > 0 ? rows : 24;
	vt->cols = cols > 0 ? cols : 80;
	vt->vterm = vterm_new(vt->rows, vt->cols);
	vterm_set_utf8(vt->vterm, 1);
	vt->screen = vterm_obtain_screen(vt->vterm);
	vterm_screen_enable_altscreen(vt->screen, 1);
	vterm_screen_reset(vt->screen, 1);
	vt->start_ms = clock_ms();
	vt->pid = forkpty(&vt->fd, NULL, NULL, &size);
	if (vt->pid == 0)
		run_child(argv, env, term);
	if (vt->pid < 0) {
		vterm_free(vt->vterm);
		free(vt);
		return NULL;
	}
	vterm_output_set_callback(vt->vterm, answer, vt);
	return vt;
}

static void keep(struct vt *vt, const char *bytes, size_t len)
{
	if (vt->raw_len + len + 1 > vt->raw_size) {
		vt->raw_size = (vt->raw_len + len + 1) * 2;
		vt->raw = realloc(vt->raw, vt->raw_size);
		if (!vt->raw)
			abort();
	}
	memcpy(vt->raw + vt->raw_len, bytes, len);
	vt->raw_len += len;
	vt->raw[vt->raw_len] = '\0';
}

static void reap(struct vt *vt, int flags)
{
	int status;

	if (!vt->ended && waitpid(vt->pid, &status, flags) == vt->pid &&
	    !WIFSTOPPED(status)) {
		vt->status = status;
		vt->ended = true;
	}
}

/* Takes in what comes within wait_ms. False when nothing came. */
static bool pump(struct vt *vt, int wait_ms)
{
	struct pollfd p = { .fd = vt->fd, .events = POLLIN };
	char bytes[16384];
	ssize_t n;

	if (vt->fd < 0 || poll(&p, 1, wait_ms) <= 0)
		return false;
	n = read(vt->fd, bytes, sizeof(bytes));
	if (n <= 0) { /* EIO: the program has closed its terminal */
		close(vt->fd);
		vt->fd = -1;
		return false;
	}
	keep(vt, bytes, (size_t)n);
	vterm_input_write(vt->vterm, bytes, (size_t)n);
	return true;
}

void vt_settle(struct vt *vt, int timeout_ms)
{
	long long end = now_ms() + timeout_ms;

	while (now_ms() < end && pump(vt, QUIET_MS))
		;
}

double vt_clock(const struct vt *vt)
{
	return clock_ms() - vt->start_ms;
}

void vt_until(struct vt *vt, int ms)
{
	double left;

	while ((left = ms - vt_clock(vt)) > 0 && vt->fd >= 0)
		pump(vt, (int)left + 1);
}

static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static VTermScreenCell cell_at(struct vt *vt, int row, int col)
{
	VTermScreenCell cell = { 0 };

	vterm_screen_get_cell(vt->screen, (VTermPos){ .row = row, .col = col }, &cell);
	return cell;
}

const char *vt_row(struct vt *vt, int row)
{
	size_t n = 0;

	for (int col = 0; col < vt->cols; col++) {
		VTermScreenCell cell = cell_at(vt, row, col);

		if (cell.chars[0] == (uint32_t)-1) /* second half of a wide character */
			continue;
		if (cell.chars[0] == 0)
			vt->row[n++] = ' ';
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
			if (n + 8 < sizeof(vt->row))
				n += put_utf8(vt->row + n, cell.chars[i]);
		}
	}
	while (n > 0 && vt->row[n - 1] == ' ')
		n--;
	vt->row[n] = '\0';
	return vt->row;
}

int vt_find(struct vt *vt, const char *text)
{
	for (int row = 0; row < vt->rows; row++) {
		if (strstr(vt_row(vt, row), text))
			return row;
	}
	return -1;
}

static bool is_there(struct vt *vt, const char *text)
{
	return vt_find(vt, text) >= 0;
}

static bool is_gone(struct vt *vt, const char *text)
{
	return vt_find(vt, text) < 0;
}

static bool is_under_cursor(struct vt *vt, const char *text)
{
	int row, col;

	vt_cursor(vt, &row, &col);
	return strstr(vt_row(vt, row), text) != NULL;
}

static bool wait_for(struct vt *vt, bool (*holds)(struct vt *vt, const char *text),
		     const char *text, int timeout_ms)
{
	long long end = now_ms() + timeout_ms;

	for (;;) {
		long long left = end - now_ms();

		if (holds(vt, text))
			return true;
		if (left <= 0 || vt->fd < 0)
			return false;
		pump(vt, (int)left);
	}
}

bool vt_wait_text(struct vt *vt, const char *text, int timeout_ms)
{
	return wait_for(vt, is_there, text, timeout_ms);
}

bool vt_wait_gone(struct vt *vt, const char *text, int timeout_ms)
{
	return wait_for(vt, is_gone, text, timeout_ms);
}

bool vt_wait_cursor(struct vt *vt, const char *text, int timeout_ms)
{
	return wait_for(vt, is_under_cursor, text, timeout_ms);
}

static const struct {
	const char *name;
	VTermKey key;
} special[] = {
	{ "Up", VTERM_KEY_UP }, { "Down", VTERM_KEY_DOWN }, { "Left", VTERM_KEY_LEFT },
	{ "Right", VTERM_KEY_RIGHT }, { "Enter", VTERM_KEY_ENTER }, { "Esc", VTERM_KEY_ESCAPE },
	{ "Tab", VTERM_KEY_TAB }, { "Bs", VTERM_KEY_BACKSPACE }, { "Del", VTERM_KEY_DEL },
	{ "Home", VTERM_KEY_HOME }, { "End", VTERM_KEY_END }, { "PgUp", VTERM_KEY_PAGEUP },
	{ "PgDn", VTERM_KEY_PAGEDOWN },
};

static void send_named(struct vt *vt, const char *name)
{
	if (strcmp(name, "Space") == 0) {
		vterm_keyboard_unichar(vt->vterm, ' ', VTERM_MOD_NONE);
	} else if (strcmp(name, "Lt") == 0) {
		vterm_keyboard_unichar(vt->vterm, '<', VTERM_MOD_NONE);
	} else if (strcmp(name, "S-Tab") == 0) {
		vterm_keyboard_key(vt->vterm, VTERM_KEY_TAB, VTERM_MOD_SHIFT);
	} else if (strncmp(name, "C-", 2) == 0) {
		char control = (char)(name[2] & 0x1f);

		answer(&control, 1, vt);
	} else if (name[0] == 'F' && atoi(name + 1) > 0) {
		vterm_keyboard_key(vt->vterm, VTERM_KEY_FUNCTION(atoi(name + 1)), VTERM_MOD_NONE);
	} else {
		for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
			if (strcmp(special[i].name, name) == 0) {
				vterm_keyboard_key(vt->vterm, special[i].key, VTERM_MOD_NONE);
				return;
			}
		}
		fprintf(stderr, "vt_send: no key <%s>\n", name);
		abort();
	}
}

void vt_send(struct vt *vt, const char *keys)
{
	char name[16];

	while (*keys) {
		const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
		size_t len = end ? (size_t)(end - keys - 1) : 0;

		if (len > 0 && len < sizeof(name)) {
			memcpy(name, keys + 1, len);
			name[len] = '\0';
			send_named(vt, name);
			keys = end + 1;
		} else {
			answer(keys++, 1, vt);
		}
	}
}

unsigned vt_cell(struct vt *vt, int row, int col)
{
	return cell_at(vt, row, col).chars[0];
}

bool vt_is_reverse(struct vt *vt, int row, int col)
{
	return cell_at(vt, row, col).attrs.reverse;
}

bool vt_is_coloured(struct vt *vt, int row, int col)
{
	VTermScreenCell cell = cell_at(vt, row, col);

	return !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
}

void vt_cursor(struct vt *vt, int *row, int *col)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(vt->vterm), &pos);
	*row = pos.row;
	*col = pos.col;
}

void vt_resize(struct vt *vt, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	vt->rows = rows;
	vt->cols = cols;
	vterm_set_size(vt->vterm, rows, cols);
	ioctl(vt->fd, TIOCSWINSZ, &size);
}

void vt_kill(struct vt *vt, int sig)
{
	kill(vt->pid, sig);
}

void vt_hangup(struct vt *vt)
{
	if (vt->fd >= 0)
		close(vt->fd);
	vt->fd = -1;
}

pid_t vt_pid(const struct vt *vt)
{
	return vt->pid;
}

bool vt_wait_stopped(struct vt *vt, int timeout_ms)
{
	long long end = now_ms() + timeout_ms;

	while (now_ms() < end) {
		siginfo_t info = { 0 };

		pump(vt, 20);
		if (waitid(P_PID, (id_t)vt->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == vt->pid)
			return true;
	}
	return false;
}

int vt_exit_status(struct vt *vt, int timeout_ms)
{
	long long end = now_ms() + timeout_ms;

	while (!vt->ended && now_ms() < end) {
		if (!pump(vt, 10) && vt->fd < 0)
			poll(NULL, 0, 10);
		reap(vt, WNOHANG);
	}
	while (pump(vt, QUIET_MS))
		;
	if (!vt->ended)
		return -1;
	return WIFEXITED(vt->status) ? WEXITSTATUS(vt->status) : 128 + WTERMSIG(vt->status);
}

size_t vt_bytes(const struct vt *vt)
{
	return vt->raw_len;
}

const char *vt_raw(const struct vt *vt)
{
	return vt->raw ? vt->raw : "";
}

void vt_print(struct vt *vt, FILE *out)
{
	for (int row = 0; row < vt->rows; row++)
		fprintf(out, "%s\n", vt_row(vt, row));
	fflush(out);
}

void vt_free(struct vt *vt)
{
	if (!vt)
		return;
	vt_hangup(vt);
	if (!vt->ended) {
		kill(vt->pid, SIGKILL);
		kill(vt->pid, SIGCONT);
		reap(vt, 0);
	}
	vterm_free(vt->vterm);
	free(vt->raw);
	free(vt);
}
