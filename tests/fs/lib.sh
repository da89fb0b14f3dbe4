# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts about free maps share: a folder of their own, images full of random bytes, and
# the comparison of achica's map with a foreign tool's. Everything is undone on every way out.
freemap=$top_builddir/tests/fs/freemap

skip() {
	echo "SKIP: $*"
	exit 77
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

fail() {
	echo "FAIL: $*"
	exit 1
}

need_mounts() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	losetup -f >/dev/null 2>&1 || skip "there are no loop devices"
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/achica-fs-XXXXXX")
mkdir "$dir/mnt"
loops=
clean_up() {
	status=$?
	umount "$dir/mnt" 2>/dev/null || umount -l "$dir/mnt" 2>/dev/null || :
	for loop in $loops; do
		losetup -d "$loop" 2>/dev/null || :
	done
	rm -rf "$dir"
	exit $status
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# random_image FILE MIB: old data everywhere, so that nothing is zero by luck.
random_image() {
	[ -e "$dir/random" ] || head -c 64M /dev/urandom >"$dir/random"
	head -c "$2M" "$dir/random" >"$1"
}

# Joins touching "START LENGTH" lines.
join_extents() {
	awk '$1 == end { len += $2; end += $2; next }
		len { print start, len }
		{ start = $1; len = $2; end = $1 + $2 }
		END { if (len) print start, len }'
}

# dumpe2fs_map IMAGE OFFSET: the free map as dumpe2fs tells it, in bytes. Of the last cluster it
# names the first block.
dumpe2fs_map() {
	dumpe2fs "$1?offset=$2" 2>/dev/null | awk '
		/^Block size:/ { cluster = size = $3 }
		/^Cluster size:/ { cluster = $3 }
		/^Group [0-9]/ { groups = 1 }
		groups && /^  Free blocks: / {
			n = split(substr($0, 16), runs, ", *")
			for (i = 1; i <= n; i++) {
				if (split(runs[i], ends, "-") == 0)
					continue
				if (!(2 in ends))
					ends[2] = ends[1]
				printf "%.0f %.0f\n", ends[1] * size, (ends[2] - ends[1]) * size + cluster
				delete ends
			}
		}' | join_extents
}

# same_map NAME FILE FILE
same_map() {
	cmp -s "$2" "$3" && return
	diff "$2" "$3" | head -5
	fail "$1: the free maps differ"
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
