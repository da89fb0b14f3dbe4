#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages format without a warning and tell of all that the program has, and of nothing
# else: the options and their values of --help, the keys of the wizard, the variables that are read.
set -eu
if ! command -v groff >/dev/null || ! command -v python3 >/dev/null; then
	echo "groff and python3 are needed"
	exit 77
fi

failed=0
for page in doc/achica.8 doc/es/achica.8; do
	warnings=$(groff -K utf8 -mandoc -T utf8 -ww -z "$top_srcdir/$page" 2>&1)
	if [ -n "$warnings" ]; then
		echo "$warnings"
		failed=1
	fi
done
"$ACHICA" --help | python3 "$top_srcdir/tests/man.py" "$top_srcdir" || failed=1
exit $failed
