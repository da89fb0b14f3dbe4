/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_BASE_CRC32_H
#define ACHICA_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on with the register of the CRC-32 of zlib over len bytes; nothing is inverted. zlib's sum
 * of a buffer is ~crc32_ieee(~0u, buf, len).
 */
uint32_t crc32_ieee(uint32_t crc, const void *buf, size_t len);

#endif
