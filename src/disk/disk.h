/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_DISK_H
#define ACHICA_DISK_DISK_H

#include "achica/target.h"
#include "base/io.h"
#include "disk/view.h"

/*
 * The layer's face for app/: the tree, and the locks. Everything here only looks; nothing writes,
 * prints or asks. Thread notes: different targets may be probed in different threads.
 */

/*
 * Rows without touching a device: all disks of sysfs (names NULL or empty), or what names say: an
 * image file, a block device, PATH#N, a mount point. Partitions are not there yet, except those
 * that were named (PATH#N, a partition's node, its mount point): they are rows below their disk
 * with a number and that name; only they stay after the probe, unless the disk was named too.
 * excludes are any names of devices, images and mount points (by-id links too; one of a disk that
 * is not plugged in is no error); excluding a partition leaves out its whole disk. Order: disks as
 * people count (sdz before sdaa, p9 before p10), images as named, what holds / last.
 * -ENOENT / WHY_NOT_FOUND, WHY_NOT_TARGET: a name that is nothing. *tree is the caller's.
 */
int discover_tree(char *const *names, char *const *excludes, struct target **tree,
		  struct error *err);

/*
 * Reads one top-level row: partition table (libparted), signatures (libblkid) of it and its
 * partitions, mounts, swap, holders (also on the loop devices over an image), the driver's own
 * verdict (fs open, which reads used and free). Fills children and verdicts; state becomes READY.
 * May block as long as the device does: run it in a thread on a tree of its own, once. Never fails
 * as a whole: what went wrong is the verdict of the row; a named partition that is not there says
 * WHY_NOT_FOUND.
 */
void discover_probe(struct target *top);

/*
 * Exclusive use of a target's bytes (gate 1), held until lock_release: O_EXCL and flock on the
 * whole disk for devices; QEMU's lock bytes, loop devices and writers for image files; for a loop
 * device both. LOCK_LOOK takes nothing and opens read-only (estimates). LOCK_MOUNTED is for trim
 * and fill: the filesystem stays mounted, at mountpoints[0]; the device underneath is opened
 * read-only, and the backing image of a loop device is not taken (the mount has it).
 * LOCK_SHARED is for reading what must not change meanwhile: others may read too, also through a
 * filesystem that is mounted read-only, and nothing here needs the permission to write.
 * Refuses with who has it. Memory and descriptors are freed by lock_release (NULL is fine).
 */
enum lock_kind { LOCK_LOOK, LOCK_EXCLUSIVE, LOCK_MOUNTED, LOCK_SHARED };
struct lock;
int lock_take(const struct target *t, enum lock_kind kind, struct lock **lock, struct error *err);
void lock_release(struct lock *lock);

/*
 * Whether the lock still keeps all others out: some ask nobody, as those who put a loop device over
 * an image to mount it. To be called again and again between writes and in every wait. An image has
 * a lease where it can have one (disk/lease.h): whoever opens it waits for the next call, which
 * refuses who came to write. Else only who is still there is found. 0, or the refusal.
 */
int lock_check(struct lock *lock, struct error *err);

/* The target's window, over the descriptor that holds the lock; the lock's, not the caller's. */
struct io *lock_window(struct lock *lock);

/*
 * The target as a read-only device for another program to look at, which the lock does not take for
 * an intruder, until lock_hide. 0, or -errno: see view_open; -EOPNOTSUPP for a volume in several
 * segments, and for what is mounted.
 */
int lock_show(struct lock *lock, const struct target *t, struct view *view);
void lock_hide(struct lock *lock, struct view *view);

/* Under a mounted loop device the image's own file begins to be written out, as far as its data are
   in the host's memory only. Waits for nothing, promises nothing. */
void lock_push(struct lock *lock);

/* Adds to *bytes what of e, bytes of the window of a mounted target, takes space in that file;
   -ENOTSUP where there is none, or it tells no holes. */
int lock_present(struct lock *lock, struct extent e, uint64_t *bytes);

/* Bytes that the image behind t takes on its host (the backing file of a loop device too);
   -ENOTSUP where nothing tells. */
int disk_allocated(const struct target *t, uint64_t *bytes);

/*
 * Mounted targets: whether another process has something open below mountpoint (files, working
 * directories, mappings). True when it cannot be told. For a FUSE mount the driver's own process
 * does not count. mount_usage: the size and the free bytes of the mounted filesystem.
 */
bool mount_has_users(const char *mountpoint);
int mount_usage(const char *mountpoint, uint64_t *size, uint64_t *free_bytes);

#endif
