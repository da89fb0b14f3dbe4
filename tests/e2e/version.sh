#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# achica says which version it is.
set -eu
"$ACHICA" --version | grep -Eq '^achica [0-9]'
