/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_MKFS_H
#define ACHICA_TESTS_LIB_MKFS_H

#include "base/io.h"

/*
 * A filesystem in memory (io_mem), size bytes, made by a real tool: argv is its command line with
 * NULL at the end and "@" for the file's name. NULL when the tool is not installed; one
 * that fails ends the test program.
 */
struct io *mkfs_mem(uint64_t size, const char *const argv[]);

#endif
