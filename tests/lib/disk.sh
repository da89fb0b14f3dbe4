# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts about disks and locks share: a folder, loop devices and mounts that are undone on
# every way out, the rows of disktool, and programs that hold something until they are let go.
disktool=$top_builddir/tests/e2e/disktool

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "FAIL: $*"
	exit 1
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

[ "$(id -u)" = 0 ] || skip "loop devices need root"
losetup -f >/dev/null 2>&1 || skip "there are no loop devices"
need sfdisk sgdisk partx mkfs.ext4 mkswap mkfs.ntfs

dir=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/achica-disk-XXXXXX")")
cd "$dir"
loops=
holder=
clean_up() {
	status=$?
	exec 3>&- 4<&-
	[ -z "$holder" ] || kill -CONT "$holder" 2>/dev/null || :
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || :
	for m in "$dir"/mnt*; do
		umount "$m" 2>/dev/null || umount -l "$m" 2>/dev/null || :
	done
	for loop in $loops; do
		# What was detached already may be another's by now.
		case $(losetup -n -O BACK-FILE "$loop" 2>/dev/null) in
		"$dir"/*) ;;
		*) continue ;;
		esac
		for part in "$loop"p*; do
			[ ! -b "$part" ] || swapoff "$part" 2>/dev/null || :
		done
		partx -d "$loop" 2>/dev/null || :
		losetup -d "$loop" 2>/dev/null || :
	done
	cd /
	rm -rf "$dir"
	exit $status
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# attach VARIABLE [LOSETUP OPTION...] FILE
attach() {
	attach_to=$1
	shift
	attached=$(losetup -f --show "$@") || fail "losetup $*"
	loops="$loops $attached"
	eval "$attach_to=\$attached"
}

# Whoever looks at all disks just now keeps a detached loop device for a moment.
detach() {
	detach_file=$(losetup -n -O BACK-FILE "$1")
	losetup -d "$1"
	for _ in $(seq 200); do
		[ "$(losetup -n -O BACK-FILE "$1" 2>/dev/null)" = "$detach_file" ] || break
		sleep 0.05
	done
	loops=$(echo "$loops" | sed "s|$1\$||; s|$1 ||")
}

# row NAME FIELD: a field of a row of the file "rows"; see disktool.c. With -v awk would take a
# backslash in a name for an escape.
row() {
	row_name=$1 awk -F'|' -v field="$2" '
		BEGIN { name = ENVIRON["row_name"]
			n = split("depth kind name path base start size sector table format fstype " \
			"label mounts backing system verdict what pid", names, " ")
			for (i = 1; i <= n; i++) at[names[i]] = i }
		$3 == name { print $at[field] }' rows
}

# is NAME FIELD VALUE
is() {
	is_value=$(row "$1" "$2")
	[ "$is_value" = "$3" ] || {
		cat rows
		fail "$2 of $1 is \"$is_value\", not \"$3\""
	}
}

probe() {
	"$disktool" probe "$@" >rows || fail "probe $*: $(cat rows)"
}

# rejects WHY NAME...: the tree cannot be built.
rejects() {
	rejects_why=$1
	shift
	if "$disktool" tree "$@" >out; then
		fail "tree $*: $(cat out)"
	fi
	case $(cat out) in
	"$rejects_why"\|*) ;;
	*) fail "tree $*: $(cat out), not $rejects_why" ;;
	esac
}

# hold PROGRAM...: runs it with its input open until let_go; the first line of its output is $said.
hold() {
	rm -f hold.in hold.out
	mkfifo hold.in hold.out
	"$@" <hold.in >hold.out 2>&1 3>&- 4<&- &
	holder=$!
	exec 3>hold.in 4<hold.out
}

said() {
	said=
	read -r said <&4 || [ -n "$said" ] || fail "nothing was said"
}

let_go() {
	exec 3>&- 4<&-
	wait "$holder" || :
	holder=
}

# locked KIND TARGET: takes the lock and keeps it.
locked() {
	hold "$disktool" lock "$1" "$2"
	said
	case $said in
	locked*) ;;
	*) fail "lock $1 $2: $said" ;;
	esac
}

# refused KIND TARGET WHY [WHAT]: sets $refusal to the whole answer.
refused() {
	refused_status=0
	refusal=$("$disktool" lock "$1" "$2" </dev/null) || refused_status=$?
	case $refusal in
	"$3|${4-}"*) ;;
	*) fail "lock $1 $2: $refusal, not $3 ${4-}" ;;
	esac
}

# free KIND TARGET: the lock can be had, and is given back.
free() {
	free_said=$("$disktool" lock "$1" "$2" </dev/null) || fail "lock $1 $2: $free_said"
}

gpt_image() {
	truncate -s 64M "$1"
	sgdisk -n 1:2048:+8M -n 2:0:+16M -n 10:0:+8M -n 3:0:+8M "$1" >/dev/null
}

dos_image() {
	truncate -s 64M "$1"
	sfdisk -q "$1" <<-'END'
		start=2048, size=16384, type=83
		start=20480, size=81920, type=5
		start=22528, size=16384, type=83
		start=43008, size=16384, type=82
	END
}

# make_fs FILE OFFSET MIB: an ext4 in it.
make_fs() {
	mkfs.ext4 -q -F -E "offset=$2" -L "fs at $2" "$1" "$3M"
}
