# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the achica developers
"""man.py SRCDIR <HELP: do the manual pages tell of what the program has, and of nothing else?"""

import os
import re
import sys

PAGES = {"doc/achica.8": ("OPTIONS", ("Select", "Plan", "Zero", "Result")),
         "doc/es/achica.8": ("OPCIONES", ("Elegir", "Plan", "Rellenar", "Resumen"))}
SCREENS = ("IN_SELECT", "IN_PLAN", "IN_ZERO", "IN_RESULT")
FOR_TESTS = {"ACHICA_NOW", "PATH"}


def read(srcdir, path):
    with open(os.path.join(srcdir, path), encoding="utf-8") as file:
        return file.read()


def part(page, macro, name):
    """What is between one heading and the next."""
    found = re.search(r'^\.%s "?%s"?\n(.*?)(?=^\.S[HS] |\Z)' % (macro, re.escape(name)), page,
                      re.M | re.S)
    return found.group(1) if found else ""


def section(page, name):
    found = re.search(r'^\.SH "?%s"?\n(.*?)(?=^\.SH |\Z)' % re.escape(name), page, re.M | re.S)
    return found.group(1) if found else ""


def heads(text):
    """The line after each .TP, without its macro and what roff adds."""
    lines = re.findall(r"^\.TP.*\n\.[A-Z]+ (.*)", text, re.M)
    return [re.sub(r"\\f.", "", line.replace("\\-", "-")) for line in lines]


def options_of(text):
    return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text))


def keys_of(source):
    """(screens, key) of each entry of the table that has its own line in the help."""
    entry = re.compile(r'\{ ([A-Z_| ]+), ACT_\w+,\s+KEYS\(.*?\)\)?,\s+'
                       r'NC_\("key, max 6 cells", "(.+?)"\)')
    for where, name in entry.findall(source):
        if re.fullmatch(r".|F\d+|Ctrl-.|Tab|Esc", name):
            yield [s for s in SCREENS if s in where.split(" | ")], name


def check(path, page, help_text, source, variables):
    faults = []
    title, screens = PAGES[path]
    told = set().union(*(options_of(head) for head in heads(section(page, title))))
    has = options_of(re.sub(r"^ {20,}.*", "", help_text, flags=re.M))
    faults += ["does not tell of %s" % o for o in sorted(has - told)]
    faults += ["tells of %s, which is not there" % o for o in sorted(told - has)]
    plain = page.replace("\\-", "-")
    for values in re.findall(r"=([a-z]+(?:\|[a-z]+)+)", help_text):
        faults += ["does not tell of the value %s" % v for v in values.split("|")
                   if not re.search(r"\b%s\b" % v, plain)]
    for where, key in keys_of(source):
        for screen in where if len(where) == 1 else []:
            text = " ".join(heads(part(page, "SS", screens[SCREENS.index(screen)])))
            if key not in re.split(r'[ ,"]+', text):
                faults.append("does not tell of the key %s of %s" % (key, screen))
    faults += ["does not tell of the variable %s" % v for v in sorted(variables)
               if not re.search(r"\b%s\b" % v, page)]
    return ["%s: %s" % (path, fault) for fault in faults]


def main():
    srcdir, help_text = sys.argv[1], sys.stdin.read()
    variables = set()
    for folder, _, names in os.walk(os.path.join(srcdir, "src")):
        for name in names:
            variables |= set(re.findall(r'(?:getenv|is_set)\("([A-Z_]+)"\)',
                                        read(folder, name)))
    faults = []
    for path in PAGES:
        faults += check(path, read(srcdir, path), help_text, read(srcdir, "src/ui/keys.c"),
                        variables - FOR_TESTS)
    print("\n".join(faults), end="\n" if faults else "")
    return bool(faults)


sys.exit(main())
