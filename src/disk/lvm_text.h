/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_LVM_TEXT_H
#define ACHICA_DISK_LVM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sections in sections, and members of all of them, beyond which no volume group goes. */
#define LVM_TEXT_DEPTH 16
#define LVM_TEXT_NODES (1u << 19)

/* A section, a setting, or a member of a list. */
struct lvm_node {
	const char *name;      /* NULL for a member of a list */
	const char *text;      /* of a string */
	uint64_t number;
	const struct lvm_node *child; /* the first, of a section or a list */
	const struct lvm_node *next;  /* in the same section or list */
	enum lvm_kind {
		LVM_SECTION, LVM_LIST, LVM_STRING, LVM_NUMBER,
		LVM_OTHER, /* a number that is negative, a fraction, or larger than 64 bits */
	} kind;
};

/*
 * Parses the text form of LVM2's metadata: NAME = VALUE and NAME { ... }, where a value is a string
 * in double quotes, a number, or [a list of these]; # starts a comment. text (len bytes) is written
 * over; the nodes, malloc'ed, point into it. Their first is the section of all. -EINVAL for what is
 * no such text (two of one name in a section too), -E2BIG for too much of it, -ENOMEM.
 */
int lvm_text_parse(char *text, size_t len, struct lvm_node **nodes);

/* The member of that name and kind, or NULL. */
const struct lvm_node *lvm_find(const struct lvm_node *section, const char *name,
				enum lvm_kind kind);

/* A string of a section, NULL when there is none. */
const char *lvm_string(const struct lvm_node *section, const char *name);

/* A number of a section that is at most max; false when there is none. */
bool lvm_number(const struct lvm_node *section, const char *name, uint64_t max, uint64_t *number);

/* Whether the list of that name has that string. */
bool lvm_lists(const struct lvm_node *section, const char *name, const char *text);

#endif
