#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The article the fourth way: through the wizard, in a terminal, by keys; then the printed commands.
# In English and in Spanish, at 80x24 and 40x12, with files that must stay, resized while it works,
# and on a terminal that has no screen, where line mode takes over.
set -eu
. "$top_srcdir/tests/lib/reclaim.sh"
need mkfs.ntfs ntfs-3g qemu-img sha256sum fuser
need_mounts
vtdrive=$top_builddir/tests/lib/vtdrive
[ -x "$vtdrive" ] || skip "built without libvterm"

ARTICLE=3014656

make_disk() {
	head -c 10240000 /dev/urandom >"$1"
	mkfs.ntfs --fast --force "$1" >mkfs.log 2>&1 || fail "mkfs.ntfs: $(cat mkfs.log)"
}

# wizard ROWS COLS TERM ARGUMENT... <SCRIPT
wizard() {
	wizard_rows=$1
	wizard_cols=$2
	wizard_term=$3
	shift 3
	cat >script
	"$vtdrive" -r "$wizard_rows" -c "$wizard_cols" -t "$wizard_term" script "$ACHICA" "$@" \
		>screen.log 2>&1 || {
		cat screen.log
		fail "$wizard_cols x $wizard_rows, $wizard_term: achica $*"
	}
}

# converts COPY FILES: runs the commands printed after the wizard was left, as they stand. FILES
# bytes of files are in the copy besides what the article's has.
converts() {
	sed -n 's/\r$//; s/^  \(qemu-img .*\)/\1/p' left >commands
	[ -s commands ] || fail "no commands were printed: $(cat left)"
	sh -eu commands >convert.log 2>&1 || fail "$(cat commands convert.log)"
	size=$(stat -c %s "$1")
	[ "$size" -le $((ARTICLE + $2)) ] || fail "the qcow2 has $size bytes, $2 of them files"
}

make_disk disk.img
attach disk.img
ntfs-3g "$loop" mnt
write_files mnt 20 200
delete_half mnt
sums mnt >before.sums
# Each file ends in a cluster of qcow2 that it does not fill.
files=$(($(du -sb mnt/files | cut -f 1) + 11 * 65536))
umount mnt
until_unused disk.img
detach "$loop"
wizard 24 80 xterm-256color disk.img <<-'END'
	wait [1 Select]
	wait [x]
	wait Reclaimable
	send <F5>
	wait [2 Plan]
	wait Nothing has been written yet.
	cursor Back
	send <Right>
	cursor Start
	send <Enter>
	wait [4 Result]
	wait done
	wait qemu-img convert
	send q
	exit 0
	output left
END
grep -q 'zeroed' left || fail "no summary after leaving: $(cat left)"
converts disk.qcow2 "$files"
attach disk.img
ntfs-3g "$loop" mnt
sums mnt >after.sums
umount mnt
until_unused disk.img
detach "$loop"
cmp -s before.sums after.sums || fail "files changed"
proves "the wizard at 80x24, files intact: $size bytes of qcow2"

make_disk es.img
LANGUAGE=es wizard 12 40 xterm-256color es.img <<-'END'
	wait Elegir
	wait [x]
	send <F5>
	wait Plan
	wait Volver
	send <Right>
	send <Enter>
	wait Resumen
	send q
	exit 0
	output left
END
converts es.qcow2 0
proves "in Spanish at 40x12: $size bytes of qcow2"

# Nothing is written without the two keys: from the plan back, and out.
make_disk back.img
sha256sum back.img >back.sum
wizard 24 80 vt100 back.img <<-'END'
	wait [x]
	send <F5>
	wait [2 Plan]
	wait Nothing has been written yet.
	send <Enter>
	wait [1 Select]
	send n
	gone [x]
	send q
	exit 0
END
sha256sum -c back.sum >/dev/null 2>&1 || fail "something was written without Start"
proves "without Start nothing is written"

# At work: resized to nothing and back, stopped by ^C twice; the exit status says that it was.
random_image big.img 64
mke2fs -q -F -t ext4 -E nodiscard big.img
wizard 24 80 linux --method=write --max-rate=4M big.img <<-'END'
	wait [x]
	send <F5>
	wait [2 Plan]
	wait Nothing has been written yet.
	send <Right>
	send <Enter>
	wait [3 Zero]
	resize 4 30
	wait 40x10
	resize 10 40
	wait Safe to stop
	resize 43 132
	wait [3 Zero]
	resize 24 80
	wait [3 Zero]
	send p
	wait PAUSED
	send p
	gone PAUSED
	send <Esc>
	wait Continue
	send <C-c>
	send <C-c>
	exit 130
	output left
END
grep -q STOPPED left || fail "the summary of a stopped run: $(cat left)"
e2fsck -fn big.img >e2fsck.log 2>&1 || fail "$(cat e2fsck.log)"
proves "resized, paused and stopped at work: clean"

# The terminal goes away at work: so does the process, and the filesystem is clean.
wizard 24 80 xterm --method=write --max-rate=4M big.img <<-'END'
	wait [x]
	send <F5>
	wait [2 Plan]
	wait Nothing has been written yet.
	send <Right>
	send <Enter>
	wait [3 Zero]
	hangup
	timeout 2000
	exit 129
END
e2fsck -fn big.img >e2fsck.log 2>&1 || fail "$(cat e2fsck.log)"
proves "the terminal went away: gone within two seconds, clean"

make_disk dumb.img
wizard 24 80 dumb dumb.img <<-'END'
	wait dumb.img
	hangup
	timeout 3000
	exit 129
END
proves "a terminal without a screen gets line mode"
