#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of HFS Plus and HFSX is partclone's and what no file has, for every layout; achica
# --zero leaves all else as it was; and one that is not clean, not understood or not plausible is
# refused with its reason. There is no mkfs for it in Debian, so tests/fs/hfsplus.py makes it, which
# libfshfs reads; what a kernel writes is in fs_kernel.sh.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need python3 partclone.hfsp fshfsinfo
image=$dir/image
hfsplus="python3 $top_srcdir/tests/fs/hfsplus.py"

make_fs() {
	cp --sparse=always "$dir/noise" "$image"
	truncate -s "$1" "$image"
	shift
	$hfsplus make "$@" "$image" || fail "cannot make it: $*"
}

# Partclone's log of a map: POSITION SIZE ?, which is free, in hexadecimal.
partclone_map() {
	rm -f "$dir/domain"
	partclone.hfsp -D -q -s "$image" -o "$dir/domain" >"$dir/log" 2>&1 ||
		fail "partclone: $(cat "$dir/log")"
	while read -r position size state; do
		[ "$state" != '?' ] || echo "$((position)) $((size))"
	done <"$dir/domain" | join_extents >"$dir/theirs"
}

check() {
	"$freemap" hfsplus "$image" >"$dir/ours" 2>"$dir/log" || fail "refused: $(cat "$dir/log")"
	[ -s "$dir/ours" ] || fail "an empty map"
	$hfsplus files "$image" | join_extents >"$dir/theirs"
	same_map "the files" "$dir/theirs" "$dir/ours"
}

noise "$dir/noise" 20000000
method=punch
# Partclone 0.3.23 reads the allocation file's first eight extents alone.
while read -r size partclone options; do
	proves "$options of $size, by $method"
	# shellcheck disable=SC2086
	make_fs "$size" label=Ärger $options
	check
	if [ "$partclone" = yes ]; then
		partclone_map
		same_map "partclone" "$dir/theirs" "$dir/ours"
	fi
	fshfsinfo -H "$image" >"$dir/log" 2>&1 || fail "fshfsinfo: $(cat "$dir/log")"
	ACHICA_FREEMAP=facts "$freemap" hfsplus "$image" | grep -qx 'label Ärger' || fail "the label"
	cp "$dir/ours" "$dir/free"
	cp --sparse=always "$image" "$dir/before"
	"$top_builddir/achica" --zero --yes --method=$method -q "$image" >"$dir/log" 2>&1 ||
		fail "--zero: $(cat "$dir/log")"
	only_free_zeroed "$dir/free" 0 "$dir/before" "$image"
	check
	same "the map before and after" "$dir/free" "$dir/ours"
	if command -v fsck.hfsplus >/dev/null; then
		fsck.hfsplus -n -f "$image" >"$dir/log" 2>&1 || fail "fsck: $(cat "$dir/log")"
	fi
	case $method in punch) method=write ;; *) method=punch ;; esac
done <<END
20000768 yes tail=3072 files=40
20000256 yes block=512 files=12 x=yes journal=little
60000256 yes block=65536 tail=34816 journal=new
30000640 no tail=512 map=9 files=3 journal=big
20000768 no block=1024 tail=0 map=1000 files=100
20M yes map=8
END

proves "in a place that has grown since, and in one that is too small"
make_fs 20M files=3
truncate -s 21M "$image"
check
truncate -s 20971008 "$image"
refused outside hfsplus "$image"

proves "what is not clean, not understood, or contradicts itself"
while read -r why options verb rest; do
	fact="$why: $options $verb $rest"
	make_fs 20M block=512 files=30 map=20 "$options"
	# shellcheck disable=SC2086
	$hfsplus "$verb" "$image" $rest
	refused "$why" hfsplus "$image"
done <<END
unclean x=no poke 4 4 0
errors x=yes poke 4 4 0x900
errors x=no poke 8 4 0x46534b21
feature x=yes poke 2 2 6
feature x=no poke 0 2 0x4244
corrupt x=no poke1 44 4 40959
outside x=no poke 44 4 0xffffffff
map-total x=no poke 48 4 7
corrupt x=no bit 0
corrupt x=no bit 40959
corrupt x=no node extents 8222 4 0x7fffffff
journal journal=little journal 16 8 1024
journal journal=big journal 16 8 1024
corrupt journal=big journal 24 8 1024
journal-device journal=big journal 0 4 2 info
END
proves "a journal in free blocks"
make_fs 20M journal=little # block 2 says where it is
$hfsplus bit "$image" 2
refused corrupt hfsplus "$image"

proves "the remedy is named"
make_fs 20M
$hfsplus poke "$image" 4 4 0
ends 4 --zero --yes "$image"
grep -q 'fsck.hfsplus' "$work/err" || fail "it says: $(cat "$work/err")"
