/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_SURVEY_H
#define ACHICA_SURVEY_H

#include "achica/target.h"

/*
 * The tree of targets, filled in the background: rows appear at once from sysfs, each disk is then
 * probed in its own thread (one that hangs leaves its row "stuck" and no other waiting), and what
 * can be reclaimed is estimated, best first, as long as the survey is not paused.
 *
 * The tree belongs to the thread that calls survey_update: workers hand in results, update applies
 * them. Pointers into the tree hold until the next survey_update, survey_add or survey_rescan;
 * keep names. Nothing here ever writes to a target.
 */
struct survey;

struct survey_options {
	char *const *names;    /* NULL-terminated TARGETs; NULL or empty: all that is found */
	char *const *excludes; /* NULL-terminated devices to leave out, any name of theirs */
	bool estimate;         /* sample in the background */
	bool exact;            /* read all instead of sampling */
	bool swap;             /* swap areas may be cleared */
	bool gaps;             /* gaps too; one with traces of a filesystem only when it is named */
};

/* Starts it. Copies the options. -errno and *err only when a named TARGET cannot be there. */
int survey_open(const struct survey_options *options, struct survey **survey, struct error *err);

/* Stops the workers that can be stopped and frees it. A hung probe is left behind. */
void survey_close(struct survey *survey);

/* A descriptor that becomes readable when survey_update has something to apply. */
int survey_fd(const struct survey *survey);

/* Applies what the workers found. True when anything visible changed. */
bool survey_update(struct survey *survey);

/* The tree, NULL when empty. Disk order: natural, the system's disk last, images as named. */
struct target *survey_tree(const struct survey *survey);

/* Adds an image file, device, mount point ... by name (PATH, PATH#N, mount point). */
int survey_add(struct survey *survey, const char *name, struct error *err);

/* Looks at everything again; estimates of targets that did not change are kept. */
int survey_rescan(struct survey *survey, struct error *err);

/* Estimate this one next (NULL: no wish), or read all of its free space. */
void survey_prefer(struct survey *survey, const char *name);
void survey_exact(struct survey *survey, const char *name);

/* The user typed the name of this target, which wants consent: it can be marked as long as it stays
   what it is now. Changes its row at once. -ENOMEM, -ENOENT. */
int survey_allow(struct survey *survey, const char *name);

/* Stops background reading (a key needs the disk, a job runs) and goes on. */
void survey_pause(struct survey *survey, bool pause);

/* For batch: until all is probed and, with estimate, estimated; or timeout_ms (-1 none) is over.
   0 = settled, -ETIMEDOUT, -EINTR. Applies as survey_update does. */
int survey_settle(struct survey *survey, int timeout_ms);

/* How much of the estimate of this target is done, 0 to 100, or -1 when none runs. */
int survey_percent(const struct survey *survey, const char *name);

#endif
