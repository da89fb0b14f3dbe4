/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the achica developers */
#ifndef ACHICA_DISK_ACTIVE_H
#define ACHICA_DISK_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "disk/place.h"

/* "LVM-", the UUIDs of the group and of the volume, and for a part of another its suffix. */
#define ACTIVE_UUID_MAX 128

/* The UUID in device-mapper of an active logical volume, or of a part of one; dir is its directory
   in sysfs. False for any other device. */
bool active_uuid(const char *dir, char uuid[ACTIVE_UUID_MAX]);

/* Whether uuid is that of a volume that users see, not of a part of one; and whether it is that of
   the volume with that group and id as metadata has them (their hyphens do not count). */
bool active_is_volume(const char *uuid);
bool active_is(const char *uuid, const char *group, const char *id);

/* Whether it is an active volume all of whose bytes are in place; whether any is. */
bool active_is_inside(const char *dir, const struct place *place);
bool active_meets(const char *dir, const struct place *place);

#endif
