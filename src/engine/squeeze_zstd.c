/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * A zstd frame of the default level, which must come to less than a cluster: compression type 1 of
 * QEMU's docs/interop/qcow2.txt, as its block/qcow2-threads.c makes it.
 */

#include <stdlib.h>

#include <zstd.h>

#include "engine/squeeze.h"

struct squeeze_zstd {
	ZSTD_CCtx *context;
	unsigned char out[SQUEEZE_CLUSTER];
};

struct squeeze_zstd *squeeze_zstd_new(void)
{
	struct squeeze_zstd *z = calloc(1, sizeof(*z));

	if (z)
		z->context = ZSTD_createCCtx();
	if (z && !z->context) {
		free(z);
		return NULL;
	}
	return z;
}

void squeeze_zstd_free(struct squeeze_zstd *z)
{
	if (z)
		ZSTD_freeCCtx(z->context);
	free(z);
}

size_t squeeze_zstd_size(struct squeeze_zstd *z, const unsigned char *cluster)
{
	size_t n = ZSTD_compressCCtx(z->context, z->out, SQUEEZE_CLUSTER - 1, cluster,
				     SQUEEZE_CLUSTER, ZSTD_CLEVEL_DEFAULT);

	return ZSTD_isError(n) ? SQUEEZE_CLUSTER : n;
}
