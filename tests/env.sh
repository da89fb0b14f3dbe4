# SPDX-License-Identifier: GPL-3.0-or-later
# What every test finds in its environment; make sources this in the build directory.
top_builddir=$PWD
top_srcdir=$(cd "${srcdir:-.}" && pwd)
ACHICA=$top_builddir/achica
ACHICA_LOCALEDIR=$top_builddir/tests/locale
CMOCKA_MESSAGE_OUTPUT=TAP
LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
export top_builddir top_srcdir ACHICA ACHICA_LOCALEDIR CMOCKA_MESSAGE_OUTPUT LC_ALL PATH
unset LANGUAGE

: "${ASAN_OPTIONS=suppressions=$top_srcdir/tests/asan.supp:detect_stack_use_after_return=1}"
: "${UBSAN_OPTIONS=print_stacktrace=1}"
export ASAN_OPTIONS UBSAN_OPTIONS
