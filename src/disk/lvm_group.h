/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_LVM_GROUP_H
#define ACHICA_DISK_LVM_GROUP_H

#include "disk/lvm.h"

/* One volume group while its text is read; what lvm.c, lvm_group.c and lvm_volume.c share. */

/* A physical volume of the group, by its name in the text ("pv0"). */
struct lvm_member {
	const char *name;
	struct lvm_pv *pv;  /* NULL: it is not on this disk */
	uint64_t start;     /* of its extents, bytes of the disk */
	uint64_t count;     /* of its extents */
};

/* A logical volume of the group, visible or a part of another. */
struct lvm_entry {
	const struct lvm_node *node;
	const char *used_by; /* type of the segment of another volume that names it, or NULL */
};

/* Extents of a physical volume that a segment has. */
struct lvm_area {
	size_t member;
	uint64_t start;
	uint64_t count;
};

struct lvm_reading {
	struct lvm *lvm;
	struct lvm_group *group;
	uint64_t extent;           /* bytes */
	struct lvm_member *members;/* by name */
	size_t n_members;
	struct lvm_entry *entries; /* by name */
	size_t n_entries;
	struct lvm_area *areas;    /* by member and start, once all are there */
	size_t n_areas;
	size_t room;
	bool strange;              /* a segment of a type that is not known */
};

/* Finds the physical volumes of a group, and says why it cannot be used. -ENOMEM. */
int lvm_group_join(struct lvm *lvm, struct lvm_group *g);

/* Adds the volumes of a group to lvm. -ENOMEM. */
int lvm_group_read(struct lvm *lvm, struct lvm_group *g);

/* The member, or the logical volume, of that name, or NULL. */
struct lvm_member *lvm_member_find(const struct lvm_reading *r, const char *name);
struct lvm_entry *lvm_entry_find(const struct lvm_reading *r, const char *name);

/* Adds the areas of all segments of a volume, and marks the volumes that they name. -ENOMEM, or
   -EINVAL for what contradicts itself. */
int lvm_volume_scan(struct lvm_reading *r, const struct lvm_node *volume);

/* The size of a volume in bytes, and, when it is linear or striped, its segments; a volume of
   another kind gets its verdict. -ENOMEM, -EINVAL. */
int lvm_volume_read(struct lvm_reading *r, const struct lvm_node *node, struct lvm_volume *volume);

/* The extents that no area has, into volume. Sorts the areas; -EINVAL when two overlap. */
int lvm_volume_rest(struct lvm_reading *r, struct lvm_volume *volume);

#endif
