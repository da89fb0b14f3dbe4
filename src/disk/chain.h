/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_CHAIN_H
#define ACHICA_DISK_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

/* Whether libparted can be shown the MBR and the chain of logical partitions in fd, a copy of the
   disk. True also where there is none. */
bool chain_is_sane(int fd, uint32_t sector);

#endif
