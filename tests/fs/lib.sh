# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts about free maps share: achica's map of an image, and its comparison with a
# foreign tool's.
. "$top_srcdir/tests/lib/img.sh"
freemap=$top_builddir/tests/fs/freemap
dir=$work
mkdir "$dir/mnt"

is_unused() {
	[ -z "$(losetup -j "$1")" ]
}

# unmount IMAGE: which mount -o loop has at $dir/mnt. A mount namespace that somebody made meanwhile
# keeps it until it goes.
unmount() {
	umount "$dir/mnt"
	wait_for "$1 is let go" is_unused "$1"
}

# random_image FILE MIB
random_image() {
	noise "$1" $(($2 * 1048576))
}

# same_map NAME FILE FILE
same_map() {
	same "$1: the free maps" "$2" "$3"
}

# refused WHY TYPE IMAGE [OFFSET]: the gate refuses it for that reason, with exit status 4.
refused() {
	want=$1
	shift
	status=0
	got=$("$freemap" "$@" 2>&1) || status=$?
	[ "$status" = 4 ] || fail "$want: $* gave exit status $status: $(echo "$got" | tail -1)"
	[ "${got%% *}" = "$want" ] || fail "$* was refused for '$got', not for $want"
}
