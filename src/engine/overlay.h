/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_ENGINE_OVERLAY_H
#define ACHICA_ENGINE_OVERLAY_H

#include "engine/engine.h"

/*
 * A qcow2 image over a raw disk, its backing file, in which ranges read as zero without the disk
 * being read; all else is the disk's. It is a small file that only tells what is free, so the disk
 * itself stays as it is. Nobody may write to the disk as long as the overlay is used.
 */
struct overlay;

/*
 * A new file at path, over the disk backing of so many bytes. grain is the smallest range that can
 * be told apart, a power of two from 512 to 4096. Until overlay_finish it is no image. -errno.
 */
int overlay_new(const char *path, const char *backing, uint64_t size, uint32_t grain,
		struct overlay **overlay, struct error *err);

/* From now on e of the disk reads as zero: the whole grains in it, in any order. */
int overlay_zero(struct overlay *overlay, struct extent e, struct error *err);

/* Makes it an image that holds all that was said so far; more may follow, and another finish. */
int overlay_finish(struct overlay *overlay, struct error *err);

/* Frees it, and removes the file unless it is kept. NULL is fine. */
void overlay_free(struct overlay *overlay, bool keep);

/* Tells the free space of fs to the overlay; its window lies on the disk shift bytes after its
   place in its parent. Nothing is read but the map. Tells holes, and the rest as zeroed. Without
   an overlay (NULL) nothing is written. */
int engine_overlay(struct fs *fs, struct overlay *overlay, uint64_t shift,
		   const struct watch *watch, struct error *err);

#endif
