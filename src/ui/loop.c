/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The wizard on a terminal: waits for a key, a signal, or news of a worker, and draws. A key is
 * answered at once; what workers report is drawn four times a second at most, once on a slow line,
 * and where nothing changed nothing is sent. A terminal that goes away is the same as SIGHUP: what
 * runs is stopped at a safe place, and the process ends within two seconds, come what may.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "achica/i18n.h"
#include "ui/signal_pipe.h"
#include "ui/term.h"
#include "ui/ui.h"

#define DRAW_MS 250
#define SLOW_DRAW_MS 1000
#define GONE_MS 1500  /* how long a run may take to stop when the terminal is gone */

struct loop {
	struct ui ui;
	struct grid grid;
	struct decoder decoder;
	bool dirty;        /* something changed since it was drawn */
	bool urgent;       /* by a key: draw now */
	int64_t drawn_ms;
	int64_t gone_ms;   /* when the terminal went away, -1: it is there */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int draw_ms(const struct loop *l)
{
	return term_is_slow() || l->ui.options->quiet ? SLOW_DRAW_MS : DRAW_MS;
}

/* The terminal is gone, or SIGHUP came. */
static void hang_up(struct loop *l)
{
	if (l->gone_ms >= 0)
		return;
	l->gone_ms = now_ms();
	ui_end(&l->ui, 128 + SIGHUP);
}

/* The run is paused meanwhile, so that its clocks and rates do not count the time. */
static void stop_self(struct loop *l)
{
	bool running = l->ui.step == STEP_ZERO && l->ui.job && !l->ui.zero.view.paused;

	if (running)
		job_pause(l->ui.job, true);
	term_suspend();
	kill(getpid(), SIGSTOP);
	term_resume();
	if (running)
		job_pause(l->ui.job, false);
	l->dirty = l->urgent = true;
}

static void say_status(struct loop *l)
{
	struct job_event event = { .note = NOTE_QUARTER, .item = l->ui.zero.at };

	if (l->ui.step != STEP_ZERO || !l->ui.job)
		return;
	clock_gettime(CLOCK_REALTIME, &event.when);
	event.a = l->ui.zero.view.permille / 10;
	log_add(&l->ui, &event, job_target(l->ui.job, event.item));
}

static void take_signals(struct loop *l)
{
	int sig;

	while ((sig = signal_pipe_next()) != 0) {
		l->dirty = l->urgent = true;
		if (sig == SIGINT)
			ui_key(&l->ui, KEY_CONTROL('c'));
		else if (sig == SIGTERM || sig == SIGQUIT)
			ui_end(&l->ui, 128 + sig);
		else if (sig == SIGHUP)
			hang_up(l);
		else if (sig == SIGWINCH)
			term_resized();
		else if (sig == SIGTSTP)
			stop_self(l);
		else if (sig == SIGCONT)
			term_resume(); /* it was stopped by SIGSTOP: who had the terminal since? */
		else if (sig == SIGUSR1)
			say_status(l);
	}
}

static void take_keys(struct loop *l)
{
	int out[2], n = 0, key = KEY_NONE;

	while (!l->ui.quit && l->gone_ms < 0 && (key = term_key()) > KEY_NONE) {
		n = keys_decode(&l->decoder, key, now_ms(), out);
		for (int i = 0; i < n; i++)
			ui_key(&l->ui, out[i]);
		l->dirty = l->urgent = true;
	}
	if (key < 0)
		hang_up(l);
	n = keys_late(&l->decoder, now_ms(), out);
	for (int i = 0; i < n; i++) {
		ui_key(&l->ui, out[i]);
		l->dirty = l->urgent = true;
	}
}

static void show(struct loop *l)
{
	int rows, cols;

	if (l->gone_ms >= 0)
		return;
	term_size(&rows, &cols);
	if ((rows != l->grid.rows || cols != l->grid.cols) &&
	    grid_size(&l->grid, rows, cols) != 0)
		return; /* what is there stays until there is memory */
	if (l->ui.next_theme)
		term_next_theme();
	ui_draw(&l->ui, &l->grid);
	if (l->ui.beep)
		term_beep();
	term_show(&l->grid, l->ui.redraw);
	l->ui.redraw = l->ui.next_theme = l->ui.beep = false;
	l->dirty = l->urgent = false;
	l->drawn_ms = now_ms();
}

/* How long to wait: until a drawing is due, an Esc is known to be alone, or clocks move on. */
static int wait_ms(const struct loop *l)
{
	int64_t now = now_ms();
	int64_t due = l->drawn_ms + draw_ms(l) - now;
	bool ticks = (l->ui.step == STEP_ZERO && l->ui.job) || copy_runs(&l->ui);
	int esc = keys_wait(&l->decoder, now);
	int wait = -1;

	if (l->urgent)
		return 0;
	if (l->dirty || ticks)
		wait = due > 0 ? (int)due : 0;
	if (l->gone_ms >= 0 && (wait < 0 || wait > 50))
		wait = 50;
	if (esc >= 0 && (wait < 0 || esc < wait))
		wait = esc;
	return wait;
}

static void wait_for_news(struct loop *l)
{
	struct ui *ui = &l->ui;
	struct pollfd fds[] = {
		{ .fd = l->gone_ms < 0 ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = signal_pipe_fd(), .events = POLLIN },
		{ .fd = survey_fd(ui->survey), .events = POLLIN },
		{ .fd = checks_fd(ui->checks), .events = POLLIN },
		{ .fd = ui->job ? job_fd(ui->job) : -1, .events = POLLIN },
		{ .fd = ui->copy.convert ? convert_fd(ui->copy.convert) : -1, .events = POLLIN },
	};

	poll(fds, sizeof(fds) / sizeof(fds[0]), wait_ms(l));
	take_signals(l);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		hang_up(l);
	else
		take_keys(l);
	if (fds[2].revents || fds[3].revents || fds[4].revents || fds[5].revents ||
	    ((ui->step == STEP_ZERO || copy_runs(ui)) && now_ms() - l->drawn_ms >= draw_ms(l))) {
		ui_update(ui);
		l->dirty = true;
	}
	if (fds[3].revents)
		l->urgent = true; /* somebody waits for the answers of the gate */
}

static void run(struct loop *l)
{
	while (!l->ui.quit) {
		if (l->urgent || (l->dirty && now_ms() - l->drawn_ms >= draw_ms(l)))
			show(l);
		if (l->ui.quit)
			break;
		wait_for_news(l);
		/* A run that cannot stop, because its disk hangs: nobody is left to be told. */
		if (l->gone_ms >= 0 && now_ms() - l->gone_ms > GONE_MS)
			_exit(128 + SIGHUP);
	}
}

static int complain(const struct error *err)
{
	char reason[2048], remedy[1024];

	fprintf(stderr, "achica: %s\n", say_reason(err, reason, sizeof(reason)));
	if (say_remedy(err, NULL, remedy, sizeof(remedy))[0])
		fprintf(stderr, "achica: %s\n", remedy);
	return why_is_refusal(err->why) ? 4 : 1;
}

static int complain_of_log(const struct ui *ui, int status)
{
	const struct say_fact facts[] = { { "name", ui->options->log }, { NULL, NULL } };
	char text[4200];

	if (!ui->log.lost)
		return status;
	/* TRANSLATORS: {name} is the file of --log */
	say_fill(text, sizeof(text),
		 _("{name}: it could not be written, the log is not complete"), facts);
	fprintf(stderr, "achica: %s\n", text);
	return status ? status : 1;
}

/* The terminal is given back first, so that what is printed stays on it. */
static int finish(struct loop *l)
{
	int status = l->ui.status;

	if (l->gone_ms >= 0)
		term_abandon();
	else
		term_close();
	signal_pipe_close();
	if (l->ui.report && l->gone_ms < 0) {
		fputs(l->ui.report, stdout);
		fflush(stdout);
	}
	status = complain_of_log(&l->ui, status);
	grid_free(&l->grid);
	ui_close(&l->ui);
	return status;
}

int ui_run(const struct options *options)
{
	struct loop l = { .dirty = true, .urgent = true, .gone_ms = -1 };
	struct error err;

	error_clear(&err);
	if (signal_pipe_open() != 0)
		return plain_run(options);
	if (term_open(options) != 0) {
		signal_pipe_close();
		return plain_run(options);
	}
	l.grid.utf8 = term_is_utf8();
	if (ui_open(&l.ui, options, &err) != 0) {
		term_close();
		signal_pipe_close();
		return complain(&err);
	}
	run(&l);
	return finish(&l);
}
