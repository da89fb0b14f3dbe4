#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The article the fourth way: through the wizard, in a terminal, by keys; then the printed commands.
# In English and in Spanish, at 80x24 and 40x12, with files that must stay, resized while it works,
# and on a terminal that has no screen, where line mode takes over.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need qemu-img mkfs.ext4 dumpe2fs e2fsck
need_ntfs
vtdrive=$top_builddir/tests/lib/vtdrive
[ -x "$vtdrive" ] || skip "built without libvterm"
limit=3014656
mkdir mnt

# wizard ROWS COLS TERM ARGUMENT... <SCRIPT
wizard() {
	rows=$1
	cols=$2
	term=$3
	shift 3
	cat >script
	"$vtdrive" -r "$rows" -c "$cols" -t "$term" script "$ACHICA" "$@" >screen.log 2>&1 || {
		cat screen.log
		fail "$cols x $rows, $term: achica $*"
	}
}

new_disk() {
	rm -f disk.img disk.qcow2
	noise disk.img 10240000
	mkfs.ntfs --fast --force disk.img >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
	cp disk.img before.img
	ntfs_map disk.img >map
}

# small LIMIT: the commands in what was printed after the wizard was left, as they stand there.
small() {
	sed -n 's/^  \(qemu-img .*\)/\1/p' left >commands
	[ -s commands ] || fail "no commands were printed: $(cat left)"
	sh -eu commands >log 2>&1 || fail "$(cat commands log)"
	size=$(stat -c %s disk.qcow2)
	[ "$size" -le "$1" ] || fail "the copy has $size bytes"
}

proves "80x24: all of the free space is zeroed, the copy is small, summary and commands stay"
new_disk
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
only_free_zeroed map 0 before.img disk.img
grep -q 'disk.img: done, .* zeroed' left || fail "no summary: $(cat left)"
small $limit

proves "40x12, in Spanish, on a disk with files: they are intact"
new_disk
mount_ntfs disk.img mnt
write_files mnt 20 9000
delete_half mnt
sums mnt >kept
files=$(du -sb mnt | cut -f 1)
umount_ntfs mnt
cp disk.img before.img
ntfs_map disk.img >map
LANGUAGE=es wizard 12 40 xterm-256color disk.img <<-'END'
	wait Elegir
	wait [x]
	send <F5>
	wait Plan
	wait Todavía no se ha escrito nada.
	cursor Volver
	send <Right>
	cursor Empezar
	send <Enter>
	wait Resumen
	send q
	exit 0
	output left
END
only_free_zeroed map 0 before.img disk.img
# Each file may end in a cluster of the copy which it does not fill.
small $((limit + files + 11 * 65536))
mount_ntfs disk.img mnt
sums mnt >now
umount_ntfs mnt
same "the files" kept now

proves "in another format: it is in the commands, and x makes the copy so"
new_disk
wizard 24 100 xterm-256color disk.img <<-'END'
	wait Reclaimable
	wait as qcow2
	send <F5>
	wait [2 Plan]
	send <Right><Enter>
	wait [4 Result]
	wait Expected as qcow2
	send f
	wait -o extended_l2=on,cluster_size=128k
	send fff
	wait Expected with -c -o compression_type=zstd
	send x
	wait Name of a new file
	send <Enter>
	wait sound (checked)
	send <Enter>q
	exit 0
	output left
END
grep -q "^  qemu-img convert .* -c -o compression_type=zstd .*/disk.img .*/disk.qcow2$" left ||
	fail "the commands are in another format: $(cat left)"
qemu-img info disk.qcow2 | grep -q "compression type: zstd" || fail "$(qemu-img info disk.qcow2)"

proves "without Start nothing is written"
new_disk
state disk.img >before
wizard 24 80 vt100 disk.img <<-'END'
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
state disk.img >after
same "the image" before after

proves "resized, paused and stopped at work: the summary says so, no used byte is changed"
noise disk.img 67108864
mkfs.ext4 -q -F -E nodiscard disk.img
cp disk.img before.img
dumpe2fs_map disk.img >map
wizard 24 80 linux --method=write --max-rate=4M disk.img <<-'END'
	wait [x]
	send <F5>
	wait [2 Plan]
	wait Nothing has been written yet.
	send <Right>
	send <Enter>
	wait [3 Zero]
	wait zeroing
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
	send <Esc>
	gone Continue
	send <C-c>
	wait Continue
	send <C-c>
	exit 130
	output left
END
grep -q STOPPED left || fail "the summary of a stopped run: $(cat left)"
compare map 0 before.img disk.img
[ "$zeroed" -gt 0 ] || fail "it had not begun"
e2fsck -fn disk.img >log 2>&1 || fail "$(cat log)"

proves "the terminal goes away at work: the process too, within two seconds, no used byte changed"
wizard 24 80 xterm --method=write --max-rate=4M disk.img <<-'END'
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
compare map 0 before.img disk.img
zeroes disk.img --method=write
only_free_zeroed map 0 before.img disk.img

proves "a terminal without a screen gets line mode"
new_disk
wizard 24 80 dumb disk.img <<-'END'
	wait disk.img
	hangup
	timeout 3000
	exit 129
END
