/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_CLAIM_H
#define ACHICA_ENGINE_CLAIM_H

#include "engine/engine.h"

/*
 * A file without a name in a mounted filesystem: whatever ends the process, the kernel gives its
 * space back. O_TMPFILE, or created and unlinked at once where the filesystem has no such thing.
 * Returns a descriptor open for writing, or -errno.
 */
int claim_open(const char *mountpoint);

/* What fill may take of the filesystem now, bytes: free to us, less the reserve. *free_now may be
   NULL. -errno when the filesystem does not answer. */
int claim_room(int fd, uint64_t reserve, uint64_t *room, uint64_t *free_now);

/*
 * Claims up to len bytes from at on without writing them (fallocate), in one extent or many.
 * Returns 0 and how much in *got, which may be less or 0 when the filesystem is full or the file
 * as large as it may be; -EOPNOTSUPP where it cannot be done.
 */
int claim_more(int fd, uint64_t at, uint64_t len, uint64_t *got);

/*
 * Where the file's bytes [from, from + len) are on the device below: fn gets each run with its
 * place in the file and on the device, ascending in the file. -EOPNOTSUPP where the layout is not
 * known (not told, or not one to one).
 */
typedef int claim_fn(void *arg, struct extent in_file, uint64_t on_device);
int claim_layout(int fd, uint64_t from, uint64_t len, claim_fn *fn, void *arg);

#endif
