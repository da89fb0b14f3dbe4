/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_CONVERT_H
#define ACHICA_CONVERT_H

#include "achica/target.h"

/*
 * Making the small copy: qemu-img convert of the whole disk or image, then qemu-img compare of both
 * and qemu-img check, while nobody can write to the source. A thread does it; front ends look at
 * snapshots. The copy gets its name when it is whole, compared and on its medium: before that it is
 * OUT.part, which goes away when anything fails or is stopped. Nothing that exists is overwritten,
 * and nothing is done to the source.
 */
struct convert;

enum convert_phase {
	CONVERT_WAITING,
	CONVERT_COPYING,
	CONVERT_COMPARING,
	CONVERT_CHECKING,  /* qemu-img check, flush, its name */
	CONVERT_DONE,
	CONVERT_REFUSED,   /* error says why; nothing was written */
	CONVERT_FAILED,
	CONVERT_STOPPED,   /* by the user */
};

struct convert_view {
	enum convert_phase phase;
	struct error error;
	unsigned permille;   /* of this phase */
	uint64_t elapsed_ms;
	uint64_t size;       /* when done: bytes of the copy, and what it takes on its host */
	uint64_t space;
	bool compared;       /* it reads as its source does */
	bool checked;        /* and is sound in itself */
	bool ended;
};

/* What is made: out, the file, in which format, and overlay, the qcow2 over the source to be read
   instead of it, or NULL. Who made the overlay holds the source; once the copy is made it is
   removed. */
struct convert_options {
	const char *out;
	const char *overlay;
	enum forecast_format format;
};

/* Whether the copy of the disk or image at the top of t can be made as the file out: qemu-img is
   there, out is not, nobody writes to the source, and there is room, as far as is known. Nothing
   is kept. 0; -errno and *err. */
int convert_check(const struct target *t, const struct convert_options *options,
		  struct error *err);

/* Starts it; t and options are copied. -errno. */
int convert_start(const struct target *t, const struct convert_options *options,
		  struct convert **convert);

int convert_fd(const struct convert *convert);    /* readable when there is something new to see */
void convert_ack(struct convert *convert);        /* makes it unreadable again */
void convert_view(struct convert *convert, struct convert_view *view);
const char *convert_out(const struct convert *convert); /* absolute */
void convert_stop(struct convert *convert);

/* Stops if it runs, waits for its end, frees. NULL is fine. */
void convert_free(struct convert *convert);

/* 0, 1 or 4 of the contract, when it has ended. */
int convert_exit_status(struct convert *convert);

/* Stable English name of a phase, for JSON. */
const char *convert_phase_name(enum convert_phase phase);

#endif
