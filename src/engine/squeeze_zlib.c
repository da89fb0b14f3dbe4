/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * Raw deflate of the default level in a window of 12 bits, which must come to less than a cluster:
 * compression type 0 of QEMU's docs/interop/qcow2.txt, with the settings of its
 * block/qcow2-threads.c.
 */

#include <stdlib.h>

#include <zlib.h>

#include "engine/squeeze.h"

#define WINDOW_BITS (-12)
#define MEMORY_LEVEL 9

struct squeeze_zlib {
	z_stream stream;
	unsigned char out[SQUEEZE_CLUSTER];
};

struct squeeze_zlib *squeeze_zlib_new(void)
{
	struct squeeze_zlib *z = calloc(1, sizeof(*z));

	if (z && deflateInit2(&z->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS,
			      MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

void squeeze_zlib_free(struct squeeze_zlib *z)
{
	if (z)
		deflateEnd(&z->stream);
	free(z);
}

size_t squeeze_zlib_size(struct squeeze_zlib *z, const unsigned char *cluster)
{
	const size_t most = SQUEEZE_CLUSTER - 1;

	z->stream.next_in = (unsigned char *)cluster;
	z->stream.avail_in = SQUEEZE_CLUSTER;
	z->stream.next_out = z->out;
	z->stream.avail_out = (uInt)most;
	if (deflateReset(&z->stream) != Z_OK || deflate(&z->stream, Z_FINISH) != Z_STREAM_END)
		return SQUEEZE_CLUSTER;
	return most - z->stream.avail_out;
}
