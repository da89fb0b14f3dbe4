/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The life of a survey and what its owner can wish. Rows are there at once; a thread for each reads
 * it (survey_probe.c), one more estimates (survey_look.c), and survey_update takes in what they
 * found.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "app/survey_impl.h"
#include "app/thread.h"
#include "disk/disk.h"

/* How long to wait for threads, at the end and at a pause. */
#define CLOSE_US UINT64_C(300000)
#define PAUSE_US UINT64_C(500000)
/* Times that matter to survey_settle are looked at so often. */
#define SETTLE_STEP_MS 100

static void free_survey(struct survey *s)
{
	while (s->pending) {
		struct pending *p = s->pending;

		s->pending = p->next;
		pending_free(p);
	}
	if (s->board)
		board_unref(s->board);
	target_free(s->tree);
	target_free(s->allowed);
	names_free(s->names);
	names_free(s->excludes);
	if (s->timer >= 0)
		close(s->timer);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static int watch_fd(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int init(struct survey *s, const struct survey_options *options)
{
	size_t n;
	int rc;

	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	s->fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->timer < 0 || s->fd < 0)
		return -errno;
	s->board = board_new();
	s->names = names_copy(options->names, &s->n_names);
	s->excludes = names_copy(options->excludes, &n);
	if (!s->board || !s->names || !s->excludes)
		return -ENOMEM;
	s->all = s->n_names == 0;
	s->estimate = options->estimate;
	s->exact = options->exact;
	s->swap = options->swap;
	s->gaps = options->gaps;
	rc = watch_fd(s->fd, s->timer);
	return rc ? rc : watch_fd(s->fd, s->board->fd);
}

int survey_open(const struct survey_options *options, struct survey **survey, struct error *err)
{
	struct survey *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return error_set(err, WHY_MEMORY, ENOMEM, NULL);
	s->timer = s->fd = -1;
	rc = init(s, options);
	if (rc)
		error_set(err, rc == -ENOMEM ? WHY_MEMORY : WHY_SYSTEM, -rc, NULL);
	else
		rc = rows_find(s, &s->tree, err);
	if (rc) {
		free_survey(s);
		return rc;
	}
	for (struct target *row = s->tree; row; row = row->next)
		row_probe(s, row, row);
	*survey = s;
	return 0;
}

/* Waits, not for ever, for the threads: most are quick, and one that hangs stays behind. */
static void wait_threads(struct board *board, uint64_t most_us)
{
	uint64_t end = thread_now_us() + most_us;

	while (board->probes > 0 || board->looker) {
		uint64_t now = thread_now_us();

		if (now >= end || thread_wait(&board->change, &board->mutex, end - now) < 0)
			break;
	}
}

void survey_close(struct survey *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->board->mutex);
	s->board->stop = true;
	pthread_cond_broadcast(&s->board->change);
	wait_threads(s->board, CLOSE_US);
	pthread_mutex_unlock(&s->board->mutex);
	free_survey(s);
}

int survey_fd(const struct survey *s)
{
	return s->fd;
}

struct target *survey_tree(const struct survey *s)
{
	return s->tree;
}

/* Exchanges the rows for those that were found; what stays keeps its place under the eye. */
static void take_rows(struct survey *s, struct target *rows)
{
	struct target *old = s->tree;

	s->tree = NULL;
	while (rows) {
		struct target *row = rows;
		struct target *shown = rows_take(&old, row->name);

		rows = rows->next;
		row->next = NULL;
		rows_insert(&s->tree, shown ? shown : row);
		row_probe(s, row, shown ? shown : row);
		if (shown)
			target_free(row);
	}
	for (struct target *gone = old; gone; gone = gone->next)
		looks_drop(s, gone);
	target_free(old);
}

int survey_rescan(struct survey *s, struct error *err)
{
	struct target *rows = NULL;
	int rc = rows_find(s, &rows, err);

	if (rc == 0)
		take_rows(s, rows);
	return rc;
}

static int add_name(struct survey *s, const char *name)
{
	char **longer = realloc(s->names, (s->n_names + 2) * sizeof(*longer));
	char *copy = strdup(name);

	if (longer)
		s->names = longer;
	if (!longer || !copy) {
		free(copy);
		return -ENOMEM;
	}
	s->names[s->n_names++] = copy;
	s->names[s->n_names] = NULL;
	return 0;
}

/* Only the row of that name is read; the others stay as they are. */
static void take_added(struct survey *s, struct target *rows, const char *row_name)
{
	struct target *row = rows_take(&rows, row_name);
	struct target *shown = s->tree;

	target_free(rows);
	while (shown && strcmp(shown->name, row_name) != 0)
		shown = shown->next;
	if (row && !shown)
		rows_insert(&s->tree, row);
	if (row)
		row_probe(s, row, shown ? shown : row);
	if (shown)
		target_free(row);
}

int survey_add(struct survey *s, const char *name, struct error *err)
{
	char *const one[] = { (char *)name, NULL };
	struct target *alone = NULL;
	struct target *rows = NULL;
	int rc = discover_tree(one, s->excludes, &alone, err);

	if (rc || !alone)
		return rc ? rc : error_set(err, WHY_NOT_TARGET, 0, name);
	if (add_name(s, name) < 0)
		rc = error_set(err, WHY_MEMORY, ENOMEM, NULL);
	else
		rc = rows_find(s, &rows, err);
	if (rc == 0)
		take_added(s, rows, alone->name);
	target_free(alone);
	return rc;
}

void survey_prefer(struct survey *s, const char *name)
{
	pthread_mutex_lock(&s->board->mutex);
	free(s->board->preferred);
	s->board->preferred = name ? strdup(name) : NULL;
	pthread_cond_broadcast(&s->board->change);
	pthread_mutex_unlock(&s->board->mutex);
}

void survey_exact(struct survey *s, const char *name)
{
	struct target *t = s->tree ? target_find(s->tree, name) : NULL;
	struct look *look;

	if (!t || !(target_can(t) || target_wants_consent(t)))
		return;
	pthread_mutex_lock(&s->board->mutex);
	look = look_find(s->board, name);
	if (!look || !look->exact || look->done) {
		if (look)
			look->dropped = true;
		(void)look_add(s->board, t, true);
	}
	pthread_mutex_unlock(&s->board->mutex);
}

void survey_pause(struct survey *s, bool pause)
{
	struct board *board = s->board;
	uint64_t end = thread_now_us() + PAUSE_US;

	pthread_mutex_lock(&board->mutex);
	board->paused = pause;
	pthread_cond_broadcast(&board->change);
	while (pause && board->looking) {
		uint64_t now = thread_now_us();

		if (now >= end || thread_wait(&board->change, &board->mutex, end - now) < 0)
			break;
	}
	pthread_mutex_unlock(&board->mutex);
}

static bool is_settled(struct survey *s)
{
	bool settled = true;

	for (const struct pending *p = s->pending; p; p = p->next)
		settled &= p->stuck;
	pthread_mutex_lock(&s->board->mutex);
	for (const struct look *look = s->board->looks; look; look = look->next)
		settled &= look_is_good(look);
	for (const struct prospect *p = s->board->prospects; p; p = p->next)
		settled &= prospect_is_good(p);
	pthread_mutex_unlock(&s->board->mutex);
	return settled;
}

int survey_settle(struct survey *s, int timeout_ms)
{
	uint64_t start = thread_now_us();
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	for (;;) {
		uint64_t passed_ms = (thread_now_us() - start) / 1000;

		survey_update(s);
		if (is_settled(s)) {
			survey_update(s);
			return 0;
		}
		if (timeout_ms >= 0 && passed_ms >= (uint64_t)timeout_ms)
			return -ETIMEDOUT;
		if (poll(&fd, 1, SETTLE_STEP_MS) < 0)
			return -errno;
	}
}

int survey_percent(const struct survey *s, const char *name)
{
	const struct look *look;
	int percent;

	pthread_mutex_lock(&s->board->mutex);
	look = look_find(s->board, name);
	percent = look ? look_percent(look) : -1;
	pthread_mutex_unlock(&s->board->mutex);
	return percent;
}
