#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages format without a warning and tell of every option that --help names.
set -eu
if ! command -v groff >/dev/null; then
	echo "groff is needed"
	exit 77
fi

failed=0
options=$("$ACHICA" --help 2>/dev/null | grep -Eo -- '--[a-z][a-z-]*' | sort -u) || :
for page in doc/achica.8 doc/es/achica.8; do
	warnings=$(groff -K utf8 -mandoc -T utf8 -ww -z "$top_srcdir/$page" 2>&1)
	if [ -n "$warnings" ]; then
		echo "$warnings"
		failed=1
	fi
	for option in $options; do
		if ! tr -d '\\' <"$top_srcdir/$page" | grep -Eq -e "$option([^a-z-]|\$)"; then
			echo "$page: does not tell of $option"
			failed=1
		fi
	done
done
exit $failed
