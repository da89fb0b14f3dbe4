#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An NTFS that is dirty, hibernated, waits for its log or contradicts itself is refused with its
# reason, and nothing is written.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ntfs ntfscp ntfsfix python3
image=$dir/image

new() {
	rm -f "$image"
	truncate -s 32M "$image"
	mkfs.ntfs -q -Q -F -L "a volume" "$image" >/dev/null 2>&1
	"$freemap" ntfs "$image" >/dev/null || fail "a fresh one is refused"
}

# after STATE WHY
after() {
	new
	python3 "$top_srcdir/tests/fs/ntfs.py" "$1" "$image"
	sha256sum <"$image" >"$dir/before"
	refused "$2" ntfs "$image"
	sha256sum <"$image" | cmp -s - "$dir/before" || fail "$1: something was written"
}

after dirty dirty
ntfsfix -d "$image" >/dev/null
"$freemap" ntfs "$image" >/dev/null || fail "refused after ntfsfix -d"

after mirror corrupt
after log-open journal
after log-cached hibernated
after bitmap-short corrupt
after bitmap-boot corrupt
after bitmap-mft corrupt

new
python3 "$top_srcdir/tests/fs/ntfs.py" log-closed "$image"
"$freemap" ntfs "$image" >/dev/null || fail "refused for a closed log"

# hibernate CONTENTS: what the head of hiberfil.sys holds.
hibernate() {
	new
	printf '%s' "$1" >"$dir/hiberfil.sys"
	truncate -s "$2" "$dir/hiberfil.sys"
	ntfscp -f "$image" "$dir/hiberfil.sys" /hiberfil.sys >/dev/null 2>&1 || fail "ntfscp"
}
hibernate hibr 8192
refused hibernated ntfs "$image"
hibernate hibr 100
refused hibernated ntfs "$image"
hibernate "" 8192
"$freemap" ntfs "$image" >/dev/null || fail "refused for an empty hiberfil.sys"

new
truncate -s 31M "$image"
refused outside ntfs "$image"

new
ACHICA_FREEMAP=facts "$freemap" ntfs "$image" | grep -qx 'label a volume' || fail "the label"
serial=$(od -An -tx8 -j72 -N8 "$image" | tr -d ' ' | tr a-f A-F)
ACHICA_FREEMAP=facts "$freemap" ntfs "$image" | grep -qx "uuid $serial" || fail "the serial number"
