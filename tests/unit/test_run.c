/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A run as the command line follows it, over a job that is played here: what ends on stdout, what
 * on stderr, and the exit status, also when a signal comes.
 */

#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define TICKS 3 /* how often the job is looked at before it ends */

/* The job that is played: one target. */
struct job {
	const struct target *target;
	struct job_view_item item;
	int ticks;
	bool stopped;
	int raise;  /* a signal to send amid the work */
	int status;
	int pipe[2];
};

static struct job played;

int job_new(struct target *const *targets, const enum method *methods, size_t n,
	    const struct job_options *options, struct job **job)
{
	(void)methods;
	(void)options;
	assert_int_equal(n, 1);
	played.target = targets[0];
	played.ticks = 0;
	played.stopped = false;
	*job = &played;
	return pipe(played.pipe);
}

const char *job_overlay(struct job *job, const struct target *t)
{
	(void)job;
	(void)t;
	return NULL;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	close(job->pipe[0]);
	close(job->pipe[1]);
}

int job_start(struct job *job)
{
	return write(job->pipe[1], "", 1) == 1 ? 0 : -EIO;
}

int job_fd(const struct job *job)
{
	return job->pipe[0]; /* stays readable: there is always news */
}

void job_ack(struct job *job)
{
	job->ticks++;
	if (job->raise && job->ticks == 2)
		raise(job->raise);
}

void job_wait(struct job *job)
{
	assert_true(job->ticks >= TICKS || job->stopped);
}

void job_stop(struct job *job)
{
	job->stopped = true;
	job->item.phase = JOB_STOPPED;
}

void job_view(struct job *job, struct job_view *view)
{
	*view = (struct job_view){ .items = 1, .left_ms = 5000, .events = 1 };
	view->ended = job->ticks >= TICKS || job->stopped;
	view->permille = view->ended ? 1000 : 300 * (unsigned)job->ticks;
	view->current = view->ended;
}

void job_view_item(struct job *job, size_t i, struct job_view_item *item)
{
	assert_int_equal(i, 0);
	*item = job->item;
}

bool job_view_event(struct job *job, uint64_t index, struct job_event *event)
{
	(void)job;
	*event = (struct job_event){ .note = NOTE_METHOD, .a = METHOD_WRITE };
	return index == 0;
}

const struct target *job_target(const struct job *job, size_t i)
{
	assert_int_equal(i, 0);
	return job->target;
}

int job_exit_status(struct job *job)
{
	return job->status;
}

/* What the run printed. */
struct printed {
	char out[4096];
	char err[4096];
	int status;
};

static int divert(int fd, char *path)
{
	int saved = dup(fd);
	int file = mkstemp(path);

	assert_true(saved >= 0 && file >= 0);
	dup2(file, fd);
	close(file);
	return saved;
}

static void restore(int fd, int saved, char *path, char *text, size_t n)
{
	ssize_t len = pread(fd, text, n - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	dup2(saved, fd);
	close(saved);
	unlink(path);
}

static void run(struct options *options, struct printed *p)
{
	char out[] = "/tmp/achica-test-XXXXXX";
	char err[] = "/tmp/achica-test-XXXXXX";
	struct target t = { .kind = TARGET_IMAGE, .state = TARGET_READY, .name = (char *)"/a.img",
			    .path = (char *)"/a.img", .format = (char *)"raw" };
	struct target *list[] = { &t };
	struct selection selection = { .targets = list, .n = 1 };
	int saved_out;
	int saved_err;

	error_clear(&t.verdict);
	fflush(stdout);
	saved_out = divert(STDOUT_FILENO, out);
	saved_err = divert(STDERR_FILENO, err);
	p->status = run_selection(&t, &selection, options);
	fflush(stdout);
	restore(STDOUT_FILENO, saved_out, out, p->out, sizeof(p->out));
	restore(STDERR_FILENO, saved_err, err, p->err, sizeof(p->err));
}

static void play(enum job_phase phase, enum why why, int status)
{
	played.item = (struct job_view_item){ .phase = phase, .free = 100, .done = 100,
		.zeroed = 2048, .host_before = ERROR_NOWHERE, .host_after = ERROR_NOWHERE };
	error_clear(&played.item.error);
	played.item.error.why = why;
	played.status = status;
	played.raise = 0;
}

static void a_run_that_is_done_says_so_and_what_to_do_next(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_LINE };
	struct printed p;

	(void)state;
	play(JOB_DONE, WHY_NONE, STATUS_DONE);
	run(&o, &p);
	assert_int_equal(p.status, STATUS_DONE);
	assert_non_null(strstr(p.out, "/a.img: done, 2.0 KiB zeroed"));
	assert_non_null(strstr(p.out, "\n  qemu-img convert -p -f raw -O qcow2 "));
	assert_non_null(strstr(p.err, "/a.img: method: write zeros"));
	assert_non_null(strstr(p.err, "achica: 30 %, 00:00:05 left"));
}

static void a_refused_one_names_reason_and_remedy_and_no_commands(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_NONE };
	struct printed p;

	(void)state;
	play(JOB_REFUSED, WHY_LOCKED_QEMU, STATUS_REFUSED);
	run(&o, &p);
	assert_int_equal(p.status, STATUS_REFUSED);
	assert_non_null(strstr(p.err, "achica: /a.img: a virtual machine is using it"));
	assert_non_null(strstr(p.err, "achica: what helps: shut the virtual machine down"));
	assert_null(strstr(p.out, "qemu-img"));
}

static void a_dry_run_advises_nothing(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_NONE };
	struct printed p;

	(void)state;
	o.job.dry_run = true;
	play(JOB_DONE, WHY_NONE, STATUS_DONE);
	run(&o, &p);
	assert_non_null(strstr(p.out, "2.0 KiB would be zeroed"));
	assert_null(strstr(p.out, "qemu-img"));
}

static void a_signal_stops_it_and_is_the_exit_status(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_NONE };
	struct printed p;

	(void)state;
	signals_catch();
	play(JOB_WORKING, WHY_NONE, STATUS_DONE);
	played.raise = SIGTERM;
	run(&o, &p);
	assert_true(played.stopped);
	assert_int_equal(p.status, 143);
	assert_non_null(strstr(p.out, "/a.img: STOPPED, 2.0 KiB zeroed"));
}

static void a_gauge_is_numbers_up_to_a_hundred(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_GAUGE };
	struct printed p;

	(void)state;
	play(JOB_DONE, WHY_NONE, STATUS_DONE);
	run(&o, &p);
	assert_string_equal(p.err, "30\n60\n100\n");
}

static void json_stands_alone_on_stdout(void **state)
{
	struct options o = { .verb = VERB_ZERO, .progress = PROGRESS_JSON, .json = true };
	struct printed p;

	(void)state;
	play(JOB_DONE, WHY_NONE, STATUS_DONE);
	run(&o, &p);
	assert_int_equal(p.out[0], '{');
	assert_non_null(strstr(p.out, "\"result\": \"done\""));
	assert_non_null(strstr(p.out, "\"reclaimed\": 2048"));
	assert_non_null(strstr(p.out, "\"host_before\": null"));
	assert_non_null(strstr(p.err, "{\"target\":\"/a.img\",\"phase\":\"done\""));
}

static void a_log_that_cannot_be_opened_prevents_the_run(void **state)
{
	struct options o = { .verb = VERB_ZERO, .log = "/nowhere/at/all" };
	struct printed p;

	(void)state;
	play(JOB_DONE, WHY_NONE, STATUS_DONE);
	played.ticks = 0;
	run(&o, &p);
	assert_int_equal(p.status, STATUS_ERROR);
	assert_int_equal(played.ticks, 0);
	assert_non_null(strstr(p.err, "achica: /nowhere/at/all cannot be opened"));
}

int main(void)
{
	/* The one with the signal is last: what a signal asked for stays asked. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_is_done_says_so_and_what_to_do_next),
		cmocka_unit_test(a_refused_one_names_reason_and_remedy_and_no_commands),
		cmocka_unit_test(a_dry_run_advises_nothing),
		cmocka_unit_test(a_gauge_is_numbers_up_to_a_hundred),
		cmocka_unit_test(json_stands_alone_on_stdout),
		cmocka_unit_test(a_log_that_cannot_be_opened_prevents_the_run),
		cmocka_unit_test(a_signal_stops_it_and_is_the_exit_status),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
