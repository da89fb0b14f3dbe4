#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Space in no partition, on GPT and MBR with logical partitions: cleared for who asks for it, never
# with traces of a filesystem in it unless it was named, never where the table is doubtful, and not a
# byte beside it.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need sfdisk sgdisk mkswap mkfs.ext4 mkfs.xfs jq

MIB=1048576
SIZE=$((60 * MIB))

gpt() {
	noise disk.img $SIZE
	sgdisk -o disk.img >log 2>&1
	sgdisk -n 1:4096:+8M -n 2:32768:+16M -n 3:73728:+4M disk.img >log 2>&1 || fail "$(cat log)"
}

mbr() {
	noise disk.img $SIZE
	sfdisk -q --wipe always disk.img <<-'END'
		start=4096, size=16384, type=83
		start=32768, size=61440, type=5
		start=34816, size=16384, type=83
		start=61440, size=16384, type=82
	END
	# A table over nothing that is known is none to believe.
	rm -f swap
	truncate -s 8M swap
	mkswap swap >log 2>&1 || fail "$(cat log)"
	dd if=swap of=disk.img bs=4096 seek=7680 count=1 conv=notrunc status=none
}

# "START LENGTH" of the gaps as achica has them.
gaps() {
	ends 0 --list --json disk.img
	jq -r '.targets[0].children[] | select(.kind == "gap") | "\(.start) \(.size)"' out
}

# The free space of a table as sfdisk has it, a MiB at least, behind the first partition, and not in
# the last MiB.
sfdisk_gaps() {
	sfdisk -q -F -o Start,End --bytes disk.img 2>/dev/null |
		awk -v size=$SIZE -v first="$1" '$1 ~ /^[0-9]+$/ && $1 >= first {
			start = $1 * 512
			end = ($2 + 1) * 512
			if (end > size - 1048576) end = size - 1048576
			if (end - start >= 1048576) print start, end - start }'
}

# code NAME: why that row is refused.
code_of() {
	jq -r --arg name "$work/$1" '.. | objects | select(.name? == $name) | .refusal.code' out
}

proves "on a GPT they are the free space that sfdisk sees"
gpt
gaps >ours
sfdisk_gaps 20480 >theirs
same "the gaps" theirs ours
[ "$(wc -l <ours)" = 3 ] || fail "$(cat ours)"

proves "without --gaps they are left alone and estimated"
cp disk.img before.img
ends 4 --zero --yes disk.img
cmp disk.img before.img
ends 4 --estimate --exact --json disk.img
[ "$(code_of 'disk.img#gap1')" = opt-in ] || fail "$(cat out)"
jq -e '[.targets[0].children[] | select(.kind == "gap") | .stale == .size] | all' out >/dev/null ||
	fail "the estimate: $(cat out)"

proves "with it they are zeroed, and every other byte of the disk is what it was"
zeroes disk.img --gaps --verify
only_free_zeroed ours 0 before.img disk.img
sgdisk -v disk.img | grep -q 'No problems found' || fail "$(sgdisk -v disk.img)"
ends 4 --estimate --exact --json disk.img
jq -e '[.targets[0].children[] | select(.kind == "gap") | .stale == 0 and .exact] | all' out \
	>/dev/null || fail "they are not told to be zero: $(cat out)"
gpt
cp disk.img before.img
zeroes 'disk.img#gap2' --gaps --method=write
sed -n 2p ours >second
only_free_zeroed second 0 before.img disk.img

proves "none goes beyond the last sector that a GPT allows itself"
noise disk.img $SIZE
printf 'label: gpt\nlast-lba: 100000\nstart=4096, size=16384\n' |
	sfdisk -q --wipe always disk.img >log 2>&1 || fail "$(cat log)"
gaps >ours
echo "$((20480 * 512)) $((100001 * 512 - 20480 * 512))" >theirs
same "the gap" theirs ours

proves "on an MBR they are between the logical partitions too, and the chain stays"
mbr
gaps >ours
# sfdisk counts what is before a logical partition, but not its link; achica leaves a MiB there.
cat >theirs <<-END
	$((20480 * 512)) $((12288 * 512))
	$((51200 * 512)) $((8192 * 512))
	$((77824 * 512)) $((SIZE - MIB - 77824 * 512))
END
same "the gaps" theirs ours
cp disk.img before.img
zeroes disk.img --gaps
only_free_zeroed ours 0 before.img disk.img
sfdisk --verify disk.img >log 2>&1 || fail "$(cat log)"
[ "$(sfdisk -d disk.img | grep -c start=)" = 4 ] || fail "$(sfdisk -d disk.img)"

# deleted TYPE OFFSET COMMAND...: a filesystem there, in no partition.
deleted() {
	gpt
	noise fs.img $((16 * MIB))
	type=$1
	at=$2
	shift 2
	"$@" fs.img >log 2>&1 || fail "$*: $(cat log)"
	dd if=fs.img of=disk.img bs=1M seek="$at" conv=notrunc status=none
	cp disk.img before.img
	ends 0 --zero --yes --gaps --json --progress=none disk.img
	[ "$(code_of "disk.img#$gap")" = remains ] || fail "$type at $at MiB: $(cat out)"
	grep -q "traces of $type" out || fail "$type at $at MiB: $(cat out)"
	tail -c +$((at * MIB + 1)) disk.img | cmp -n $((16 * MIB)) - fs.img
}

proves "a deleted partition in one is seen, and left alone unless the gap is named"
gap=gap3
deleted ext4 40 mkfs.ext4 -q -F
deleted ext4 42 mkfs.ext4 -q -F -b 1024
deleted xfs 41 mkfs.xfs -q -f --unsupported
cp disk.img after.img
zeroes 'disk.img#gap3' --gaps

proves "named beside its disk it is named all the same"
for order in 'disk.img disk.img#gap3' 'disk.img#gap3 disk.img'; do
	cp after.img disk.img
	# shellcheck disable=SC2086
	ends 0 --list --json $order
	[ "$(jq '[.targets[0].children[] | select(.kind == "gap")] | length' out)" = 3 ] ||
		fail "$order: $(cat out)"
	# shellcheck disable=SC2086
	ends 4 --zero --yes --progress=none $order
	cmp disk.img after.img
	# shellcheck disable=SC2086
	zeroes $order --gaps
	tail -c +$((41 * MIB + 1)) disk.img | cmp -s -n $MIB - /dev/zero || fail "$order"
done
sgdisk -v disk.img | grep -q 'No problems found' || fail "$(sgdisk -v disk.img)"
tail -c +$((41 * MIB + 1)) disk.img | cmp -s -n $MIB - /dev/zero || fail "gap 3 is not zero"

# doubtful: no gap is cleared.
doubtful() {
	cp disk.img before.img
	ends 4 --zero --yes --gaps --json disk.img
	[ "$(code_of 'disk.img#gap1')" = doubtful-table ] || fail "$1: $(cat out)"
	ends 4 --zero --yes --gaps --json 'disk.img#gap1'
	cmp disk.img before.img
}

proves "none is cleared under a hybrid MBR"
gpt
sgdisk -h 1:2 disk.img >log 2>&1 || fail "$(cat log)"
doubtful hybrid

proves "nor where the second GPT is damaged, or not at the end of the disk"
gpt
dd if=/dev/zero of=disk.img bs=512 seek=$((SIZE / 512 - 1)) count=1 conv=notrunc status=none
doubtful damaged
gpt
truncate -s $((SIZE + MIB)) disk.img
doubtful grown

proves "nor where an MBR stands beside what is left of a GPT"
gpt
dd if=disk.img of=last bs=512 skip=$((SIZE / 512 - 33)) status=none
mbr
dd if=last of=disk.img bs=512 seek=$((SIZE / 512 - 33)) conv=notrunc status=none
doubtful leftover

proves "nor where what is in a partition is larger than it"
gpt
mkfs.ext4 -q -F -E offset=$((2 * MIB)) disk.img 12M >log 2>&1 || fail "$(cat log)"
doubtful larger

proves "nor of a disk with sectors of 4096 bytes and an MBR, seen in those of 512"
noise disk.img $SIZE
sfdisk -q --wipe always disk.img <<-'END'
	start=512, size=10240, type=83
END
mkfs.ext4 -q -F -E offset=$((2 * MIB)) disk.img 40M >log 2>&1 || fail "$(cat log)"
doubtful sectors

proves "one that is no gap any more is not cleared"
gpt
ends 1 --zero --yes --gaps --json 'disk.img#gap4'
grep -q not-found out || fail "$(cat out)"

# overtaken STATUS COMMAND...: it is run when achica asks whether to begin with gap 1.
vtdrive=$top_builddir/tests/lib/vtdrive
overtaken() {
	rm -f steps ready
	mkfifo steps
	"$vtdrive" -t dumb -r 60 steps "$ACHICA" --zero --gaps 'disk.img#gap1' >screen.log 2>&1 &
	drive=$!
	pids="$pids $drive"
	exec 3>steps
	printf 'wait (yes or no)\ndump ready\n' >&3
	wait_for "the question" test -s ready
	status=$1
	shift
	"$@" >log 2>&1 || fail "$*: $(cat log)"
	cp disk.img before.img
	printf 'send yes<Enter>\nexit %s\n' "$status" >&3
	exec 3>&-
	wait $drive || fail "$(cat screen.log)"
	cmp disk.img before.img
}

proves "nor one that became a partition, or got a filesystem, after it was looked at"
if [ -x "$vtdrive" ]; then
	gpt
	overtaken 4 sgdisk -n 4:22528:+1M disk.img
	gpt
	overtaken 1 mkfs.ext4 -q -F -E offset=$((10 * MIB)) disk.img 5M
fi

[ "$(id -u)" = 0 ] || exit 0
losetup -f >/dev/null 2>&1 || exit 0
proves "on a device a gap is cleared while nothing else of the disk is in use"
mbr
gaps >ours
cp disk.img before.img
attach disk.img
ends 0 --zero --yes --progress=none --gaps "$loop#gap1"
sed -n 1p ours >first
detach "$loop"
only_free_zeroed first 0 before.img disk.img

proves "and with a sibling mounted or swapped on it is refused, by its name"
gpt
mkfs.ext4 -q -F -E offset=$((2 * MIB)) disk.img 8M 2>log || fail "$(cat log)"
attach disk.img
mkdir mnt
if partx -a "$loop" 2>log && mount "${loop}p1" mnt 2>log; then
	trap 'umount mnt 2>/dev/null; partx -d "$loop"; clean_up' EXIT
	ends 4 --zero --yes --gaps --json "$loop#gap1"
	jq -r '.. | objects | select(.name? == "'"$loop"'#gap1") | .refusal.reason' out |
		grep -q "${loop}p1, on the same disk, is in use" || fail "$(cat out)"
	umount mnt
	wait_for "${loop}p1 is let go" sh -c "! grep -q ${loop}p1 /proc/self/mountinfo"
	ends 0 --zero --yes --progress=none --gaps "$loop#gap1"
	partx -d "$loop"
	trap clean_up EXIT
fi
