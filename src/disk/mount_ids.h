/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_MOUNT_IDS_H
#define ACHICA_DISK_MOUNT_IDS_H

#include <stdbool.h>
#include <sys/types.h>

/* The mounts that a process sees, and the filesystem of each. */
struct mount_ids;

/* Reads those of a process, 0 for this one; freed with mount_ids_free. NULL when they cannot be
   read. Of a process that has ended there are none. */
struct mount_ids *mount_ids_read(pid_t pid);
void mount_ids_free(struct mount_ids *ids);

/* Whether one of them is of the filesystem that the table gives this number. */
bool mount_ids_has(const struct mount_ids *ids, dev_t dev);

/*
 * The filesystem that path lies on, by the number which the kernel's table of mounts has for it.
 * That is one for all subvolumes of a btrfs, as against st_dev. -ENOENT when there is no such path,
 * -ENODEV when it is on no mount of ids, -EOPNOTSUPP when its filesystem has no names for its files
 * (pipes, sockets, proc(5)), or as name_to_handle_at failed. Nothing is opened.
 */
int mount_ids_dev(const struct mount_ids *ids, const char *path, dev_t *dev);

#endif
