/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ADVICE_H
#define ACHICA_ADVICE_H

#include "achica/target.h"

/* What a command is for; text/say.c has a sentence for each. */
enum advice_use {
	ADVICE_UNMOUNT,  /* umount, first */
	ADVICE_WAIT,     /* until nobody has it open */
	ADVICE_SWAPOFF,
	ADVICE_DETACH,   /* losetup -d */
	ADVICE_CONVERT,  /* qemu-img convert */
	ADVICE_COMPARE,  /* qemu-img compare of source and copy */
	ADVICE_CHECK,    /* qemu-img check of the copy */
	ADVICE_REMOVE,   /* rm of the overlay, last */
};

/* One command, as an argument list: run it with execvp, or print it with command_line. */
struct command {
	enum advice_use use;
	char **argv;          /* NULL-terminated */
	struct command *next;
};

struct advice_options {
	const char *out;      /* destination file; NULL: the source's name with .qcow2, in the
	                         directory of an image, or the current one for a device */
	enum forecast_format format;
	const char *overlay;  /* copy this qcow2 over the source instead of the source; or NULL */
};

/*
 * What to run, in that order, to get a small qcow2 of the disk or image at the top of t (a
 * partition leads to its whole disk, a loop device to its backing file; a filesystem on a bare
 * image is a whole image). Sets *list, to be freed with command_free. -errno and *err when there
 * is nothing to advise (a format that is not handled, say).
 */
int advice_for(const struct target *t, const struct advice_options *options,
	       struct command **list, struct error *err);

void command_free(struct command *list);

/* The copy's name that is suggested for t, with kind (".overlay", or "") before ".qcow2";
   malloc'ed: nothing has it yet. NULL without memory. */
char *advice_name(const struct target *t, const char *kind);

/* The command as one line for a POSIX shell, quoted to survive any bytes, malloc'ed; NULL without
   memory. A newline or an invalid byte stays as it is inside single quotes. */
char *command_line(const struct command *c);

/* arg quoted for a POSIX shell when it needs it, malloc'ed. */
char *shell_quote(const char *arg);

#endif
