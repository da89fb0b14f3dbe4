#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every catalogue is complete and fits on the screen.
set -eu
if ! command -v python3 >/dev/null || ! command -v xgettext >/dev/null; then
	echo "python3 and xgettext are needed"
	exit 77
fi
python3 "$top_srcdir/tests/po.py" check "$top_srcdir"
