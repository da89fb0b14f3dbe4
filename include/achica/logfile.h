/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_LOGFILE_H
#define ACHICA_LOGFILE_H

#include <stdio.h>

#include "achica/error.h"

/*
 * The file of --log, to append to. NULL and *err when it cannot be opened, or (WHY_EXISTS) when
 * what is there is no text: an image, say, that was given in the place of the log.
 */
FILE *logfile_open(const char *path, struct error *err);

#endif
