#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What of the style a machine can see: licence line, 100 columns, 600 lines, no blanks at the end,
# scripts that can be run.
set -eu

cd "${top_srcdir:-$(dirname "$0")/..}"
broken=$(
	find src include tests -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
		expand -t 8 "$file" | LC_ALL=C awk -v file="$file" '
			function bad(reason) { printf "%s:%d: %s\n", file, NR, reason }
			NR == 1 && $0 !~ /SPDX-License-Identifier: GPL-3\.0-or-later/ { bad("no SPDX line") }
			NR == 601 { bad("the file is longer than 600 lines") }
			{ gsub(/[\200-\277]/, "") } # of a character in UTF-8 its first byte is left
			length($0) > 100 && $0 !~ /^ *"/ { bad("longer than 100 columns") }
			/ $/ { bad("blank at the end") }'
	done
	find tests/e2e -name '*.sh' ! -perm -u+x | sed 's/$/: not executable/'
)
[ -z "$broken" ] && exit 0
echo "$broken"
exit 1
