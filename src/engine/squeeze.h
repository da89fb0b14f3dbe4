/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_SQUEEZE_H
#define ACHICA_ENGINE_SQUEEZE_H

#include <stddef.h>

/*
 * What a cluster of SQUEEZE_CLUSTER bytes comes to, compressed as qemu-img convert -c does it. The
 * answer of *_size is SQUEEZE_CLUSTER where that is not less: it is written as it is then.
 */
#define SQUEEZE_CLUSTER (64u * 1024)

struct squeeze_zlib;
struct squeeze_zlib *squeeze_zlib_new(void); /* NULL without memory */
size_t squeeze_zlib_size(struct squeeze_zlib *z, const unsigned char *cluster);
void squeeze_zlib_free(struct squeeze_zlib *z); /* NULL is fine */

struct squeeze_zstd;
struct squeeze_zstd *squeeze_zstd_new(void); /* NULL without memory */
size_t squeeze_zstd_size(struct squeeze_zstd *z, const unsigned char *cluster);
void squeeze_zstd_free(struct squeeze_zstd *z); /* NULL is fine */

#endif
