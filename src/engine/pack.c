/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* As qcow2_alloc_bytes in QEMU's block/qcow2-refcount.c gives room to them (seen with 7.2). */

#include "engine/pack.h"
#include "engine/squeeze.h"

void pack_add(struct pack *pack, size_t size)
{
	if (size >= SQUEEZE_CLUSTER) {
		pack->taken += SQUEEZE_CLUSTER;
		pack->last = false;
		return;
	}
	if (pack->room < size && !pack->last) {
		pack->taken += pack->room;
		pack->room = 0;
	}
	if (pack->room < size) {
		pack->room += SQUEEZE_CLUSTER;
		pack->last = true;
	}
	pack->room -= size;
	pack->taken += size;
}
