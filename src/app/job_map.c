/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */

/*
 * The block map: JOB_MAP_CELLS cells over the window, whatever its size, each with a bit for every
 * kind of byte in it. Made from the dry walk, then marked as the engine goes along. What was found
 * in a cell is added at once; that it waits to be done is taken back when the head has left it.
 */

#include <string.h>

#include "app/job_impl.h"

static size_t cell_of(uint64_t at, uint64_t window)
{
	size_t cell = (size_t)((unsigned __int128)at * JOB_MAP_CELLS / window);

	return cell < JOB_MAP_CELLS ? cell : JOB_MAP_CELLS - 1;
}

static void set_cells(unsigned char *cells, uint64_t window, struct extent e, unsigned char bit)
{
	if (e.len == 0 || e.start >= window)
		return;
	for (size_t i = cell_of(e.start, window); i <= cell_of(extent_end(e) - 1, window); i++)
		cells[i] |= bit;
}

void map_free(struct map_maker *m, struct extent e)
{
	struct extent used = { m->at, e.start - m->at };

	set_cells(m->cells, m->window, used, CELL_USED);
	set_cells(m->cells, m->window, e, CELL_TODO);
	m->at = extent_end(e);
}

void map_end(struct map_maker *m)
{
	struct extent used = { m->at, m->window > m->at ? m->window - m->at : 0 };

	set_cells(m->cells, m->window, used, CELL_USED);
}

static unsigned char bit_of(enum did what)
{
	switch (what) {
	case DID_HOLE:
	case DID_ZERO:
		return CELL_ZERO;
	case DID_ZEROED:
		return CELL_ZEROED;
	case DID_FAILED:
		return CELL_ERROR;
	default:
		return 0;
	}
}

/* The head goes to the end of e; the cells that it leaves behind are done. A fill jumps: there only
   those of e are. */
static void move_head(struct job_item *item, struct extent e)
{
	size_t to = cell_of(extent_end(e) - 1, item->window);
	size_t from = cell_of(e.start, item->window);

	item->map[item->head] &= (unsigned char)~CELL_HEAD;
	if (item->head < from && !target_is_mounted(item->target))
		from = item->head;
	for (size_t i = from; i < to; i++)
		item->map[i] &= (unsigned char)~CELL_TODO;
	item->map[to] |= CELL_HEAD;
	item->head = to;
}

/* Trim, and a fill that does not know the layout, tell how much but not where. */
static bool is_nowhere(const struct job_item *item, struct extent e)
{
	return e.start == 0 && target_is_mounted(item->target);
}

void map_mark(struct job_item *item, enum did what, struct extent e)
{
	if (item->window == 0 || e.len == 0 || e.start >= item->window || is_nowhere(item, e))
		return;
	if (item->view.phase == JOB_WORKING)
		set_cells(item->map, item->window, e, bit_of(what));
	move_head(item, e);
}

void map_finish(struct job_item *item, bool complete)
{
	bool somewhere = item->view.zeroed > 0 && target_is_mounted(item->target);

	for (size_t i = 0; i < JOB_MAP_CELLS; i++) {
		unsigned char *cell = &item->map[i];

		if (complete && somewhere && (*cell & CELL_TODO))
			*cell |= CELL_ZEROED;
		*cell &= (unsigned char)~(complete ? CELL_HEAD | CELL_TODO : CELL_HEAD);
	}
}
