/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TESTS_LIB_LVM_H
#define ACHICA_TESTS_LIB_LVM_H

#include "base/io.h"

/*
 * Physical volumes of LVM2 in an io in memory: label, and one metadata area of 1 MiB - 4 KiB from
 * 4 KiB on; extents begin at 1 MiB, and all of io behind start is its. id has 32 letters.
 * lvm_put_text makes text (its NUL too) the current one, from byte at of the area on, and around
 * its end.
 */
#define LVM_AREA_START 4096u
#define LVM_AREA_LEN (1044480u)
#define LVM_DATA_START (UINT64_C(1) << 20)

void lvm_put_label(struct io *io, uint64_t start, const char *id);
void lvm_put_text(struct io *io, uint64_t start, uint64_t at, const char *text);

#endif
