/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_FILL_FILE_H
#define ACHICA_ENGINE_FILL_FILE_H

#include "engine/engine.h"

/*
 * A file without a name in the folder dir: the kernel frees it when the process ends, however.
 * Returns a descriptor or -errno. On filesystems without O_TMPFILE it has a name for a moment;
 * one that a crash left behind there is removed, as it is empty and ours.
 */
int fill_file_open(int dir);

#endif
