#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes each mistake that po.py looks for once, and wants to be told.
set -eu
if ! command -v python3 >/dev/null || ! command -v xgettext >/dev/null; then
	echo "python3 and xgettext are needed"
	exit 77
fi

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
mkdir "$tree/po"
cp "$top_srcdir/po/Makevars" "$tree/po"
echo a.c >"$tree/po/POTFILES.in"
echo es >"$tree/po/LINGUAS"

# tree SOURCE TRANSLATION: one line of C and one entry of the catalogue.
tree()
{
	printf '%s\n' "$1" >"$tree/a.c"
	printf 'msgid ""\nmsgstr "Language: es\\nContent-Type: text/plain; charset=UTF-8\\n%s"\n\n%s\n' \
		'Plural-Forms: nplurals=2; plural=(n != 1);\n' "$2" >"$tree/po/es.po"
}

breaks()
{
	tree "$2" "$3"
	if out=$(python3 "$top_srcdir/tests/po.py" check "$tree" 2>&1) || ! echo "$out" | grep -q "$1"; then
		printf 'not noticed: %s\n%s\n' "$1" "$out"
		failed=1
	fi
}

passes()
{
	tree "$1" "$2"
	out=$(python3 "$top_srcdir/tests/po.py" check "$tree" 2>&1) || {
		printf 'wrongly refused: %s\n' "$out"
		failed=1
	}
}

breaks 'is not translated' '_("Size")' ''
breaks 'is fuzzy' '_("Size")' '#, fuzzy
msgid "Size"
msgstr "Tamaño"'
breaks 'takes 6 cells, has 5' 'C_("max 5 cells", "Size")' 'msgctxt "max 5 cells"
msgid "Size"
msgstr "Tamaño"'
breaks 'takes 5 cells, has 4' '/* TRANSLATORS: max 4 cells */ _("Sizes")' 'msgid "Sizes"
msgstr "Tam."'
breaks 'takes 4 cells, has 3' 'C_("max 3 cells", "Siz")' 'msgctxt "max 3 cells"
msgid "Siz"
msgstr "漢漢"'
breaks 'line break' '_("Size")' 'msgid "Size"
msgstr "Ta\nmaño"'
breaks 'cannot be printed' '_("Size")' 'msgid "Size"
msgstr "Ta\tmaño"'
breaks 'key letter' '_("[Y]es")' 'msgid "[Y]es"
msgstr "[S]í"'
breaks 'TRANSLATORS note' 'printf(_("%d targets"))' '#, c-format
msgid "%d targets"
msgstr "%d destinos"'
breaks 'format specifications' '/* TRANSLATORS: 3 targets */
printf(_("%d targets"))' '#, c-format
msgid "%d targets"
msgstr "%s destinos"'
breaks 'no fact {sise}' '_("{size} free")' 'msgid "{size} free"
msgstr "{sise} libres"'
breaks 'loses the fact {size}' '_("{size} free")' 'msgid "{size} free"
msgstr "libres"'

passes 'C_("column, max 6 cells", "Size")' 'msgctxt "column, max 6 cells"
msgid "Size"
msgstr "Tamaño"'
passes '/* TRANSLATORS: 3 targets */
printf(P_("%d target", "%d targets", n))' '#, c-format
msgid "%d target"
msgid_plural "%d targets"
msgstr[0] "%d destino"
msgstr[1] "%d destinos"'

exit $failed
