/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_BASE_CRC32C_H
#define ACHICA_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on with the register of a CRC-32C over len bytes; nothing is inverted. The usual sum of a
 * buffer is ~crc32c(~0u, buf, len); in pieces, the result of one is the crc of the next.
 */
uint32_t crc32c(uint32_t crc, const void *buf, size_t len);

#endif
