/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_UI_NAMES_H
#define ACHICA_UI_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A set of target names: the tree changes under the screen, names do not. Zeroed is empty. */
struct names {
	char **list;
	size_t n;
};

bool names_has(const struct names *names, const char *name);

/* Without memory it is not added, and false is returned. */
bool names_add(struct names *names, const char *name);
void names_remove(struct names *names, const char *name);

/* Empties it and frees what it holds. */
void names_clear(struct names *names);

#endif
