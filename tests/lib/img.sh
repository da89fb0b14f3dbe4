# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts which run achica on real images share: a folder that goes away on every way out
# with its mounts, loop devices and processes; images full of old data; and the proof that nothing
# but free space was changed. Nothing is touched that these functions have not made.
mapcheck=$top_builddir/tests/lib/mapcheck
fact=

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "FAIL: ${fact:+$fact: }$*"
	exit 1
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

# proves SENTENCE: what is shown from here on, so that a failure has a name.
proves() {
	fact=$*
	echo "- $fact"
}

work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/achica-e2e-XXXXXX")")
cd "$work"
loops=
pids=

# What was detached already may be another's by now.
is_ours() {
	case $(losetup -n -O BACK-FILE "$1" 2>/dev/null) in
	"$work"/*) return 0 ;;
	esac
	return 1
}

clean_up() {
	status=$?
	trap '' HUP INT TERM
	[ $status = 0 ] || [ $status = 77 ] || echo "ended with $status${fact:+ while: $fact}"
	for pid in $pids; do
		kill -9 "$pid" 2>/dev/null || :
	done
	awk -v work="$work/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r at; do
			umount "$at" 2>/dev/null || umount -l "$at" || :
		done
	for loop in $loops; do
		! is_ours "$loop" || losetup -d "$loop" || :
	done
	cd /
	rm -rf "$work"
	exit $status
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# Mounts and loop devices are for root, and not in every container.
need_mounts() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	losetup -f >/dev/null 2>&1 || skip "there are no loop devices"
}

need_ntfs() {
	need mkfs.ntfs ntfs-3g ntfsfix python3
	need_mounts
	[ -e /dev/fuse ] || skip "there is no FUSE"
}

# noise FILE BYTES: old data everywhere, so that nothing is zero by luck. Of 64 MiB on it repeats.
noise() {
	[ -e "$work/random" ] || head -c 64M /dev/urandom >"$work/random"
	noise_left=$2
	: >"$1"
	while [ "$noise_left" -gt 0 ]; do
		head -c "$noise_left" "$work/random" >>"$1"
		noise_left=$((noise_left - 67108864))
	done
}

# attach [LOSETUP OPTION...] FILE: $loop is the device over it. Partitions which the kernel has kept
# from whoever had the device before are not in FILE.
attach() {
	loop=$(losetup -f --show "$@") || fail "losetup $*"
	loops="$loops $loop"
	partx -d "$loop" 2>/dev/null || :
}

detach() {
	losetup -d "$1"
	loops=$(echo "$loops " | sed "s|$1 ||")
}

# mount_ntfs SOURCE FOLDER: $ntfs is the process. It stays in the foreground because umount comes
# back before ntfs-3g has written all; umount_ntfs waits for that.
mount_ntfs() {
	: >"$work/.ntfs-3g"
	ntfs-3g -o no_detach "$1" "$2" >/dev/null 2>"$work/.ntfs-3g" &
	ntfs=$!
	pids="$pids $ntfs"
	wait_for "ntfs-3g mounts $1: $(cat "$work/.ntfs-3g")" mountpoint -q "$2"
}

umount_ntfs() {
	umount "$1"
	wait "$ntfs" || fail "ntfs-3g ended with $?"
}

# wait_for WHAT COMMAND...: until the command succeeds, ten seconds at most.
wait_for() {
	what=$1
	shift
	wait_end=$(($(date +%s) + 10))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $wait_end ] || fail "waited in vain: $what"
		sleep 0.02
	done
}

# write_files FOLDER COUNT BYTES: file1 has that many bytes, fileN about N times as many.
write_files() {
	for i in $(seq "$2"); do
		tail -c +$((i * 77777)) "$work/random" | head -c $((i * $3 + i)) >"$1/file$i"
	done
	sync -f "$1"
}

# delete_half FOLDER: those with an odd number.
delete_half() {
	rm "$1"/file*[13579]
	sync -f "$1"
}

# sums FOLDER: the SHA-256 of every file in it.
sums() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2)
}

# same NAME FILE FILE
same() {
	cmp -s "$2" "$3" && return
	diff "$2" "$3" | head -5
	fail "$1: not the same"
}

# state FILE: what may not change where nothing may be written.
state() {
	stat -c '%s %b %Y %n' "$1"
	sha256sum <"$1"
}

# ends STATUS ARGUMENT...: runs achica; its streams are in the files out and err.
ends() {
	want=$1
	shift
	ended=0
	"$ACHICA" "$@" >"$work/out" 2>"$work/err" </dev/null || ended=$?
	[ "$ended" = "$want" ] && return
	cat "$work/out" "$work/err"
	fail "achica $* ended with $ended, not $want"
}

# zeroes TARGET [OPTION...]: with success.
zeroes() {
	zeroed_target=$1
	shift
	ends 0 --zero --yes --progress=none "$@" -- "$zeroed_target"
}

# The free map of an ext filesystem at an offset of the image, as dumpe2fs tells it, in bytes. Of a
# run of clusters it names the first block of the last one.
dumpe2fs_map() {
	dumpe2fs "$1?offset=${2-0}" 2>/dev/null | awk '
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

# The same of NTFS, by a reader which is not achica's.
ntfs_map() {
	python3 "$top_srcdir/tests/fs/ntfs.py" map "$1" "${2-0}" | join_extents
}

# Joins touching "START LENGTH" lines.
join_extents() {
	awk '$1 == end { len += $2; end += $2; next }
		len { print start, len }
		{ start = $1; len = $2; end = $1 + $2 }
		END { if (len) print start, len }'
}

# compare MAP OFFSET BEFORE AFTER: $changed, $stale and $zeroed bytes; see mapcheck.c.
compare() {
	"$mapcheck" "$@" >"$work/.counts" 2>"$work/.where" || fail "mapcheck: $(cat "$work/.where")"
	read -r changed stale zeroed <"$work/.counts"
	[ "$changed" = 0 ] || fail "$changed bytes outside of the free space: $(cat "$work/.where")"
}

# only_free_zeroed MAP OFFSET BEFORE AFTER: all of the free space, and nothing else.
only_free_zeroed() {
	compare "$@"
	[ "$stale" = 0 ] || fail "$stale free bytes are not zero: $(cat "$work/.where")"
	[ "$zeroed" -gt 0 ] || fail "there was nothing to zero"
}

# stale_bytes MAP OFFSET IMAGE: how many free ones are not zero.
stale_bytes() {
	"$mapcheck" "$1" "$2" "$3" "$3" 2>/dev/null | cut -d ' ' -f 2
}

# printed_commands: the commands in what achica said at the end, as they stand there.
printed_commands() {
	sed -n 's/^  //p' "$work/out"
}

# allocated FILE: bytes it takes on the host.
allocated() {
	sync -f "$1"
	echo $(($(stat -c %b "$1") * 512))
}

# used_bytes FILE: those in blocks of 4 KiB that are not all zero.
used_bytes() {
	python3 - "$1" <<-'END'
		import os, sys
		zero, used = bytes(4096), 0
		with open(sys.argv[1], "rb") as f:
		    while True:
		        try:
		            f.seek(os.lseek(f.fileno(), f.tell(), os.SEEK_DATA))
		        except OSError:
		            break
		        piece = f.read(1 << 20)
		        used += sum(4096 for i in range(0, len(piece), 4096)
		                    if piece[i:i + 4096] != zero[:len(piece) - i])
		print(used)
	END
}
