/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_TARGET_H
#define ACHICA_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "achica/error.h"
#include "achica/estimate.h"
#include "achica/extent.h"
#include "achica/forecast.h"

enum target_kind {
	TARGET_DISK,  /* a whole block device: disk, loop device, whole dm or md device */
	TARGET_IMAGE, /* a regular file with a disk or a filesystem in it */
	TARGET_PART,  /* a partition, with a kernel node or only by its offset */
	TARGET_LV,    /* a logical volume */
	TARGET_GAP,   /* space in no partition */
};

enum target_state {
	TARGET_PROBING, /* listed, not read yet */
	TARGET_READY,   /* all below is filled in */
	TARGET_STUCK,   /* its device has not answered for some seconds */
};

/* How stale space becomes zero; ../../doc/design.md, "Methods". */
enum method {
	METHOD_AUTO,
	METHOD_PUNCH,
	METHOD_WRITE,
	METHOD_TRIM,
	METHOD_FILL,
	METHOD_OVERLAY, /* the source stays as it is: what is free is left out of the copy */
	METHOD_COUNT,
};

/*
 * A row of the tree that the user sees: plain data, owned by the tree, freed with target_free.
 * Strings are malloc'ed, may be NULL where nothing is known, and hold bytes as they were found:
 * labels and paths may be hostile, so only text/ and ui/ draw them, cleaned.
 *
 * What to open and where: the io is path; the window is the len bytes at base in it. start is the
 * place of the window in its whole disk or image, which differs from base when a partition has a
 * node of its own (path /dev/sda1, base 0, start 1 MiB). A logical volume read out of its physical
 * volumes may lie in several segments; base is where the first of them in path begins then.
 */
struct target {
	enum target_kind kind;
	enum target_state state;
	char *name;        /* as TARGET on the command line; unique in the tree: its identity */
	char *path;        /* what to open: device node or image file, absolute */
	char *backing;     /* of a loop device: its image file */
	uint64_t backing_offset; /* of a loop device: where in the file it starts, bytes */
	uint64_t dev;      /* what path was when listed: the number of a device, or of a file */
	uint64_t ino;      /* device and inode. Only that is ever locked and written */
	uint64_t base;     /* window in path: first byte */
	uint64_t start;    /* window in the whole disk or image: first byte */
	uint64_t size;     /* window: bytes */
	uint32_t sector;   /* logical sector size, bytes */
	unsigned number;   /* partition number, 0 none */
	struct stretch *segments; /* of the window in path, when there is more than one */
	size_t n_segments;
	struct extent *pvs; /* of such a volume: the physical volumes of its group, bytes of path */
	size_t n_pvs;

	uint64_t *disks;   /* of a whole disk or image, once it was read: numbers of the disks on
	                      which it lies at last; 0 stands for all that are not known */
	size_t n_disks;

	char *format;      /* "raw", "qcow2" ... of an image; NULL for devices */
	char *table;       /* partition table on it: "gpt", "dos"; NULL none */
	char *fstype;      /* as libblkid names it: "ext4", "ntfs", "swap"; NULL nothing found */
	char *label;
	char *uuid;
	char *model;       /* of a disk */
	char *serial;
	char *by_id;       /* /dev/disk/by-id/... */
	char **mountpoints; /* NULL-terminated list, NULL when not mounted; also where a loop device
	                       over these bytes is mounted */
	char *mount_options;/* of the first mount point, as in mountinfo (vfs,fs) */
	char *mount_source; /* the device mounted there (the loop device, for an image) */
	char *served;       /* the file that a program serves there by FUSE: it may write to it for
	                       a while after umount */

	bool read_only;
	bool rotational;
	bool removable;
	bool discard;      /* the device passes discard on (sysfs discard_max_bytes != 0) */
	bool system;       /* this or something below holds "/" : never preselected, listed last */
	bool named;        /* asked for by its own name, not only through its disk; of a disk or
	                      image: all that is in it is */

	uint64_t used;     /* bytes the filesystem uses, 0 unknown */
	uint64_t free;     /* bytes it counts as free, 0 unknown; estimate.free is the walked sum */
	struct error verdict;      /* WHY_NONE: can be reclaimed; else why not */
	enum method method;        /* what auto takes here; METHOD_AUTO while unknown */
	struct estimate estimate;
	struct forecast forecast;  /* of the disk or image at the top; see forecast_marked */
	uint64_t saves[FORECAST_COUNT]; /* of it, when this target alone is zeroed */

	struct target *parent;
	struct target *children;   /* first, in the order of start */
	struct target *next;       /* sibling */
};

/* A zeroed target of that kind, or NULL without memory. */
struct target *target_new(enum target_kind kind);

/* Frees t, its siblings after it and everything below. NULL is fine. */
void target_free(struct target *t);

/* A deep copy of t alone: no parent, children or siblings. NULL without memory. */
struct target *target_copy(const struct target *t);

/* Puts child last under parent, or last in the list *parentless when parent is NULL. Adopts it. */
void target_append(struct target **list, struct target *parent, struct target *child);

/* The target of that name in the tree (t, its siblings and all below), or NULL. */
struct target *target_find(struct target *t, const char *name);

/* Depth first: the one after t in the tree, NULL at the end. Start with the tree itself. */
struct target *target_next(const struct target *t);

/* The disk or image at the top of t's branch. */
const struct target *target_top(const struct target *t);

/*
 * Which of them wait for each other because they share a disk, at first or second hand: groups[i]
 * is the group of targets[i], numbered in the order of their first ones. How many groups there are,
 * which can be worked on at the same time.
 */
size_t target_groups(const struct target *const *targets, size_t n, size_t *groups);

/* How many rows above t. */
unsigned target_depth(const struct target *t);

/* Whether it can be marked by itself: ready, nothing speaks against it, and nothing is below it
   (a disk with partitions is marked by marking those). */
bool target_can(const struct target *t);

/*
 * What is no filesystem is cleared as a whole: a swap area, and what lies in no partition or volume
 * (a gap). That wants consent: the option "--swap" or "--gaps", or its name typed. target_option is
 * that option, NULL for a target that needs none; target_wants_consent whether nothing but consent
 * is missing.
 */
const char *target_option(const struct target *t);
bool target_wants_consent(const struct target *t);

/* The name by which its driver is found: of a gap "gap", else fstype, "" for none. */
const char *target_type(const struct target *t);

/* What is to be typed for consent: the last part of its name ("sda4", "disk.img#gap1", "vg0/swap"),
   or where that cannot be typed on every keyboard, the option without its dashes. */
const char *target_word(const struct target *t);

/* "vg0/home" of a logical volume that is read out of its physical volumes, else NULL. */
const char *target_volume(const struct target *t);

/* Whether it is a filesystem (or whole container) with mount points. */
bool target_is_mounted(const struct target *t);

/* Whether one of the comma-separated mount options (may be NULL) is name, or name with a value. */
bool mount_has_option(const char *options, const char *name);

/* Stable English names, for JSON and options: "disk", "punch", ... */
const char *target_kind_name(enum target_kind kind);
const char *method_name(enum method m);

/* The method of that name; METHOD_COUNT when there is none. */
enum method method_find(const char *name);

#endif
