/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_SYSFS_H
#define ACHICA_DISK_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "achica/extent.h"

#define SYSFS_BLOCK "/sys/block"
#define SYSFS_NAME_MAX 64
#define SYSFS_PATH_MAX 512

/*
 * What the kernel tells of block devices in sysfs; no device is opened. dir is a device's directory
 * there: that of sysfs_dir, or one below SYSFS_BLOCK (or below a test's own folder).
 */

/* The directory of a device number, into buf. */
char *sysfs_dir(dev_t dev, char *buf, size_t n);

/* An attribute as text without blanks at its ends; false when there is none or it is empty. */
bool sysfs_text(const char *dir, const char *attr, char *buf, size_t n);

/* The same with every blank, but for the newline that sysfs adds. */
bool sysfs_line(const char *dir, const char *attr, char *buf, size_t n);

/* An attribute that is a number; fallback when there is none. */
uint64_t sysfs_number(const char *dir, const char *attr, uint64_t fallback);

/* The device number ("dev" in dir), 0 when there is none. */
dev_t sysfs_dev(const char *dir);

/* The kernel's name of a device ("sda1"); false when it has none. */
bool sysfs_name(dev_t dev, char *buf, size_t n);

/* The path of a device's node, malloc'ed: /dev/mapper/NAME for device-mapper, else /dev/NAME.
   NULL without memory or for an unknown device. */
char *sysfs_node(dev_t dev);

/* The whole disk that holds dev, and where dev lies in it. A whole disk is its own. -ENODEV. */
int sysfs_whole(dev_t dev, dev_t *whole, struct extent *range);

/* A partition as the kernel has it. */
struct sysfs_part {
	dev_t dev;
	unsigned number;
	struct extent range; /* bytes of the whole disk */
};

/* Calls fn with each partition of the disk at dir, in no order; a non-zero result ends it and is
   returned. */
int sysfs_parts(const char *dir, int (*fn)(void *arg, const struct sysfs_part *part), void *arg);

/* Calls fn with each name in a directory of sysfs (without . and ..); none when it cannot be
   read. A non-zero result ends it and is returned. */
int sysfs_list(const char *path, int (*fn)(void *arg, const char *name), void *arg);

#endif
