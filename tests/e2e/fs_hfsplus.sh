#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of HFS Plus and HFSX is partclone's and what no file has, for every layout; Apple's
# fsck finds it right before and after achica --zero, which leaves all else as it was; and one that is
# not clean, not understood or not plausible is refused with its reason. Apple's mkfs makes empty
# ones, tests/fs/hfsplus.py those with files in pieces, and a bitmap in pieces; what a kernel writes is
# in fs_kernel.sh.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
. "$top_srcdir/tests/lib/package.sh"
need python3 partclone.hfsp fshfsinfo
need_hfsprogs
image=$dir/image
hfsplus="python3 $top_srcdir/tests/fs/hfsplus.py"

# make_fs SIZE mkfs|make OPTION...: by Apple's mkfs or by hfsplus.py. That mkfs makes HFSX with a
# flag too few, which its fsck sets where the size is one of whole pages.
make_fs() {
	cp --sparse=always "$dir/noise" "$image"
	truncate -s "$1" "$image"
	maker=$2
	shift 2
	case $maker in
	mkfs) mkfs.hfsplus "$@" "$image" >"$dir/log" 2>&1 || fail "mkfs: $(cat "$dir/log")" ;;
	make) $hfsplus make "$@" "$image" || fail "cannot make it: $*" ;;
	esac
	case "$maker $* " in
	"mkfs "*" -s "*) fsck.hfsplus -fy "$image" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")" ;;
	esac
}

# With -n alone fsck takes one with a journal for clean.
clean() {
	for option in -n -fn; do
		fsck.hfsplus $option "$image" >"$dir/log" 2>&1 ||
			fail "fsck.hfsplus $option: $(cat "$dir/log")"
	done
	grep -q 'appears to be OK' "$dir/log" || fail "fsck.hfsplus: $(cat "$dir/log")"
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
while read -r size partclone maker options; do
	proves "$maker $options of $size, by $method"
	case $maker in mkfs) label="-v Ärger" ;; *) label=label=Ärger ;; esac
	# shellcheck disable=SC2086
	make_fs "$size" $maker $label $options
	clean
	check
	if [ "$partclone" = yes ]; then
		partclone_map
		same_map "partclone" "$dir/theirs" "$dir/ours"
	fi
	fshfsinfo -H "$image" >"$dir/log" 2>&1 || fail "fshfsinfo: $(cat "$dir/log")"
	ACHICA_FREEMAP=facts "$freemap" hfsplus "$image" | grep -qx 'label Ärger' || fail "the label"
	cp "$dir/ours" "$dir/free"
	cp --sparse=always "$image" "$dir/before"
	zeroes "$image" --method=$method
	only_free_zeroed "$dir/free" 0 "$dir/before" "$image"
	clean
	check
	same "the map before and after" "$dir/free" "$dir/ours"
	case $method in punch) method=write ;; *) method=punch ;; esac
done <<END
20000768 yes make tail=3072 files=40
20000256 yes make block=512 files=12 x=yes journal=little
60000256 yes make block=65536 tail=34816 journal=new
30000640 no make tail=512 map=9 files=3 journal=big
20000768 no make block=1024 tail=0 map=1000 files=100
20M yes make map=8
20000256 yes mkfs -b 512 -J 1M
20M yes mkfs -s -J 1M
20000768 yes mkfs -b 1024 -n c=8192,e=4096,a=8192
30M yes mkfs -b 16384 -c b=2,c=9,e=5,a=7 -P
60M yes mkfs -b 65536 -J 8M
END

proves "in a place that has grown since, and in one that is too small"
make_fs 20M make files=3
truncate -s 21M "$image"
check
truncate -s 20971008 "$image"
refused outside hfsplus "$image"

proves "what is not clean, not understood, or contradicts itself"
while read -r why options verb rest; do
	fact="$why: $options $verb $rest"
	make_fs 20M make block=512 files=30 map=20 "$options"
	# shellcheck disable=SC2086
	$hfsplus "$verb" "$image" $rest
	refused "$why" hfsplus "$image"
done <<END
unclean x=no poke 4 4 0
errors x=yes poke 4 4 0x900
errors x=no poke 4 4 0x4100
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
proves "in a wrapper of HFS"
make_fs 20M mkfs -w
refused feature hfsplus "$image"

proves "a journal in free blocks"
make_fs 20M make journal=little # block 2 says where it is
$hfsplus bit "$image" 2
refused corrupt hfsplus "$image"

proves "the remedy is named"
make_fs 20M make
$hfsplus poke "$image" 4 4 0
ends 4 --zero --yes "$image"
grep -q 'fsck.hfsplus' "$work/err" || fail "it says: $(cat "$work/err")"
