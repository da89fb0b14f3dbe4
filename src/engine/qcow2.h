/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_QCOW2_H
#define ACHICA_ENGINE_QCOW2_H

#include <stdint.h>

#include "achica/forecast.h"

/* How a qcow2 of that format is cut: all powers of two, bytes. */
struct qcow2_shape {
	uint64_t cluster;
	uint64_t grain;    /* what is written of a cluster: the whole, or subclusters */
	uint64_t reach;    /* of the disk, what one L2 table maps */
};

struct qcow2_shape qcow2_shape(enum forecast_format format);

/* What goes into it besides its own bookkeeping. */
struct qcow2_load {
	uint64_t disk;     /* virtual size, bytes */
	uint64_t data;     /* bytes in clusters: whole ones, or what compressed ones come to */
	uint64_t written;  /* of data, what takes space: less where subclusters are left out */
	uint64_t tables;   /* L2 tables: so many stretches of reach bytes have data */
};

/* What qemu-img convert makes of it: the length of the file, and the space it takes.
   FORECAST_NEVER when it makes none of so large a disk. */
uint64_t qcow2_length(enum forecast_format format, const struct qcow2_load *load);
uint64_t qcow2_space(enum forecast_format format, const struct qcow2_load *load);

#endif
