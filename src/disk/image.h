/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_IMAGE_H
#define ACHICA_DISK_IMAGE_H

#include <stdint.h>

#include "base/io.h"

/*
 * The format of an image file, as qemu-img names it, by its magic number: "raw" when nothing else
 * is known. *size is the size of the disk inside where the header tells it plainly, else io->size.
 * Neither is changed when reading fails (-errno).
 */
int image_format(struct io *io, const char **format, uint64_t *size);

#endif
