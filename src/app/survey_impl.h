/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_SURVEY_IMPL_H
#define ACHICA_APP_SURVEY_IMPL_H

#include <pthread.h>

#include "achica/survey.h"
#include "app/hold.h"
#include "app/outlook.h"

/*
 * The inside of a survey, for survey.c (life, wishes), survey_update.c (results become the tree),
 * survey_rows.c (which rows there are), survey_probe.c (a thread for each disk), survey_look.c (the
 * thread that estimates), survey_prospect.c (what it forecasts). The tree is the owner's alone.
 * Threads see the board, which is counted: a thread that hangs in a device keeps it, and the survey
 * can be closed without it.
 */

/* What can be reclaimed of one target: being found out. */
struct look {
	struct look *next;
	struct target *tree;         /* the look's own copy of the disk or image */
	const struct target *target; /* in it */
	bool exact;          /* read all of it */
	bool dropped;        /* nobody wants it any more: the looker frees it */
	bool done;           /* as good as it gets, or failed */
	bool fresh;          /* survey_update has not seen the estimate yet */
	struct estimate estimate;
	unsigned steps;
	uint64_t spent_us;   /* in steps that are over */
	uint64_t begun_us;   /* when this step began, 0 none runs */
	uint64_t moved_us;   /* when a byte last moved in it */
	uint64_t dealt;      /* exact: bytes of free space behind it */
	size_t chunks;       /* to sample in the next step */
	/* The looker's own, without the mutex: */
	struct hold hold;
	struct sampler *sampler;
};

/* What a whole disk or image will take, converted: being found out. */
struct prospect {
	struct prospect *next;
	struct target *top;  /* its own copy, which gets the figures */
	bool exact;
	bool dropped;        /* as of a look */
	bool done;
	bool fresh;
	unsigned steps;
	uint64_t spent_us;
	uint64_t begun_us;
	uint64_t moved_us;
	size_t units;        /* to read in the next step */
	struct outlook *outlook; /* the looker's own, without the mutex */
};

/* A disk or image that was read. */
struct found {
	struct found *next;
	struct target *top;
};

struct board {
	pthread_mutex_t mutex;
	pthread_cond_t change;
	unsigned refs;       /* the survey and each thread */
	int fd;              /* eventfd: there is something for survey_update */
	bool stop;
	unsigned probes;     /* threads at work */
	struct found *found;
	bool looker;         /* the thread that estimates is there */
	bool looking;        /* and at work */
	bool paused;
	char *preferred;
	struct look *looks;  /* in the order of the tree */
	struct prospect *prospects;
	uint64_t looked_us;  /* that estimates took so far, and forecasts */
	uint64_t foretold_us;
};

/* Everything here wants the mutex held, but board_new, board_unref and *_start. */
struct board *board_new(void);
void board_unref(struct board *board);
void board_wake(struct board *board);

/* Reads row (with the partitions named below it), in a thread of its own. */
int probe_start(struct board *board, const struct target *row);

/* The thread that estimates and forecasts; it is there once. */
int looker_start(struct board *board);

/* Adds t to what is to be estimated; the thread starts with the first. */
int look_add(struct board *board, const struct target *t, bool exact);
struct look *look_find(struct board *board, const char *name);
/* So long nothing is read before batch goes on without it; longer where all is to be read, as a
   disk that spins up or tries a sector again and again will answer. */
#define SILENT_US UINT64_C(10000000)
#define SILENT_EXACT_US UINT64_C(180000000)

/* Whether batch can go on: exact, within 2 %, or it takes too long. */
bool look_is_good(const struct look *look);
int look_percent(const struct look *look);

/* The same for the forecast of a disk or image. */
int prospect_add(struct board *board, const struct target *top, bool exact);
struct prospect *prospect_find(struct board *board, const char *name);
bool prospect_is_good(const struct prospect *prospect);
/* The one to go on with, NULL none; a step of it, which lets the mutex go. */
struct prospect *prospect_pick(struct board *board);
void prospect_step(struct board *board, struct prospect *prospect);
void prospects_sweep(struct board *board, bool all);
void prospects_close(struct board *board);

/* A probe that has not come back. */
struct pending {
	struct pending *next;
	char *name;          /* of the row */
	uint64_t start_us;
	bool stuck;
	struct target *again; /* the row, asked for once more meanwhile */
};

struct survey {
	struct board *board;
	struct target *tree;
	struct pending *pending;
	char **names;        /* as given and added, NULL-terminated */
	size_t n_names;
	char **excludes;
	bool all;            /* no name was given: all that is found, and what is added */
	bool estimate;
	bool exact;
	bool swap;           /* consent by option */
	bool gaps;
	struct target *allowed; /* copies of rows whose names were typed */
	int timer;           /* timerfd: a probe may be stuck by then */
	int fd;              /* epoll over timer and board */
};

void pending_free(struct pending *p); /* NULL is fine */

/* Has a row read; where not even that is possible the row says so. from is the row as it was found,
   shown the one that is in the tree. */
void row_probe(struct survey *survey, const struct target *from, struct target *shown);

/* Makes those in top's branch markable which want consent and have it. */
void rows_consent(const struct survey *survey, struct target *top);
/* Whether a and b are the same bytes with the same thing in them. */
bool rows_are_same(const struct target *a, const struct target *b);

/* Nobody wants the estimates of top, and of what is below it, any more. */
void looks_drop(struct survey *survey, const struct target *top);

/* The rows that there are now, in order; probes of none have begun. */
int rows_find(const struct survey *survey, struct target **rows, struct error *err);
/* Puts row where it belongs: the system's disk stays last. */
void rows_insert(struct target **tree, struct target *row);
/* Puts row in the place of the one of its name and returns that; NULL, and nothing was done, when
   there is none. */
struct target *rows_exchange(struct target **tree, struct target *row);
/* Takes the row of that name out of the list, NULL when it is not there. */
struct target *rows_take(struct target **tree, const char *name);

/* A NULL-terminated copy; names may be NULL. NULL without memory. */
char **names_copy(char *const *names, size_t *n);
void names_free(char **names);

#endif
