#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --convert: the copy is whole, compared and checked, or it is not there at all; what exists is never
# overwritten; and the source stays what it is.
set -eu

. "$top_srcdir/tests/lib/img.sh"
need qemu-img mkfs.ext4 sfdisk debugfs python3
need_mounts

# disk FILE: two filesystems with files, and old data in all else.
disk() {
	noise "$1" 50331648
	printf 'label: gpt\nstart=2048, size=40960\nstart=43008, size=53248\n' | sfdisk -q "$1"
	for at in 1048576 22020096; do
		mkfs.ext4 -qF -E "offset=$at,nodiscard" "$1" 16M
		debugfs -w -R "write $work/bin/file file" "$1?offset=$at" >/dev/null 2>&1
	done
}
mkdir bin
head -c 4M /dev/urandom >bin/file
disk disk.img
rm bin/file random

# nothing_made: no copy, nor a part of one.
nothing_made() {
	[ -z "$(find . -name '*.part')" ] || fail "a part of the copy is left"
	[ ! -e copy.qcow2 ] || fail "there is a copy"
}

proves "a copy of the reclaimed disk is made, compared and checked"
cp disk.img one.img
ends 0 --zero --yes --progress=line --convert=copy.qcow2 one.img
grep -q '^achica: .*copying' err || fail "no progress was shown: $(cat err)"
qemu-img check -q copy.qcow2 || fail "the copy is not sound"
qemu-img compare -q -f raw -F qcow2 one.img copy.qcow2 || fail "the copy differs"
qemu-img convert -f raw -O qcow2 one.img by_hand.qcow2
[ "$(stat -c %s copy.qcow2)" = "$(stat -c %s by_hand.qcow2)" ] || fail "not the size of qemu-img's"
nothing_else=$(find . -newer one.img -name '*.part')
[ -z "$nothing_else" ] || fail "left: $nothing_else"
rm by_hand.qcow2

proves "where nothing is left to reclaim, the copy is made all the same"
mv copy.qcow2 first.qcow2
ends 0 --zero --yes --json --progress=json --convert=copy.qcow2 one.img
python3 - "$work/copy.qcow2" out err <<'END' || fail "the JSON says otherwise: $(cat out err)"
import json, os, sys
copy = json.load(open(sys.argv[2]))["targets"][0]["copy"]
last = [json.loads(line) for line in open(sys.argv[3])][-1]
assert last["copy"] == sys.argv[1] and last["phase"] == "done" and last["percent"] == 100
st = os.stat(sys.argv[1])
assert copy["out"] == sys.argv[1] and copy["result"] == "done" and copy["error"] is None
assert copy["size"] == st.st_size and copy["space"] == st.st_blocks * 512
assert copy["compared"] is True and copy["checked"] is True and copy["seconds"] > 0
END
cmp -s first.qcow2 copy.qcow2 || fail "not the same copy"
rm first.qcow2 copy.qcow2

proves "what exists is not overwritten, and nothing is zeroed then"
cp disk.img two.img
sync two.img
state two.img >before
echo precious >copy.qcow2
ends 4 --zero --yes --convert=copy.qcow2 two.img
[ "$(cat copy.qcow2)" = precious ] || fail "it was overwritten"
ends 4 --zero --yes --convert=two.img two.img
ln -sf nowhere link
ends 4 --zero --yes --convert=link two.img
rm copy.qcow2 link
echo precious >copy.qcow2.part
ends 4 --zero --yes --convert=copy.qcow2 two.img || fail "a part of another was taken"
[ "$(cat copy.qcow2.part)" = precious ] || fail "a part of another was overwritten"
rm copy.qcow2.part

state two.img >after
same "refused" before after

proves "without qemu-img it is said which package has it"
for tool in sh cat; do ln -s "$(command -v $tool)" bin/; done
PATH=$work/bin ends 1 --zero --yes --convert=copy.qcow2 two.img
grep -q 'qemu-utils' err || fail "no package is named: $(cat err)"
state two.img >after
same "without qemu-img" before after

proves "a destination without room, or inside the source, is refused before anything is done"
truncate -s 4M small.img
mkfs.ext4 -qF small.img
mkdir small mnt
attach small.img
mount "$loop" small
ends 1 --zero --yes --convert="$work/small/copy.qcow2" two.img
grep -q 'room' err || fail "not for want of room: $(cat err)"
[ -z "$(find small -type f)" ] || fail "something is in there"
ends 4 --zero --yes --convert="$work/small/copy.qcow2" "$loop"
grep -q 'in what is copied' err || fail "not for its place: $(cat err)"
ends 4 --zero --yes --convert=copy.qcow2 "$loop"
grep -q 'mounted' err || fail "not because it is mounted: $(cat err)"
umount small
detach "$loop"
ends 1 --zero --yes --convert=nowhere/copy.qcow2 two.img
state two.img >after
same "refused" before after
nothing_made

# fake SCRIPT: a qemu-img that behaves so; $verb is what it is asked for, $to the last argument.
fake() {
	{
		echo '#!/bin/sh'
		echo 'verb=$1; for to; do :; done'
		echo "$1"
	} >bin/qemu-img
	chmod +x bin/qemu-img
}
real=$(command -v qemu-img)
for tool in sleep touch mkfifo; do ln -s "$(command -v $tool)" bin/; done

proves "when qemu-img fails, its words are told and nothing is left"
fake 'echo "    (12.00/100%)"; echo junk >"$to"; echo "qemu-img: no space on Mars" >&2; exit 1'
PATH=$work/bin:$PATH ends 1 --zero --yes --convert=copy.qcow2 two.img
grep -q 'no space on Mars' err || fail "its words are lost: $(cat err)"
nothing_made

proves "a copy which differs is removed"
fake '[ $verb != compare ] || exit 1; exec '"$real"' "$@"'
PATH=$work/bin:$PATH ends 1 --zero --yes --json --convert=copy.qcow2 two.img
grep -q '"differs"' out || fail "the JSON does not say so: $(cat out)"
nothing_made

proves "a source that is written to meanwhile makes no copy"
fake '[ $verb != convert ] || touch '"$work/two.img"'; exec '"$real"' "$@"'
PATH=$work/bin:$PATH ends 1 --zero --yes --convert=copy.qcow2 two.img
grep -q 'written to while' err || fail "it was not noticed: $(cat err)"
nothing_made

proves "meanwhile nobody can write to it"
fake 'if [ $verb = convert ]; then
	'"${real%img}io"' -f raw -c "write 0 512" '"$work/two.img"' >&2 && exit 3
fi
exec '"$real"' "$@"'
if command -v qemu-io >/dev/null; then
	PATH=$work/bin:$PATH ends 0 --zero --yes --convert=copy.qcow2 two.img
	rm copy.qcow2
fi

proves "stopped amid the copy, nothing is left, neither file nor process"
mkfifo ready
fake 'echo $$ >'"$work"'/ready; echo junk >"$to"; while :; do sleep 1; done'
PATH=$work/bin:$PATH "$ACHICA" --zero --yes --convert=copy.qcow2 two.img >out 2>err </dev/null &
achica=$!
pids="$pids $achica"
read -r child <ready
kill -TERM $achica
status=0
wait $achica || status=$?
[ $status = 143 ] || fail "ended with $status: $(cat err)"
! kill -0 "$child" 2>/dev/null || fail "qemu-img goes on"
nothing_made

proves "the copy may have any name"
: >after
ls -A >before
for name in 'two  words' '-dash' 'nbd:x:1' "it's" 'a,b=c' '$(x)' 'ñ 漢' "$(printf 'tab\t')"; do
	ends 0 --zero --yes "--convert=$name" -- two.img
	qemu-img compare -q -f raw -F qcow2 two.img "./$name" || fail "$name is not the copy"
	rm "./$name"
done
ls -A >after
same "the folder" before after

proves "one who is not root copies an image that he may only read"
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
chmod 755 "$work"
umask 022
if as_nobody "$ACHICA" --version >/dev/null 2>&1; then
	mkdir theirs
	chmod 777 theirs
	chmod 440 one.img
	chgrp 65534 one.img
	as_nobody "$ACHICA" --progress=none -q \
		--convert=theirs/copy.qcow2 one.img >out 2>err || fail "$(cat out err)"
	qemu-img compare -q -f raw -F qcow2 one.img theirs/copy.qcow2 || fail "the copy differs"
	[ "$(stat -c %a theirs/copy.qcow2)" = 640 ] || fail "$(ls -l theirs)"
fi

proves "what does not fit together is refused"
ends 2 --list --convert=copy.qcow2 two.img
ends 2 --zero --dry-run --convert=copy.qcow2 two.img
ends 2 --zero --yes --convert=copy.qcow2 two.img one.img
