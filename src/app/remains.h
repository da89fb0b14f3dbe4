/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_REMAINS_H
#define ACHICA_APP_REMAINS_H

#include "disk/disk.h"

/*
 * Bytes of old data that a mounted filesystem still holds after the work on it, about; 0 when that
 * is not worth a word, or cannot be known. lock: its lock, LOCK_MOUNTED. ask as in struct hold.
 */
uint64_t remains_of(const struct target *t, struct lock *lock, int (*ask)(void *arg), void *arg);

#endif
