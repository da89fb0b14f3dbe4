#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Line mode, and the question of --zero, on a terminal: a run begins by a deliberate answer alone.
set -u

for tool in mke2fs debugfs cmp; do
	command -v $tool >/dev/null || { echo "$tool is needed"; exit 77; }
done
# shellcheck disable=SC2154 # from tests/env.sh
vtdrive=$top_builddir/tests/lib/vtdrive
[ -x "$vtdrive" ] || { echo "libvterm is needed"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

# drive WHAT ARGUMENT...: runs achica; the steps are on stdin.
drive()
{
	what=$1
	shift
	"$vtdrive" -t dumb -r 60 - "$ACHICA" "$@" 2>err && return
	echo "$what:"
	cat err
	failed=1
}

unchanged()
{
	cmp -s a.img a.before && return
	echo "$1: the image was written to"
	failed=1
}

truncate -s 8M a.img
mke2fs -q -F -t ext4 -b 4096 a.img || exit 1
head -c 2000000 /dev/urandom >big
debugfs -w -R 'write big big' a.img >/dev/null 2>&1
debugfs -w -R 'rm big' a.img >/dev/null 2>&1
cp a.img a.before
cp a.img dirty.img
debugfs -w -R 'feature needs_recovery' dirty.img >/dev/null 2>&1

drive 'line mode, not agreed' --plain a.img dirty.img <<END
wait 1. [ ] $tmp/a.img, ext4, 8.0M: 
wait 2. [-] $tmp/dirty.img, ext4, 8.0M: journal not replayed
wait quit:
send p<Enter>
wait Nothing is marked.
send w 2<Enter>
wait e2fsck -f $tmp/dirty.img
send 2<Enter>
wait the journal of this ext4 has not been replayed
absent [x]
send 7<Enter>
wait There is no such row
send 1<Enter>
wait 1. [x] $tmp/a.img
send p<Enter>
wait Files are not touched.
wait What is done will be verified
wait goes back:
send <Enter>
wait Nothing was written.
send v<Enter>
wait What is done will not be verified
send p<Enter>
send y<Enter>
send q<Enter>
exit 0
END
unchanged 'line mode, not agreed'

drive 'end of the input' --plain a.img <<'END'
wait quit:
send <C-d>
exit 0
END

drive 'interrupted' --plain a.img <<'END'
wait quit:
send <C-c>
exit 130
END
unchanged 'interrupted'

LANGUAGE=es
export LANGUAGE
drive 'line mode in Spanish, agreed' --plain --method=write a.img <<'END'
wait salir:
send 1<Enter>
wait [x]
send p<Enter>
wait vuelve atr
send EMPEZAR<Enter>
wait hecho, 1.9 MiB puestos a cero
wait qemu-img convert -p -f raw -O qcow2
exit 0
END
cmp -s a.img a.before && { echo 'line mode: nothing was written'; failed=1; }
unset LANGUAGE

cp a.before a.img
drive 'the question, no' --zero a.img <<'END'
wait (yes or no)
send sure<Enter>
wait nothing was written
exit 3
END
unchanged 'the question, no'
LANGUAGE=es drive 'the question in Spanish, yes' --zero a.img <<'END'
wait (sí o no)
send sí<Enter>
wait hecho, 
exit 0
END
cmp -s a.img a.before && { echo 'the question: nothing was written'; failed=1; }

# A swap area is cleared as a whole, so its name is to be typed: a number alone does not mark it.
if command -v mkswap >/dev/null; then
	head -c 4M /dev/urandom >swap.img
	mkswap -q swap.img
	cp swap.img swap.before
	drive 'swap, by its name' --plain --swap swap.img <<'END'
wait 1. [-] 
send 1<Enter>
wait what was swapped out is lost
wait Type swap.img to go on:
send yes<Enter>
wait It is not marked.
absent [x]
send 1<Enter>
wait Type swap.img to go on:
send swap.img<Enter>
wait 1. [x] 
send p<Enter>
wait ALL of it
send start<Enter>
wait done, 4.0 MiB zeroed
exit 0
END
	cmp -s -n 4096 swap.img swap.before || { echo 'swap: the header changed'; failed=1; }
	tail -c +4097 swap.img | cmp -s -n 4190208 - /dev/zero || { echo 'swap: not zero'; failed=1; }
fi

exit $failed
