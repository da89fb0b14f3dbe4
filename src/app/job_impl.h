/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_JOB_IMPL_H
#define ACHICA_APP_JOB_IMPL_H

#include <pthread.h>

#include "achica/job.h"
#include "engine/engine.h"

/*
 * The inside of a job, for job.c (life, controls), job_run.c (the order of work), job_watch.c (what
 * the engine reports), job_view.c (snapshots) and job_pace.c (rates, time left). Everything that
 * changes is read and written under the mutex, but for what is called a worker's own; the engine
 * and the filesystem belong to a worker alone and are not here.
 */

/* How fast bytes went lately, over the time that went into them alone. */
struct meter {
	double bytes; /* both fade with METER_S */
	double us;
};

#define METER_S 30

void meter_add(struct meter *m, uint64_t bytes, uint64_t us);
uint64_t meter_bps(const struct meter *m);

/* Bytes that lie ahead, and how fast such bytes go; 0 unknown. */
struct load {
	uint64_t read;
	uint64_t zero;
};
struct speed {
	uint64_t read_bps;
	uint64_t zero_bps;
};

/* -1 when the speed of what is to be done is not known. */
int64_t load_ms(struct load load, struct speed speed);

struct job_item {
	struct target *tree;         /* a copy of the whole disk or image, the job's */
	const struct target *target; /* in it */
	enum method asked;
	size_t group;                /* of those that are done one after another */
	bool skip;                   /* the user wants it left out, from now on */
	struct job_view_item view;   /* elapsed, left, rates and stalled are made when looked at */
	unsigned char map[JOB_MAP_CELLS];
	uint64_t window;             /* bytes that the map shows, 0 none */
	size_t head;                 /* cell */
	uint64_t holes;              /* of was_zero: holes */
	uint64_t verified;           /* bytes of free space read back */
	uint64_t to_sum;             /* bytes in use that are to be read, before and after */
	uint64_t summed;             /* of them: read */
	unsigned quarters;           /* already noted */
	bool skip_all;               /* the user's answer to I/O errors here */
	bool stop_at_error;          /* the other answer: I/O error is in view.error */
	struct meter read, zero;
	uint64_t start_us;           /* job_clock when it began and ended */
	uint64_t end_us;
	uint64_t moved_us;           /* when a byte last moved */
};

/* Does the targets of one group, in the order of the list. */
struct job_worker {
	struct job *job;
	pthread_t thread;
	size_t group;
	uint64_t due_us;             /* job_clock until which the limit makes it wait */
	struct job_item *item;       /* its own: at work, NULL none */
	const char *guarded;         /* its own: mount point of the fill at work, NULL none */
	uint64_t reserve;            /* its own: what must stay free there */
	struct lock *lock;           /* its own: of the item at work, NULL none */
	uint64_t look_us;            /* its own: CLOCK_BOOTTIME when to look again who came in */
};

struct job {
	pthread_mutex_t mutex;
	pthread_cond_t change;       /* pause, stop, skip, answer, rate, end */
	struct job_worker *workers;
	size_t n_workers;            /* groups */
	size_t running;              /* workers that have not ended */
	int fd;                      /* eventfd */
	bool started;
	struct job_options options;
	struct job_item *items;
	size_t n;
	struct job_overlay *overlays;
	bool ended;
	bool paused;
	bool stop;
	bool asks;
	size_t asker;                /* the item with the question */
	bool answered;
	enum job_answer answer;
	struct error question;
	uint64_t due_us;             /* job_clock when all that was moved is within max_rate */
	uint64_t start_us;           /* CLOCK_BOOTTIME */
	uint64_t paused_us;          /* all pauses that are over */
	uint64_t since_us;           /* CLOCK_BOOTTIME when the pause began, or the end */
	uint64_t woken_us;           /* CLOCK_BOOTTIME of the last wake of the front end */
	uint64_t events;
	struct job_event event[JOB_EVENTS];
	unsigned permille;           /* the highest shown: it never goes back */
};

/* All of these want the mutex held, but job_item_run, job_did, job_failed, job_guard,
   job_keep_out, job_obey and map_free. */
uint64_t boottime_us(void);
uint64_t job_clock(const struct job *job);   /* microseconds of work: pauses do not count */
void job_wake(struct job *job);
void job_note(struct job *job, const struct job_item *item, enum job_note note, uint64_t a,
	      uint64_t b, const struct error *err);
bool job_canceled(const struct job *job, const struct job_item *item);

/* The worker's item begins another part of its work. Without the mutex. */
void job_phase(struct job_worker *worker, enum job_phase phase);

/* From now on a pause keeps reserve bytes free at mountpoint, which a fill has; NULL: no more. */
void job_guard(struct job_worker *worker, const char *mountpoint, uint64_t reserve);

/* Whether the lock still keeps all others out, looked at now and then: 0, or the refusal, which is
   then the item's error. */
int job_keep_out(struct job_worker *worker);

/* Waits as long as a pause and the rate limit want: 0, -ECANCELED, or as job_keep_out. */
int job_obey(struct job_worker *worker);

/* The times and rates of an item, now; the time left of one and of all. */
void pace_fill(const struct job *job, const struct job_item *item, struct job_view_item *view);
int64_t pace_left_all(const struct job *job);
unsigned pace_permille(const struct job *job);

/* What the engine calls; arg is the worker. */
int job_did(void *arg, enum did what, struct extent e);
int job_failed(void *arg, const struct error *err, struct extent e);

/* The order of a job for the worker's item: fills view.phase and view.error. For the worker. */
void job_item_run(struct job_worker *worker);

/* The map of an item from its free extents, ascending; for the worker, without the mutex. */
struct map_maker {
	unsigned char *cells;
	uint64_t window;
	uint64_t at;       /* end of the free extent before */
};
void map_free(struct map_maker *maker, struct extent e);
void map_end(struct map_maker *maker);
void map_mark(struct job_item *item, enum did what, struct extent e);
void map_finish(struct job_item *item, bool complete);

#endif
