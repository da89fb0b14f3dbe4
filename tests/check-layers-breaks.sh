#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Breaks each rule of check-layers.sh once, in a small tree of its own, and wants to be told.
set -eu

check=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)/tests/check-layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

new_tree()
{
	rm -rf "$tree"
	mkdir -p "$tree/include/achica" "$tree/po"
	for layer in base fs engine disk app text ui cli; do mkdir -p "$tree/src/$layer"; done
	cat >"$tree/src/main.c"
	echo src/main.c >"$tree/po/POTFILES.in"
}

checked()
{
	top_srcdir=$tree top_builddir=$tree sh "$check"
}

# breaks FILE EXPECTED <SOURCE: with this file in the tree the check fails at FILE:LINE: REASON.
breaks()
{
	new_tree <"/dev/null"
	cat >"$tree/$1"
	verdict "$1" "$2"
}

verdict()
{
	if out=$(checked) || ! echo "$out" | grep -q "^$1:$2"; then
		printf 'not noticed: %s:%s\n%s\n' "$1" "$2" "$out"
		failed=1
	fi
}

passes()
{
	new_tree <"/dev/null"
	cat >"$tree/$1"
	out=$(checked) || { printf 'wrongly refused: %s\n' "$out"; failed=1; }
}

compiled()
{
	new_tree </dev/null
	cat >"$tree/$1"
	${CC:-cc} -c -o "$tree/${1%.c}.o" "$tree/$1"
	verdict "$1" "$2"
}

breaks src/base/io.c '1: base must not include fs' <<'E'
#include "fs/fs.h"
E
breaks src/fs/fs_ext.c '2: fs must not include engine' <<'E'
// reads
#include "engine/engine.h"
E
breaks src/engine/loop.c '1: engine must not include disk' <<'E'
#include "disk/lock.h"
E
breaks src/disk/lock.c '1: disk must not include engine' <<'E'
#include "engine/engine.h"
E
breaks src/app/job.c '1: app must not include text' <<'E'
#include "text/say.h"
E
breaks src/text/say.c '1: text must not include cli' <<'E'
#include "cli/args.h"
E
breaks src/ui/ui.c '1: ui must not include cli' <<'E'
#include "cli/args.h"
E
breaks src/ui/ui.c '1: ui must not include text' <<'E'
#include "text/say.h"
E
breaks src/cli/batch.c '1: cli must not include base' <<'E'
#include "base/io.h"
E
breaks src/main.c '1: main must not include app' <<'E'
#include "app/job.h"
E
breaks include/achica/job.h '1: include must not include base' <<'E'
#include "base/io.h"
E
breaks src/ui/ui.c '1: "draw.h" is to be written with its folder' <<'E'
#include "draw.h"
E
breaks src/cli/batch.c '1: only ui includes curses.h' <<'E'
#include <curses.h>
E
breaks src/fs/fs.h '1: libext2fs belongs into one .c' <<'E'
#include <ext2fs/ext2fs.h>
E
for header in blkid/blkid.h parted/parted.h libmount/libmount.h ext2fs/ext2fs.h ntfs-3g/volume.h \
	libsmartcols/libsmartcols.h jansson.h; do
	new_tree </dev/null
	echo "#include <$header>" >"$tree/src/disk/a.c"
	echo "#include <$header>" >"$tree/src/disk/b.c"
	verdict src/disk/b.c '1: [a-z0-9-]* is already included by src/disk/a.c'
done
for call in 'popen(a, b)' 'system(a)' 'sprintf (a, b)' 'x = strcpy(a, b)'; do
	breaks src/cli/args.c '2: popen, system' <<E
int x;
	$call;
E
done
for call in io_write io_zero io_punch; do
	breaks src/app/job.c '1: only engine writes' <<E
int f(void) { return $call(io, 0, 1); }
E
done
breaks src/disk/image.c '1: only base and engine write' <<'E'
	pwrite(fd, p, n, at);
E
breaks src/engine/loop.c '1: only base calls io_ops' <<'E'
	io->ops->zero(io, at, n);
E
breaks src/engine/loop.c '1: engine neither prints nor exits' <<'E'
	printf("x");
E
breaks src/disk/lock.c '1: only text, ui, cli and main.c translate' <<'E'
	return _("locked");
E
breaks src/cli/args.c '1: is not in po/POTFILES.in' <<'E'
	return _("usage");
E
breaks po/POTFILES.in '1: there is no src/gone.c' <<'E'
src/gone.c
E

passes src/engine/loop.c <<'E'
// io_zero() printf("x")
/* sprintf(a, b)
   strcpy(a, b) */
	io_zero(io, 0, 1); say("popen(a)"); io->system(1); snprintf(a, b, "\"exit(1)");
E
passes src/ui/ui.c <<'E'
#include <curses.h>
#include "achica/job.h"
#include "ui/draw.h"
E

compiled src/fs/fs_ext.c '1: exports ext_helper' <<'E'
const int fs_ext; int ext_helper(void); int ext_helper(void) { return fs_ext; }
E
compiled src/fs/fs_ext.c '1: does not export its table fs_ext' <<'E'
static const int fs_ext; int f(void); static int g(void) { return fs_ext + g(); }
E
compiled src/engine/loop.c '2: count can be changed' <<'E'
int next(void);
static int count; int next(void) { return count++; }
E
compiled src/engine/loop.c '1: names can be changed' <<'E'
static const char *names[] = { "a" }; const char **f(void); const char **f(void) { return names; }
E

exit $failed
