/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/* As qcow2_alloc_bytes in QEMU's block/qcow2-refcount.c gives room to them (seen with 7.2). */

#include "achica/units.h"
#include "engine/pack.h"
#include "engine/squeeze.h"

#define PAGE (4 * KIB)

static void lose_room(struct pack *pack)
{
	pack->length += pack->room;
	pack->space += pack->room % PAGE;
	pack->room = 0;
}

void pack_add(struct pack *pack, size_t size)
{
	if (size >= SQUEEZE_CLUSTER) {
		pack->length += SQUEEZE_CLUSTER;
		pack->space += SQUEEZE_CLUSTER;
		pack->last = false;
		return;
	}
	if (pack->room < size && !pack->last)
		lose_room(pack);
	if (pack->room < size) {
		pack->room += SQUEEZE_CLUSTER;
		pack->last = true;
	}
	pack->room -= size;
	pack->length += size;
	pack->space += size;
}

void pack_end(struct pack *pack)
{
	if (!pack->last)
		lose_room(pack);
}
