#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Linux swap by mkswap, in every page size: all but its header is zeroed, for who asks for it, and
# the header is what it was. In use or hibernated it is refused.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkswap swaplabel blkid jq sfdisk
uuid=6f1c1b0e-4f5e-4c2b-9d7a-0b1f2e3d4c5b

# make PAGE [BYTES [MKSWAP OPTION...]]: a swap on old data; $page and $used are its first page and,
# as mkswap says, all that follows.
make() {
	page=$1
	bytes=${2-16777216}
	[ $# -lt 2 ] || shift
	shift
	noise swap.img "$bytes"
	mkswap -p "$page" -L "a label" -U $uuid "$@" swap.img >log 2>&1 || fail "mkswap: $(cat log)"
	used=$(sed -n 's/.*(\([0-9]*\) bytes).*/\1/p' log)
	echo "$page $used" >theirs
}

# refusal CODE [OPTION...]: and nothing is written.
refusal() {
	code=$1
	shift
	state swap.img >before
	ends 4 --zero --yes --progress=none --json "$@" -- swap.img
	got=$(jq -r '.targets[0].refusal.code' out)
	[ "$got" = "$code" ] || fail "refused for $got, not for $code"
	state swap.img >after
	same "the image" before after
}

proves "the map is mkswap's, the header stays byte for byte, the rest is zero"
for size in 4096 8192 16384 32768 65536; do
	make $size 16780000
	"$freemap" swap swap.img >ours || fail "$size is refused"
	same_map "pages of $size" theirs ours
	cp swap.img before.img
	swaplabel swap.img >before
	zeroes swap.img --swap --verify
	only_free_zeroed theirs 0 before.img swap.img
	swaplabel swap.img >after
	same "what swaplabel says" before after
	[ "$(blkid -p -o value -s UUID swap.img)" = $uuid ] || fail "blkid does not know it"
done
grep -q "$uuid" after || fail "swaplabel: $(cat after)"

proves "swap in the other byte order too"
make 4096
python3 - swap.img <<'END'
import sys
with open(sys.argv[1], "r+b") as f:
    for at in (1024, 1028, 1032):
        f.seek(at)
        number = f.read(4)
        f.seek(at)
        f.write(number[::-1])
END
cp swap.img before.img
zeroes swap.img --swap
only_free_zeroed theirs 0 before.img swap.img

proves "nobody's swap is cleared unless that was asked for, but what it would give is told"
make 4096
refusal opt-in
jq -e '.targets[0].refusal.remedy == "achica --zero --swap '"$dir"'/swap.img"' out >/dev/null ||
	fail "the remedy: $(jq -c '.targets[0].refusal' out)"
refusal opt-in --gaps
ends 4 --estimate --exact --json -- swap.img
jq -e ".targets[0] | .fstype == \"swap\" and .stale == $used and .label == \"a label\"" out \
	>/dev/null || fail "the estimate: $(cat out)"
ends 0 --free-map swap.img
same_map "--free-map" theirs out

proves "a partition with swap is left alone while the others of its disk are done"
need sfdisk mkfs.ext4
noise disk.img 50331648
sfdisk -q --wipe always disk.img <<-'END'
	start=2048, size=32768, type=83
	start=34816, size=32768, type=82
END
mkfs.ext4 -q -F -E offset=1048576 disk.img 16M 2>log || fail "$(cat log)"
make 4096
dd if=swap.img of=disk.img bs=1M seek=17 conv=notrunc status=none
cp disk.img before.img
zeroes disk.img
cmp -s -i 17825792 disk.img before.img || fail "the swap was changed"
grep -q "disk.img#2: .*--swap" err || fail "not a word about it: $(cat err)"
zeroes disk.img --swap
echo "$((17825792 + page)) $used" >theirs
[ "$(stale_bytes theirs 0 disk.img)" = 0 ] || fail "the swap was not cleared"
cmp -s -n $page -i 17825792:0 disk.img swap.img || fail "its header was changed"

proves "what a hibernated system left there is refused"
for magic in S1SUSPEND ULSUSPEND LINHIB0001; do
	for size in 4096 65536; do
		make $size
		printf '%s\0' $magic | head -c 10 |
			dd of=swap.img bs=1 seek=$((size - 10)) conv=notrunc status=none
		refusal hibernated --swap
		jq -e '.targets[0].refusal.remedy | contains("hibernated")' out >/dev/null ||
			fail "no remedy: $(cat out)"
	done
done

proves "bad pages stay as they are"
make 4096
printf '\2\0\0\0' | dd of=swap.img bs=1 seek=1032 conv=notrunc status=none
printf '\7\0\0\0\11\0\0\0' | dd of=swap.img bs=1 seek=1536 conv=notrunc status=none
cp swap.img before.img
printf '4096 24576\n32768 4096\n40960 %s\n' $((used + page - 40960)) >theirs
zeroes swap.img --swap
only_free_zeroed theirs 0 before.img swap.img

vtdrive=$top_builddir/tests/lib/vtdrive
if [ -x "$vtdrive" ]; then
	proves "in the wizard it is marked by its name typed, and by nothing else"
	make 4096
	cp swap.img before.img
	"$vtdrive" - "$ACHICA" swap.img >screen.log 2>&1 <<-'END' || fail "$(cat screen.log)"
		wait opt-in
		send <Space>
		wait Type swap.img to go on
		send yes<Enter>
		wait Type swap.img to go on
		send <C-u>swap.img<Enter>
		wait [x]
		send <F5>
		wait ALL of it is cleared
		cursor Back
		send <Right><Enter>
		wait [4 Result]
		wait done
		send q
		exit 0
	END
	only_free_zeroed theirs 0 before.img swap.img
fi

proves "the swap of version 0 is refused by name"
make 4096
printf 'SWAP-SPACE' | dd of=swap.img bs=1 seek=4086 conv=notrunc status=none
refusal feature --swap

[ "$(id -u)" = 0 ] || exit 0
losetup -f >/dev/null 2>&1 || exit 0
proves "where a system is hibernated, no filesystem of its disk is touched"
truncate -s 48M disk.img
printf '2048,16384,S\n,65536\n' | sfdisk -q disk.img >log 2>&1 || fail "$(cat log)"
attach -o 1048576 --sizelimit 8388608 disk.img
mkswap -q "$loop"
printf S1SUSPEND | dd of="$loop" bs=1 seek=4086 conv=notrunc status=none
detach "$loop"
attach -o 9437184 --sizelimit 33554432 disk.img
mkfs.ext4 -qF -E nodiscard "$loop"
detach "$loop"
cp disk.img before.img
for name in disk.img 'disk.img#2'; do
	ends 4 --zero --yes --swap --json -- "$name"
	jq -e '[.. | objects | select(.fstype == "ext4")][0].refusal.code == "hibernated"' out \
		>/dev/null || fail "$name: $(cat out)"
done
cmp disk.img before.img || fail "it was written to"

proves "an active swap is refused, with the command that switches it off"
make 4096
chmod 600 swap.img
attach swap.img
if swapon "$loop" 2>log; then
	trap 'swapoff "$loop" 2>/dev/null; clean_up' EXIT
	ends 4 --zero --yes --swap --json -- "$loop"
	jq -e '.targets[0].refusal | .code == "swap-active" and .remedy == "swapoff '"$loop"'"' out \
		>/dev/null || fail "$(cat out)"
	ends 4 --zero --yes --swap --json -- swap.img
	case $(jq -r '.targets[0].refusal.code' out) in
	swap-active | loop) ;;
	*) fail "the image of an active swap: $(cat out)" ;;
	esac
	swapoff "$loop"
	trap clean_up EXIT
	ends 0 --zero --yes --progress=none --swap -- "$loop"
fi
