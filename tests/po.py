#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The translations, looked after by a machine.

po.py check SRCDIR       every catalogue is complete, and fits where it is shown
po.py pseudo SRCDIR OUT  writes OUT.po, a language of double length, to test the screens with
"""

import ctypes
import locale
import os
import re
import subprocess
import sys
import tempfile

DIRECTIVE = re.compile(r"%(?:%|(?:\d+\$)?[-+ #0']*(?:\*|\d+)?(?:\.(?:\*|\d*))?"
                       r"(?:<[A-Z]\w*>|(?:hh|h|ll|l|j|z|t|L)?[diouxXcsfFeEgGp]))|\{\w+\}")
FACT = re.compile(r"\{(\w+)\}")
LIMIT = re.compile(r"max (\d+) cells")
KEY = re.compile(r"\[\w\]\w")
LIBC = ctypes.CDLL(None)


class Entry:
    """One message: its id, its plural (or None), its translations and what is said of it."""

    def __init__(self):
        self.context = None
        self.msgid = ""
        self.plural = None
        self.strings = []
        self.notes = ""
        self.flags = ""

    def limit(self):
        found = LIMIT.search((self.context or "") + "\n" + self.notes)
        return int(found.group(1)) if found else None


def unquote(text):
    text = text[text.index('"') + 1:text.rindex('"')]
    escapes = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda m: escapes.get(m.group(1), m.group(1)), text)


def read_entry(block):
    entry, field = Entry(), None
    for line in block.split("\n"):
        if line.startswith("#."):
            entry.notes += line[2:] + "\n"
        elif line.startswith("#,"):
            entry.flags += line[2:]
        elif line.startswith("#"):
            continue
        elif line.startswith('"'):
            text = unquote(line)
            if field == "msgstr":
                entry.strings[-1] += text
            else:
                setattr(entry, field, getattr(entry, field) + text)
        else:
            keyword = line.split()[0]
            field = {"msgctxt": "context", "msgid": "msgid", "msgid_plural": "plural"}.get(
                keyword, "msgstr")
            if field == "msgstr":
                entry.strings.append(unquote(line))
            else:
                setattr(entry, field, unquote(line))
    return entry


def read_po(path):
    """All entries but the header and the obsolete ones."""
    with open(path, encoding="utf-8") as f:
        blocks = re.split(r"\n\s*\n", f.read().strip())
    entries = [read_entry(b) for b in blocks if re.search(r"^msgid", b, re.M)]
    return [e for e in entries if e.msgid]


def run(*args):
    subprocess.run(args, check=True)


def extract(srcdir, pot):
    """Runs xgettext as po/Makefile does: with the options of Makevars on POTFILES.in."""
    with open(os.path.join(srcdir, "po/Makevars"), encoding="utf-8") as f:
        options = re.search(r"^XGETTEXT_OPTIONS *= *(.*)", f.read(), re.M).group(1).split()
    run("xgettext", "--directory=" + srcdir, "--from-code=UTF-8", "--force-po",
        "--files-from=" + os.path.join(srcdir, "po/POTFILES.in"), "--output=" + pot, *options)
    with open(pot, encoding="utf-8") as f:
        text = f.read()
    with open(pot, "w", encoding="utf-8") as f:
        f.write(text.replace("charset=CHARSET", "charset=UTF-8"))


def cells(text):
    """The width on a terminal, without the numbers and names which are printed into it."""
    plain = DIRECTIVE.sub(lambda m: "%" if m.group(0) == "%%" else "", text)
    return LIBC.wcswidth(ctypes.c_wchar_p(plain), ctypes.c_size_t(len(plain)))


def faults_of_text(entry, text):
    limit = entry.limit()
    for line in text.split("\n"):
        width = cells(line)
        if width < 0:
            yield "has a character that cannot be printed: %r" % line
        elif limit is not None and width > limit:
            yield "takes %d cells, has %d: %r" % (width, limit, line)
    if "\n" in text and "\n" not in entry.msgid:
        yield "has a line break which the original has not: %r" % text


def faults_of_source(entry):
    """What is wrong with a message before anyone translates it."""
    yield from faults_of_text(entry, entry.msgid)
    if KEY.search(entry.msgid):
        yield "has its key letter inside; keys are not translated"
    if "c-format" in entry.flags.replace("no-c-format", "") and "TRANSLATORS" not in entry.notes:
        yield "has a %, so it needs a TRANSLATORS note with an example"


def faults_of_facts(entry, text):
    """What stands in braces is filled in by say_fill(); a plural may leave its number out."""
    known = set(FACT.findall(entry.msgid + (entry.plural or "")))
    used = set(FACT.findall(text))
    if used - known:
        yield "has no fact {%s}" % sorted(used - known)[0]
    if text and known - used and entry.plural is None:
        yield "loses the fact {%s}" % sorted(known - used)[0]


def faults_of_translation(entry):
    if "fuzzy" in entry.flags:
        yield "is fuzzy"
    if not all(entry.strings):
        yield "is not translated"
    for text in entry.strings:
        yield from faults_of_text(entry, text)
        yield from faults_of_facts(entry, text)


def check_catalogue(name, entries, faults):
    found = 0
    for entry in entries:
        for fault in faults(entry):
            print("%s: %r %s" % (name, entry.msgid, fault))
            found += 1
    return found


def check(srcdir):
    with open(os.path.join(srcdir, "po/LINGUAS"), encoding="utf-8") as f:
        languages = [w for line in f for w in line.split("#")[0].split()]
    with tempfile.TemporaryDirectory() as tmp:
        pot = os.path.join(tmp, "achica.pot")
        extract(srcdir, pot)
        found = check_catalogue("source", read_po(pot), faults_of_source)
        for language in languages:
            name = "po/%s.po" % language
            merged = os.path.join(tmp, language + ".po")
            run("msgmerge", "--quiet", "-o", merged, os.path.join(srcdir, name), pot)
            found += check_catalogue(name, read_po(merged), faults_of_translation)
            run("msgfmt", "-c", "--statistics", "-o", os.devnull, merged)
    return 1 if found else 0


def double(text):
    """Twice as long, with wide characters at the end of each line; directives stay as they are."""
    def double_line(line):
        return line and line + DIRECTIVE.sub("xx", line).replace("%", "x") + "ñ漢"

    return "\n".join(double_line(line) for line in text.split("\n"))


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace(
        "\n", "\\n").replace("\t", "\\t")


def pseudo(srcdir, out):
    pot = out + "t"
    extract(srcdir, pot)
    with open(out, "w", encoding="utf-8") as f:
        f.write('msgid ""\nmsgstr "Language: xx\\nContent-Type: text/plain; charset=UTF-8\\n'
                'Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n')
        for e in read_po(pot):
            f.write("\n#,%s\n" % e.flags if e.flags else "\n")
            if e.context is not None:
                f.write("msgctxt %s\n" % quote(e.context))
            f.write("msgid %s\n" % quote(e.msgid))
            if e.plural is None:
                f.write("msgstr %s\n" % quote(double(e.msgid)))
            else:
                f.write("msgid_plural %s\nmsgstr[0] %s\nmsgstr[1] %s\n" % (
                    quote(e.plural), quote(double(e.msgid)), quote(double(e.plural))))
    os.remove(pot)
    return 0


def main(args):
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    if len(args) == 2 and args[0] == "check":
        return check(args[1])
    if len(args) == 3 and args[0] == "pseudo":
        return pseudo(args[1], args[2])
    sys.stderr.write(__doc__)
    return 2


sys.exit(main(sys.argv[1:]))
