/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_JOB_H
#define ACHICA_JOB_H

#include <time.h>

#include "achica/extent.h"
#include "achica/target.h"

/*
 * One run over some targets. Those on different disks are worked on at the same time, each disk by
 * a thread; those on one disk one after another, in the order given (target.h, disks). Each:
 * exclusive locks > driver open > dry walk through the gate > act > flush > verify > end. One that
 * fails or is refused holds up no other. Front ends start it and look at snapshots; nothing here
 * prints. Stopping is safe at any moment.
 */
struct job;

struct job_options {
	enum method method;    /* METHOD_AUTO: for each target the cheapest that is safe */
	bool dry_run;          /* everything but the writing: reads, counts and ends */
	bool verify;           /* the proofs, see struct job_proofs */
	bool reserve_given;
	uint64_t reserve;      /* bytes that fill keeps free; without reserve_given the default */
	uint64_t max_rate;     /* bytes per second of all targets together, 0 no limit */
	const char *overlay;   /* where overlays are made: a path to which ".qcow2" is added; NULL:
	                          beside the copy that is advised */
	bool overlay_goes;     /* they are removed by job_free */
	bool ask_errors;       /* wait for job_answer at an I/O error; else do as on_error says */
	enum job_on_error { JOB_SKIP, JOB_STOP } on_error; /* the range; the target */
};

enum job_phase {
	JOB_WAITING,
	JOB_LOCKING,  /* locks, driver open */
	JOB_CHECKING, /* dry walk through the gate */
	JOB_SUMMING,  /* reading what is in use, before and after */
	JOB_FSCK,     /* its own fsck is at work, before and after */
	JOB_WORKING,
	JOB_FLUSHING,
	JOB_VERIFYING,
	JOB_DONE,
	JOB_REFUSED,  /* by the gate: error says why; nothing was written */
	JOB_FAILED,   /* error says why; what was done stays done */
	JOB_SKIPPED,  /* by the user, before or amid */
	JOB_STOPPED,  /* by the user */
};

/* Begun and not ended. */
static inline bool phase_is_work(enum job_phase phase)
{
	return phase > JOB_WAITING && phase < JOB_DONE;
}

/* What a cell of the block map may hold, as bits; the screen shows the first of
   ERROR HEAD TODO ZEROED USED ZERO (ux.md 3.2). */
enum job_cell {
	CELL_USED = 1,
	CELL_TODO = 2,
	CELL_ZEROED = 4,
	CELL_ZERO = 8,
	CELL_ERROR = 16,
	CELL_HEAD = 32,
};

#define JOB_MAP_CELLS 4096

/* How one of the proofs of verify ended. */
enum proof {
	PROOF_NONE,       /* not asked for, or it did not come to that */
	PROOF_GOOD,
	PROOF_BAD,        /* the item's error says more */
	PROOF_MOUNTED,    /* of no use: it changes by itself */
	PROOF_UNREADABLE, /* some of it could not be read */
	PROOF_NO_TOOL,    /* the program is not installed */
	PROOF_NO_DEVICE,  /* no read-only device could be made for the program */
	PROOF_UNSURE,     /* the program came to no verdict */
};

struct job_proofs {
	enum proof free;  /* all that was free reads as zero */
	enum proof used;  /* what is in use is what it was before */
	uint64_t unread_at; /* PROOF_UNREADABLE of used: the byte in the window */
	enum proof fsck;  /* the filesystem's own program finds no error, as before */
	const char *tool; /* its name, static; NULL: there is none for such a filesystem */
};

/* One target's part of a run, as it stands. */
struct job_view_item {
	enum job_phase phase;
	enum method method;        /* the one taken */
	struct error error;        /* why refused, failed; why_NONE otherwise */
	uint64_t free;             /* bytes of free space, from the dry walk */
	uint64_t done;             /* of it: dealt with */
	uint64_t read;             /* bytes read */
	uint64_t zeroed;           /* stale bytes made zero; overlay: free ones that are no hole */
	uint64_t was_zero;         /* free bytes found zero, holes included */
	uint64_t errors;           /* bytes that could not be read or written */
	uint64_t kept;             /* free bytes left alone: reserve */
	uint64_t host_before;      /* bytes allocated on the host, ERROR_NOWHERE when unknown */
	uint64_t host_after;
	struct estimate estimate;  /* what was expected, from the survey */
	struct job_proofs proofs;
	uint64_t elapsed_ms;       /* work alone: pauses are not counted */
	int64_t left_ms;           /* -1: cannot be told yet */
	uint64_t read_bps;         /* from the last 30 s */
	uint64_t zero_bps;
	uint64_t stalled_ms;       /* since a byte last moved, 0 while it moves */
};

/* A line of the log. code says which sentence (text/say.c), the rest are its facts. */
enum job_note {
	NOTE_LOCKED,      /* locked, filesystem clean; a = free bytes, b = free extents */
	NOTE_METHOD,      /* method taken; a = enum method */
	NOTE_QUARTER,     /* a = percent done */
	NOTE_FLUSHED,
	NOTE_VERIFIED,    /* what was free */
	NOTE_UNCHANGED,   /* what is in use */
	NOTE_NOT_COMPARED, /* what is in use; a = byte that cannot be read */
	NOTE_DONE,        /* a = zeroed, b = was zero */
	NOTE_OVERLAY,     /* the same of an overlay: a = left out of the copy */
	NOTE_REFUSED,     /* error */
	NOTE_FAILED,      /* error */
	NOTE_IO_ERROR,    /* error: a range that was skipped */
	NOTE_SKIPPED,
	NOTE_STOPPED,
	NOTE_PAUSED,
	NOTE_RESUMED,
	NOTE_FALLBACK,    /* a = method that did not work, b = method taken instead */
	NOTE_GAVE_BACK,   /* fill gave space back, something else needed it; a = bytes */
	NOTE_REMAINS,     /* a = stale bytes which the method did not reach */
	NOTE_LATER,       /* trim: the filesystem discards it by and by */
	NOTE_UNVERIFIED,  /* it should have been, but it is mounted */
};

struct job_event {
	struct timespec when;  /* CLOCK_REALTIME */
	size_t item;
	enum job_note note;
	uint64_t a, b;
	struct error error;
};

#define JOB_EVENTS 64

struct job_view {
	size_t items;          /* how many targets */
	size_t current;        /* index of the first one at work, or of the first that waits while
	                          none is; items when all ended */
	bool paused;
	bool ended;
	bool asks;             /* waits for job_answer about the question */
	size_t asker;          /* which target's is the question; the others go on */
	struct error question; /* the I/O error, while asks */
	uint64_t paused_ms;
	uint64_t elapsed_ms;
	int64_t left_ms;       /* until all have ended, -1: cannot be told yet */
	unsigned permille;     /* of all targets, weighted by expected time */
	uint64_t max_rate;
	uint64_t events;       /* how many events there were; the last JOB_EVENTS are kept */
};

/*
 * A job over the targets, copied, in that order. methods may be NULL (options->method for all),
 * else n of them. Nothing is opened yet. Returns -errno.
 */
int job_new(struct target *const *targets, const enum method *methods, size_t n,
	    const struct job_options *options, struct job **job);

/* Stops if it runs, waits for its end, frees. */
void job_free(struct job *job);

/*
 * What the gate says of t with that method, now: takes the locks, opens, walks, lets all go.
 * 0 and, where not NULL, the method that AUTO means and the free bytes; or -errno and *err.
 */
int job_check(const struct target *t, enum method m, enum method *taken, uint64_t *free_bytes,
	      struct error *err);

int job_start(struct job *job);               /* the worker threads start */
int job_fd(const struct job *job);            /* readable when there is something new to see */
void job_ack(struct job *job);                /* makes job_fd unreadable again */
void job_wait(struct job *job);               /* until it ended */

/* Copies: the whole, one item, its map (JOB_MAP_CELLS bytes of enum job_cell bits), one event
   (index from 0; only the last JOB_EVENTS are kept: false for others). */
void job_view(struct job *job, struct job_view *view);
void job_view_item(struct job *job, size_t i, struct job_view_item *item);
void job_view_map(struct job *job, size_t i, unsigned char *cells);
bool job_view_event(struct job *job, uint64_t index, struct job_event *event);
const struct target *job_target(const struct job *job, size_t i);

/* The overlay over the disk or image that t is in, the job's; NULL when there is none. Its disk is
   held against writing until job_free. For a job that has ended. */
const char *job_overlay(struct job *job, const struct target *t);

/* Take effect within 200 ms (but where one request to a device takes longer, doc/design.md). All
   are idempotent and callable at any time from any thread; job_stop is safe in no signal handler
   (set a flag there). */
void job_pause(struct job *job, bool pause);
void job_skip(struct job *job, size_t i);     /* that target; one that has ended has ended */
void job_stop(struct job *job);
void job_set_rate(struct job *job, uint64_t max_rate_bps);
enum job_answer { JOB_SKIP_BLOCK, JOB_SKIP_ALL, JOB_STOP_TARGET };
void job_answer(struct job *job, enum job_answer answer);

/* The exit status of a finished job: 0, 1, 3 or 4 of the contract (doc/design.md). A target that
   was stopped, or has bytes that could not be read or written, is not done: 1. */
int job_exit_status(struct job *job);

/*
 * The free map of one target, read-only, through the gate's plausibility checks: ascending, from
 * the start of its window. Returns fn's non-zero result or -errno with *err.
 */
int job_free_map(const struct target *t, extent_fn *fn, void *arg, struct error *err);

#endif
