/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_APP_CONVERT_IMPL_H
#define ACHICA_APP_CONVERT_IMPL_H

#include <sys/stat.h>

#include "achica/advice.h"
#include "achica/convert.h"
#include "disk/disk.h"

/* The inside of a conversion, for convert.c (the order of work) and convert_files.c (the two
   files). All zero is fine for the functions that let go. */

/* The copy while it is made. */
struct part {
	const char *out;  /* the name it gets at last */
	char *path;       /* the one it has meanwhile */
	int fd;           /* made by us; 0 none */
};

/* Makes it, new and empty, ours to write, and to others with at most the permissions in mode.
   WHY_EXISTS. */
int part_make(struct part *part, mode_t mode, struct error *err);

/* Its bytes are on the medium, and it has its name. *st is what it is then. */
int part_finish(const struct part *part, struct stat *st, struct error *err);

/* Lets go; what is not kept is removed. */
void part_close(struct part *part, bool keep);

/* What is copied, held so that nobody writes to it: by us, unless somebody has done so. */
struct source {
	struct target *whole;   /* the disk or image, without what is in it */
	struct lock *lock;
	struct stat before;
	mode_t mode;
};
int source_take(const struct target *t, bool held, struct source *source, struct error *err);
int source_check(const struct source *source, struct error *err); /* WHY_CHANGED */
void source_release(struct source *source);

/* What convert_check asks, but for the source. */
int copy_check(const struct target *t, const struct convert_options *options, struct error *err);

/* Progress of qemu-img -p in permille, -1 for another line. */
int convert_percent(const char *line);

#endif
