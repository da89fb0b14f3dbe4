#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
echo "the tests of the screens need libvterm (libvterm-dev, libvterm-devel)"
exit 77
