/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_JOB_OVERLAY_H
#define ACHICA_APP_JOB_OVERLAY_H

#include "app/job_impl.h"
#include "engine/overlay.h"

/* The overlays of a job: one for each disk or image that must not be written to. */

/*
 * The one for the disk of item, which is open as fs; made when it is the first there. From then on
 * nobody can write to that disk. *overlay is the job's, and NULL in a dry run. For the worker.
 */
int overlays_take(struct job *job, struct job_item *item, struct overlay **overlay,
		  struct error *err);

/* It holds all of this item's free space, and is an image now. */
int overlays_finish(struct job *job, struct job_item *item, struct error *err);

/* Where the window of t lies on its disk, as against its place in what t->path names; bytes. */
uint64_t overlays_shift(const struct target *t);

/* Lets the disks go. Those that are not finished are removed, and all when they are not to stay. */
void overlays_free(struct job *job);

#endif
