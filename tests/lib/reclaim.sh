# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts that reclaim share, besides tests/fs/lib.sh: files written and deleted, and the
# proof that nothing but free space changed.
. "$top_srcdir/tests/fs/lib.sh"
cd "$dir" || exit 1

proves() {
	echo "ok: $*"
}

# run STATUS ARGUMENT...: achica ends so; its streams are in out and err.
run() {
	run_want=$1
	shift
	run_got=0
	"$ACHICA" "$@" >out 2>err </dev/null || run_got=$?
	[ "$run_got" = "$run_want" ] || {
		cat out err
		fail "achica $* ended with $run_got, not $run_want"
	}
}

# attach FILE [LOSETUP OPTION...]: a loop device over it, in $loop, until detach or the end.
attach() {
	attach_file=$1
	shift
	loop=$(losetup -f --show "$@" "$attach_file") || fail "losetup $attach_file"
	loops="$loops $loop"
}

detach() {
	losetup -d "$1"
}

# FUSE lets go a moment after umount says it did.
until_unused() {
	for _ in $(seq 100); do
		fuser -s "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	fail "$1 is still in use"
}

# write_files FOLDER COUNT MAX_KIB: random files of varied length, a few folders.
write_files() {
	mkdir -p "$1/files/deep"
	for i in $(seq "$2"); do
		head -c $((1 + (i * 7919 + 13) % ($3 * 1024))) /dev/urandom >"$1/files/f$i"
	done
	head -c 20000 /dev/urandom >"$1/files/deep/name with space"
}

# delete_half FOLDER
delete_half() {
	for f in "$1"/files/f*[02468]; do
		rm "$f"
	done
}

sums() {
	(cd "$1" && find files -type f -exec sha256sum {} + | sort -k 2)
}

# only_free_changed MAP BEFORE AFTER [OFFSET]: outside the map, which counts from OFFSET, each byte
# is as it was; inside it is zero.
only_free_changed() {
	python3 - "$@" <<-'END' || fail "$3: more or less than free space was zeroed"
		import sys
		map_file, before, after = sys.argv[1:4]
		base = int(sys.argv[4]) if len(sys.argv) > 4 else 0
		STEP = 1 << 22
		def same(a, b, start, end):
		    while start < end:
		        n = min(STEP, end - start)
		        a.seek(start); b.seek(start)
		        if a.read(n) != b.read(n):
		            sys.exit(f"used bytes near {start} changed")
		        start += n
		def zero(b, start, end):
		    while start < end:
		        n = min(STEP, end - start)
		        b.seek(start)
		        if b.read(n).strip(b"\0"):
		            sys.exit(f"free bytes near {start} are not zero")
		        start += n
		with open(before, "rb") as a, open(after, "rb") as b:
		    at, extents = 0, 0
		    for line in open(map_file):
		        start, length = map(int, line.split())
		        start += base
		        same(a, b, at, start)
		        zero(b, start, start + length)
		        at = start + length
		        extents += 1
		    a.seek(0, 2); b.seek(0, 2)
		    if a.tell() != b.tell():
		        sys.exit("the size changed")
		    same(a, b, at, a.tell())
		    if extents == 0:
		        sys.exit("the map is empty")
	END
}
