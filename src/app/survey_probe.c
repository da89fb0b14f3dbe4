/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The board between the survey and its threads, and the threads that read disks: each has a private
 * copy of its row, reads it, and puts it on the board. One that hangs holds nothing but its copy
 * and a reference to the board.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/branch.h"
#include "app/choose.h"
#include "app/consent.h"
#include "app/survey_impl.h"
#include "app/thread.h"
#include "disk/disk.h"

struct board *board_new(void)
{
	struct board *board = calloc(1, sizeof(*board));

	if (!board)
		return NULL;
	board->refs = 1;
	board->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (board->fd >= 0 && thread_sync(&board->mutex, &board->change) == 0)
		return board;
	if (board->fd >= 0)
		close(board->fd);
	free(board);
	return NULL;
}

static void board_free(struct board *board)
{
	while (board->found) {
		struct found *found = board->found;

		board->found = found->next;
		target_free(found->top);
		free(found);
	}
	free(board->preferred);
	close(board->fd);
	pthread_cond_destroy(&board->change);
	pthread_mutex_destroy(&board->mutex);
	free(board);
}

void board_unref(struct board *board)
{
	bool last;

	pthread_mutex_lock(&board->mutex);
	last = --board->refs == 0;
	pthread_mutex_unlock(&board->mutex);
	if (last)
		board_free(board);
}

void board_wake(struct board *board)
{
	uint64_t one = 1;

	(void)!write(board->fd, &one, sizeof(one));
}

struct probe {
	struct board *board;
	struct found *found;
};

static void *probe_thread(void *arg)
{
	struct probe *probe = arg;
	struct board *board = probe->board;
	struct found *found = probe->found;

	free(probe);
	discover_probe(found->top);
	choose_all(found->top);
	consent_want(found->top);
	pthread_mutex_lock(&board->mutex);
	found->next = board->found;
	board->found = found;
	board->probes--;
	board_wake(board);
	pthread_cond_broadcast(&board->change);
	pthread_mutex_unlock(&board->mutex);
	board_unref(board);
	return NULL;
}

static struct probe *probe_new(struct board *board, const struct target *row)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	struct found *found = calloc(1, sizeof(*found));

	if (probe && found && branch_copy(row, &found->top)) {
		probe->board = board;
		probe->found = found;
		return probe;
	}
	free(probe);
	free(found);
	return NULL;
}

int probe_start(struct board *board, const struct target *row)
{
	struct probe *probe = probe_new(board, row);
	struct found *found = probe ? probe->found : NULL;
	int rc;

	if (!probe)
		return -ENOMEM;
	pthread_mutex_lock(&board->mutex);
	rc = thread_start(NULL, probe_thread, probe);
	if (rc == 0) {
		board->refs++;
		board->probes++;
	}
	pthread_mutex_unlock(&board->mutex);
	if (rc) {
		target_free(found->top);
		free(found);
		free(probe);
	}
	return rc;
}
