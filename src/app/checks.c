/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * What the gate says of each target of a plan, asked in a thread. The thread works on its own copy
 * of a target, so whoever asks may forget or change the question at any time; a result that comes
 * too late for its question is dropped. A device that does not answer hangs the thread alone.
 */

#include "achica/checks.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/branch.h"
#include "app/thread.h"

struct check {
	struct target *tree;        /* a copy of its disk or image, ours */
	struct target *target;      /* in tree */
	enum method method;
	uint64_t question;          /* number of the last question about it */
	struct check_result result;
};

struct checks {
	pthread_mutex_t mutex;      /* over all that follows */
	pthread_cond_t change;
	struct check *list;
	size_t n;
	uint64_t questions;         /* so far; numbers them */
	int fd;
	int users;                  /* the one who opened it, and the thread */
	bool closing;
};

static void free_list(struct check *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		target_free(list[i].tree);
	free(list);
}

/* The last of its users frees it. Called with the mutex held, which is let go. */
static void put(struct checks *c)
{
	bool last = --c->users == 0;

	pthread_mutex_unlock(&c->mutex);
	if (!last)
		return;
	free_list(c->list, c->n);
	close(c->fd);
	pthread_cond_destroy(&c->change);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

static void tell(const struct checks *c)
{
	eventfd_write(c->fd, 1);
}

static struct check *next_waiting(struct checks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].result.state == CHECK_WAITING)
			return &c->list[i];
	}
	return NULL;
}

static void set_result(struct checks *c, uint64_t question, const struct check_result *result)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].question == question) {
			c->list[i].result = *result;
			tell(c);
		}
	}
}

/* Asks the gate, without the mutex. */
static void work(struct checks *c, struct check *check)
{
	struct check_result result = { .state = CHECK_OK };
	enum method method = check->method;
	uint64_t question = check->question;
	struct target *tree = NULL;
	struct target *target = branch_copy(check->target, &tree);

	check->result.state = CHECK_RUNNING;
	pthread_mutex_unlock(&c->mutex);
	error_clear(&result.error);
	if (!target)
		error_set(&result.error, WHY_MEMORY, ENOMEM, NULL);
	if (!target || job_check(target, method, &result.taken, &result.free, &result.error) != 0)
		result.state = CHECK_REFUSED;
	target_free(tree);
	pthread_mutex_lock(&c->mutex);
	set_result(c, question, &result);
}

static void *run(void *arg)
{
	struct checks *c = arg;

	pthread_mutex_lock(&c->mutex);
	while (!c->closing) {
		struct check *check = next_waiting(c);

		if (check)
			work(c, check);
		else
			pthread_cond_wait(&c->change, &c->mutex);
	}
	put(c);
	return NULL;
}

int checks_open(struct checks **checks)
{
	struct checks *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->users = 2;
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = c->fd < 0 ? -errno : thread_sync(&c->mutex, &c->change);
	if (rc)
		goto out;
	rc = thread_start(NULL, run, c);
	if (rc == 0) {
		*checks = c;
		return 0;
	}
	pthread_cond_destroy(&c->change);
	pthread_mutex_destroy(&c->mutex);
out:
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return rc;
}

int checks_ask(struct checks *c, struct target *const *targets, const enum method *methods,
	       size_t n)
{
	struct check *list = calloc(n + 1, sizeof(*list));
	struct check *old;
	size_t old_n;
	int rc = list ? 0 : -ENOMEM;

	for (size_t i = 0; list && i < n; i++) {
		list[i].target = branch_copy(targets[i], &list[i].tree);
		list[i].method = methods[i];
		if (!list[i].target)
			rc = -ENOMEM;
	}
	if (rc) {
		free_list(list, list ? n : 0);
		list = NULL;
		n = 0;
	}
	pthread_mutex_lock(&c->mutex);
	for (size_t i = 0; i < n; i++)
		list[i].question = ++c->questions;
	old = c->list;
	old_n = c->n;
	c->list = list;
	c->n = n;
	pthread_cond_signal(&c->change);
	pthread_mutex_unlock(&c->mutex);
	free_list(old, old_n);
	return rc;
}

void checks_ask_again(struct checks *c, size_t i, enum method m)
{
	pthread_mutex_lock(&c->mutex);
	if (i < c->n) {
		c->list[i].method = m;
		c->list[i].question = ++c->questions;
		c->list[i].result = (struct check_result){ .state = CHECK_WAITING };
		pthread_cond_signal(&c->change);
	}
	pthread_mutex_unlock(&c->mutex);
}

int checks_fd(const struct checks *c)
{
	return c->fd;
}

void checks_ack(struct checks *c)
{
	eventfd_t n;

	eventfd_read(c->fd, &n);
}

void checks_result(struct checks *c, size_t i, struct check_result *result)
{
	pthread_mutex_lock(&c->mutex);
	if (i < c->n)
		*result = c->list[i].result;
	pthread_mutex_unlock(&c->mutex);
}

void checks_close(struct checks *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->mutex);
	c->closing = true;
	pthread_cond_signal(&c->change);
	put(c);
}
