/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_USE_H
#define ACHICA_DISK_USE_H

#include "achica/error.h"
#include "disk/mounts.h"
#include "disk/place.h"

/*
 * Whether somebody else uses bytes of place: swap, mounts in any namespace, kernel devices, loop
 * devices (own, a loop device number or 0, does not count, nor what is mounted through it), lock
 * bytes of QEMU and libvirt (on fd, unless it is -1), processes that have it open for writing. 0,
 * or the refusal. With reading only those count who may write: other readers, and what is mounted
 * or attached read-only, are no reason.
 */
struct use {
	struct place place;
	const char *path;           /* for messages */
	const struct mount *mounts;
	dev_t own;
	int fd;
	bool reading;
	bool unwritten;             /* nobody else has it open for writing: a lease told so */
};
int use_check(const struct use *use, struct error *err);

/*
 * QEMU's lock bytes of an image (qemu/block/file-posix.c, 7.2: RAW_LOCK_PERM_BASE 100,
 * RAW_LOCK_SHARED_BASE 200; libvirt: byte 0). use_qemu_test refuses where another program holds
 * one that speaks against writing (or reading); use_qemu_take makes others see that we do, and that
 * nobody else may write meanwhile. fd must be open for reading; the locks live as long as it.
 */
int use_qemu_test(int fd, bool reading, const struct place *place, const char *path,
		  struct error *err);
int use_qemu_take(int fd, bool reading, const struct place *place, const char *path,
		  struct error *err);

#endif
