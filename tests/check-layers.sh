#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The rules of doc/design.md which a machine can keep: who includes whom, who may write to a
# disk, who talks to the user, which file owns which foreign library. Prints file:line: reason.
set -eu

objects=${top_builddir:-.}
cd "${top_srcdir:-$(dirname "$0")/..}"

source_rules='
BEGIN {
	may["include"] = "achica"
	may["base"] = "achica base"
	may["fs"] = "achica base fs"
	may["engine"] = "achica base fs engine"
	may["disk"] = "achica base fs disk"
	may["app"] = "achica base fs engine disk app"
	may["text"] = "achica base fs engine disk app text"
	may["ui"] = "achica ui"
	may["cli"] = "achica cli"
	may["main"] = "achica ui cli"
	owner["blkid/"] = "libblkid"; owner["parted/"] = "libparted"; owner["libmount/"] = "libmount"
	owner["ext2fs/"] = "libext2fs"; owner["ntfs-3g/"] = "libntfs-3g"
	owner["gcrypt.h"] = "libgcrypt"; owner["xxhash.h"] = "libxxhash"
	owner["libsmartcols/"] = "libsmartcols"; owner["jansson.h"] = "jansson"
	owner["zlib.h"] = "zlib"; owner["zstd.h"] = "zstd"
	owner["blkid.h"] = "libblkid"; owner["libmount.h"] = "libmount"
	owner["ext2fs.h"] = "libext2fs"; owner["libsmartcols.h"] = "libsmartcols"
	while ((getline line < "po/POTFILES.in") > 0)
		translated[line] = 1
}

FNR == 1 {
	comment = 0
	n = split(FILENAME, part, "/")
	layer = part[1] == "include" ? "include" : n == 2 ? "main" : part[2]
	speaks = layer ~ /^(text|ui|cli|main)$/ || FILENAME == "include/achica/i18n.h"
	if (!(layer in may))
		bad("no such layer as " layer)
}

function bad(reason)
{
	printf "%s:%d: %s\n", FILENAME, FNR, reason
}

# The line without comments, and without what is inside strings.
function bare(line,    code, c)
{
	code = ""
	while (line != "") {
		c = substr(line, 1, 2)
		if (comment) {
			if (!match(line, /\*\//))
				return code
			line = substr(line, RSTART + 2); comment = 0
		} else if (c == "//") {
			return code
		} else if (c == "/*") {
			line = substr(line, 3); comment = 1
		} else if (match(line, /^("([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047)/)) {
			line = substr(line, RLENGTH + 1); code = code "\"\""
		} else {
			code = code substr(line, 1, 1); line = substr(line, 2)
		}
	}
	return code
}

function calls(code, names)
{
	return (" " code) ~ ("[^A-Za-z0-9_.>](" names ")[ \t]*\\(")
}

function check_own(name,    top)
{
	top = name
	if (!sub(/\/.*/, "", top))
		bad("\"" name "\" is to be written with its folder")
	else if (index(" " may[layer] " ", " " top " ") == 0)
		bad(layer " must not include " top)
}

function check_foreign(name,    key, library)
{
	if (name ~ /^(ncursesw\/|ncurses\/)?(n?curses|panel|term|menu|form)\.h$/ && layer != "ui")
		bad("only ui includes " name)
	key = name
	if (sub(/\/.*/, "/", key) && !(key in owner))
		return
	if (!(key in owner))
		return
	library = owner[key]
	if (FILENAME !~ /\.c$/)
		bad(library " belongs into one .c, not into a header")
	if (!(library in at))
		at[library] = FILENAME
	else if (at[library] != FILENAME)
		bad(library " is already included by " at[library])
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	check_own(quoted[2])
	next
}

/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0
	sub(/[^<]*</, "", name); sub(/>.*/, "", name)
	check_foreign(name)
	next
}

{
	code = bare($0)
	if (calls(code, "popen|system|sprintf|vsprintf|strcpy|strcat|gets|tmpnam|mktemp"))
		bad("popen, system, sprintf, strcpy and their like are not used")
	if (layer !~ /^(base|engine)$/ && calls(code, "io_write|io_zero|io_punch"))
		bad("only engine writes through io")
	if (layer !~ /^(base|engine)$/ && calls(code, "pwrite|pwrite64|pwritev|pwritev2|fallocate"))
		bad("only base and engine write to files by offset")
	if (layer != "base" && code ~ /ops->(write|zero|punch)[ \t]*\(/)
		bad("only base calls io_ops")
	if (!speaks && calls(code, "printf|vprintf|puts|putchar|perror|exit"))
		bad(layer " neither prints nor exits")
	if (code !~ /^[ \t]*#/ && calls(code, "_|N_|C_|NC_|P_|gettext|ngettext|pgettext|npgettext")) {
		if (!speaks)
			bad("only text, ui, cli and main.c translate")
		else if (FILENAME ~ /\.c$/ && !(FILENAME in translated))
			bad("is not in po/POTFILES.in")
	}
}
'

# Objects hold what the compiler made of it: NAME KIND, file-scope data which can be changed.
mutable_data()
{
	objdump -t "$1" | awk '$0 ~ /[ \t]\.(data|bss|data\.rel|data\.rel\.local|tbss|tdata)[ \t]/ &&
		$NF !~ /^(\.|__|completed)/ && substr($0, 18, 7) !~ /[dfF]/ { print $NF }'
}

check_objects()
{
	find "$objects/src/fs" -name 'fs_*.o' 2>/dev/null | sort | while read -r object; do
		driver=$(basename "$object" .o)
		source=src/fs/$driver.c
		[ -e "$source" ] || continue
		nm -g --defined-only "$object" | awk -v want="$driver" -v source="$source" '
			$3 ~ /^__/ { next }
			$3 != want { printf "%s:1: exports %s; a driver exports its table only\n", source, $3 }
			$3 == want { found = 1 }
			END { if (!found) printf "%s:1: does not export its table %s\n", source, want }'
	done
	grep -q fsanitize "$objects/Makefile" 2>/dev/null && return
	find "$objects/src" -name '*.o' 2>/dev/null | sort | while read -r object; do
		source=src/${object#"$objects/src/"}
		source=${source%.o}.c
		case $source in src/main.c | src/ui/*) continue ;; esac
		[ -e "$source" ] || continue
		mutable_data "$object" | while read -r symbol; do
			name=${symbol%%.*}
			grep -Eq "volatile sig_atomic_t $name\b" "$source" && continue
			# A lock holds no data; what it guards is a foreign library's.
			grep -Eq "^static pthread_mutex_t $name = PTHREAD" "$source" && continue
			# A setting of the process like the locale: say_si(), before any thread.
			[ "$source $name" = "src/text/say_size.c powers_of_1000" ] && continue
			line=$(grep -nw "$name" "$source" | head -n 1 | cut -d: -f1)
			echo "$source:${line:-1}: $name can be changed and outlives its function"
		done
	done
}

check_potfiles()
{
	grep -v '^#' po/POTFILES.in | while read -r file; do
		[ -e "$file" ] || echo "po/POTFILES.in:1: there is no $file"
	done
}

broken=$(
	find src include -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | xargs awk "$source_rules"
	check_objects
	check_potfiles
)
[ -z "$broken" ] && exit 0
echo "$broken"
exit 1
