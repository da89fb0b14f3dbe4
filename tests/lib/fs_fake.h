/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_FS_FAKE_H
#define ACHICA_TESTS_LIB_FS_FAKE_H

#include <stddef.h>

#include "fs/fs.h"

/*
 * An open filesystem whose free map is the n extents given (copied, in the order given, however
 * wrong). Facts: type "fake", size io->size, unit 4096, free their sum; a test changes them in
 * the struct. fs_close frees it. io may be NULL where nobody reads.
 */
struct fs *fs_fake_new(struct io *io, const struct extent *free, size_t n);

/* The walk fails with errnum (WHY_READ at the next extent's start) after n extents. */
void fs_fake_fail(struct fs *fs, size_t after, int errnum);

/* How often it was walked. */
unsigned fs_fake_walks(const struct fs *fs);

#endif
