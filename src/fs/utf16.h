/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_FS_UTF16_H
#define ACHICA_FS_UTF16_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The text of at most units UTF-16 units at p, up to the first 0, as UTF-8 in buf of n bytes
 * (n > 0): cut between characters, half a pair is U+FFFD. For labels.
 */
void utf16_text(char *buf, size_t n, const unsigned char *p, size_t units, bool big_endian);

#endif
