/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_FILL_IMPL_H
#define ACHICA_ENGINE_FILL_IMPL_H

#include "base/stride.h"
#include "engine/engine.h"

/*
 * The inside of a fill, for fill.c (its life, plain writing), fill_space.c (files, the reserve,
 * giving back) and fill_layout.c (comparing before writing).
 */

#define FILL_FILES 1024 /* 4 TiB on FAT, where one has at most 4 GiB */

struct fill {
	struct mounted *m;
	const struct watch *watch;
	struct error *err;
	int dir;              /* the mount point */
	int files[FILL_FILES];/* all of them hold space until the end */
	size_t n;
	uint64_t block;       /* bytes: the least that the filesystem allocates */

	/* the file at work, the last of files */
	int fd;
	uint64_t size;        /* bytes claimed by it */
	uint64_t done;        /* of them, from its beginning: zero by now */
	uint64_t given;       /* of these: given back */

	uint64_t unflushed;   /* bytes written since the last flush */
	struct backlog backlog;
	bool full;            /* no more may be claimed */
	bool pressed;         /* others needed the space */
	uint64_t zeroed;      /* bytes that were stale */
	uint64_t swapped;     /* of them: which were free at the end, in exchange for others */
};

/* Another file. 0; -ENOSPC when there can be no more; -errno with err. */
int fill_next_file(struct fill *f);

/* Gives space back when less than the reserve is free, and sets full. */
int fill_guard(struct fill *f);

/* The same; and how many bytes may be claimed now, at most want. When none, full is set. */
int fill_room(struct fill *f, uint64_t want, uint64_t *room);

/* Gives back what is zero from the front of the file, at most want bytes; returns how many. */
uint64_t fill_give_front(struct fill *f, uint64_t want);

/* After e of the file at work was written; flushes when it is time. fill_flush always does. */
int fill_wrote(struct fill *f, struct extent e);
int fill_flush(struct fill *f);

/* Closes all files: the space is free again. */
void fill_close(struct fill *f);

/* Whether that errno of a claim means that there is no more to be had. */
bool fill_is_end(int errnum);

/* Whether the layout can be known, as far as the type tells: files of ext2 and ext3 cannot be
   claimed without writing. */
bool fill_knows_layout(const struct mounted *m);

/* Claims without writing, writes what is stale. -EOPNOTSUPP, and err untouched, where the layout
   cannot be known; nothing is claimed then. */
int fill_by_layout(struct fill *f);

#endif
