#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of F2FS is dump.f2fs's segment table, partclone's map, and what no file's node names,
# for every layout; and achica --zero leaves a filesystem which passes its own check, with all
# files as they were. What a kernel makes of one is in fs_kernel.sh.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.f2fs sload.f2fs dump.f2fs fsck.f2fs partclone.f2fs python3
image=$dir/image
f2fs="python3 $top_srcdir/tests/fs/f2fs.py"

fact_of() {
	ACHICA_FREEMAP=facts "$freemap" f2fs "$image" | sed -n "s/^$1 //p"
}

# Partclone's log of a map: POSITION SIZE ?, which is free, in hexadecimal. What it says of blocks
# behind the last segment comes from no table.
partclone_map() {
	rm -f "$dir/domain"
	partclone.f2fs -D -q -s "$image" -o "$dir/domain" >"$dir/log" 2>&1 ||
		fail "partclone: $(cat "$dir/log")"
	while read -r position size state; do
		[ "$state" != '?' ] || echo "$((position)) $((size))"
	done <"$dir/domain" | join_extents | awk -v end="$(fact_of size)" '
		$1 < end { print $1, ($1 + $2 > end ? end - $1 : $2) }' >"$dir/theirs"
}

check() {
	"$freemap" f2fs "$image" >"$dir/ours" 2>"$dir/log" || fail "refused: $(cat "$dir/log")"
	[ -s "$dir/ours" ] || fail "an empty map"
	$f2fs map "$image" | join_extents >"$dir/theirs"
	same_map "dump.f2fs" "$dir/theirs" "$dir/ours"
	$f2fs nodes "$image" | join_extents >"$dir/theirs"
	same_map "the nodes" "$dir/theirs" "$dir/ours"
	if [ "$partclone" = yes ]; then
		partclone_map
		same_map "partclone" "$dir/theirs" "$dir/ours"
	fi
}

clean() {
	fsck.f2fs --dry-run "$image" >"$dir/log" 2>&1 || fail "fsck.f2fs: $(cat "$dir/log")"
	! grep -F '[Fail]' "$dir/log" || fail "fsck.f2fs"
}

make_fs() {
	noise "$image" 40000000
	truncate -s "$1" "$image"
	shift
	mkfs.f2fs -f -t 0 "$@" "$image" >"$dir/log" 2>&1 || fail "mkfs.f2fs $*: $(cat "$dir/log")"
}

# Trees of files: many small, one of several segments, a sparse one.
make_trees() {
	noise "$dir/noise" 1000
	for tree in a b; do
		mkdir -p "$dir/trees/$tree/below"
		write_files "$dir/trees/$tree" 30 7777
		write_files "$dir/trees/$tree/below" 40 333
		echo inline >"$dir/trees/$tree/inline"
		head -c 5000000 "$dir/random" >"$dir/trees/$tree/large"
		truncate -s 9000000 "$dir/trees/$tree/sparse"
		echo end >>"$dir/trees/$tree/sparse"
		yes "compresses well" | head -c 900000 >"$dir/trees/$tree/even"
		ln -s large "$dir/trees/$tree/link"
	done
}

# put TREE [OPTION...]
put() {
	tree=$1
	shift
	sload.f2fs -f "$dir/trees/$tree" -t "/$tree" "$@" "$image" >"$dir/log" 2>&1 ||
		fail "sload.f2fs $*: $(tail -3 "$dir/log")"
}

zero() {
	cp "$dir/ours" "$dir/free"
	cp --sparse=always "$image" "$dir/before"
	"$top_builddir/achica" --zero --yes --method="$1" -q "$image" >"$dir/log" 2>&1 ||
		fail "--zero --method=$1: $(cat "$dir/log")"
	only_free_zeroed "$dir/free" 0 "$dir/before" "$image"
	clean
	check
	same "the map before and after" "$dir/free" "$dir/ours"
}

make_trees
# Partclone 0.3.23 knows neither the checksums of -i nor compressed files.
method=punch
while read -r size compress partclone options; do
	proves "$options of $size, by $method"
	# shellcheck disable=SC2086
	make_fs "$size" -l "a läbel" $options
	check
	put a
	case $compress in
	yes) put b -c ;;
	*) put b ;;
	esac
	check
	clean
	[ "$(fact_of label)" = "a läbel" ] || fail "the label: $(fact_of label)"
	[ "$(fact_of uuid)" = "$(blkid -p -s UUID -o value "$image")" ] || fail "the UUID"
	zero $method
	case $method in punch) method=write ;; *) method=punch ;; esac
done <<END
100M no yes -O encrypt
110M no no -i
150M yes yes -O extra_attr,inode_checksum,sb_checksum,compression
250M no yes -s 4 -z 2
100M no yes -a 1 -o 40
120M no yes -O extra_attr,quota,project_quota,lost_found,inode_crtime
120M no yes -O casefold -C utf8
110M no yes -w 4096
END
