#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
echo "the unit tests and the tests of the screens need cmocka (libcmocka-dev, libcmocka-devel)"
exit 77
