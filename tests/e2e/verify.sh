#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --verify: what was free is zero, what is in use is what it was, and the filesystem's own fsck finds
# no error, before and after; said for each, and why where one could not be had.
set -eu

. "$top_srcdir/tests/lib/img.sh"
need jq sfdisk debugfs e2fsck mkfs.ext4 mkfs.xfs xfs_repair mkfs.btrfs mkfs.fat fsck.fat \
	mkfs.exfat fsck.exfat mkfs.f2fs fsck.f2fs mkfs.ntfs ntfsfix

# proofs: the four of the first target with a result, in one line.
proofs() {
	jq -r '[.. | objects | select(.proofs)][0].proofs | "\(.free) \(.used) \(.fsck) \(.program)"' out
}

# proves_all PROGRAM TARGET
proves_all() {
	ends 0 --zero --yes --verify --json --progress=none -- "$2"
	[ "$(proofs)" = "ok ok ok $1" ] || fail "$2: $(proofs), not $1"
}

no_loops() {
	[ -z "$(losetup -n -O NAME -j "$1")" ] || fail "left attached: $(losetup -j "$1")"
}

proves "each filesystem's own program agrees before and after"
while read -r program mib mkfs; do
	noise disk.img $((mib * 1048576))
	$mkfs disk.img >log 2>&1 || fail "$mkfs: $(cat log)"
	proves_all "$program" disk.img
	no_loops disk.img
done <<END
e2fsck 16 mkfs.ext4 -qF -E nodiscard
e2fsck 8 mkfs.ext2 -qF -b 1024 -E nodiscard
xfs_repair 300 mkfs.xfs -qfK
btrfs 110 mkfs.btrfs -qfK
ntfsfix 16 mkfs.ntfs --fast --force -q
fsck.fat 40 mkfs.fat -F 32
fsck.exfat 16 mkfs.exfat
fsck.f2fs 64 mkfs.f2fs -q -f -t 0
END

proves "a partition in an image and one on a loop device; what cannot be checked says so"
noise disk.img 41943040
printf '2048,32768\n,16384,S\n' | sfdisk -q disk.img >log 2>&1 || fail "$(cat log)"
attach -o 1048576 --sizelimit 16777216 disk.img
mkfs.ext4 -qF -E nodiscard "$loop"
detach "$loop"
cp disk.img twin.img
proves_all e2fsck 'disk.img#1'
attach twin.img
proves_all e2fsck "$loop#1"
detach "$loop"
no_loops disk.img
no_loops twin.img
ends 0 --zero --yes --gaps --verify --json --progress=none 'disk.img#gap1'
[ "$(proofs)" = 'ok ok null null' ] || fail "a gap: $(proofs)"
ends 3 --zero --yes --verify --progress=none 'disk.img#1'
grep -q 'disk.img#1: verified, e2fsck finds no error' out || fail "not told: $(cat out)"
if setpriv --reuid 65534 --regid 65534 --clear-groups "$ACHICA" --version >log 2>&1; then
	chmod 755 .
	chown 65534 disk.img
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$ACHICA" --zero --yes --verify --json --progress=none 'disk.img#1' >out 2>err || :
	[ "$(proofs)" = 'ok ok no-device e2fsck' ] || fail "who is not root: $(proofs) $(cat err)"
	chown 0 disk.img
	# A whole image needs no device for who opens it for reading alone; fsck.f2fs does not.
	for kind in e2fsck:ok:mkfs.ext4_-qF_-E_nodiscard fsck.f2fs:no-device:mkfs.f2fs_-q_-f_-t_0; do
		tool=${kind%%:*} mkfs=${kind##*:} want=${kind#*:}
		noise disk.img 67108864
		$(echo "$mkfs" | tr _ ' ') disk.img >log 2>&1 || fail "$mkfs: $(cat log)"
		chown 65534 disk.img
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$ACHICA" --zero --yes --verify --json --progress=none disk.img >out 2>err || :
		[ "$(proofs)" = "ok ok ${want%%:*} $tool" ] ||
			fail "who is not root, $tool: $(proofs) $(cat err)"
	done
fi

proves "the program cannot write, and one without a verdict is no reason to stop"
noise disk.img 8388608
mkfs.ext4 -qF -E nodiscard disk.img
mkdir bin
cat >bin/e2fsck <<END
#!/bin/sh
blockdev --getro "\$2" >>"$work/read-only"
exit 8
END
chmod +x bin/e2fsck
PATH=$work/bin:$PATH ends 0 --zero --yes --verify --json --progress=none disk.img
[ "$(proofs)" = 'ok ok no-verdict e2fsck' ] || fail "$(proofs)"
[ "$(cat read-only)" = 1 ] || fail "read-only: $(cat read-only)"

proves "what fsck finds errors in is not written to"
noise disk.img 8388608
mkfs.ext4 -qF -E nodiscard disk.img
debugfs -w -R 'set_inode_field lost+found links_count 7' disk.img 2>/dev/null
cp disk.img before.img
ends 4 --zero --yes --verify --progress=none disk.img
cmp disk.img before.img || fail "it was written to"
grep -q 'e2fsck finds errors in it' err || fail "no reason: $(cat err)"
grep -q "e2fsck -f $work/disk.img" err || fail "no remedy: $(cat err)"
no_loops disk.img
cat >bin/e2fsck <<END
#!/bin/sh
[ -e "$work/once" ] && exit 4
touch "$work/once"
END
cp before.img disk.img
PATH=$work/bin:$PATH ends 1 --zero --yes --verify --json --progress=none disk.img
[ "$(proofs)" = 'ok ok failed e2fsck' ] || fail "$(proofs)"
grep -q 'which were not there before' err || fail "no reason: $(cat err)"

proves "a byte in use that changes meanwhile is an error"
noise disk.img 33554432
mkfs.ext4 -qF -E nodiscard disk.img
head -c 100000 /dev/urandom >file
debugfs -w -R 'write file file' disk.img 2>/dev/null
block=$(debugfs -R 'blocks file' disk.img 2>/dev/null | awk '{print $1}')
size=$(dumpe2fs -h disk.img 2>/dev/null | awk '/^Block size/ {print $3}')
attach disk.img
"$ACHICA" --zero --yes --verify --method=write --max-rate=12M --progress=json "$loop" \
	>out 2>err </dev/null &
worker=$!
pids="$pids $worker"
wait_for "the work to begin" grep -qs '"reclaimed":[1-9]' err
printf x | dd of=disk.img bs=1 seek=$((block * size)) conv=notrunc 2>/dev/null
kill -0 $worker || fail "it had ended"
status=0
wait $worker || status=$?
[ $status = 1 ] || fail "ended with $status: $(cat out err)"
grep -q 'what is in use .*is not what it was before' err || fail "no reason: $(cat err)"
