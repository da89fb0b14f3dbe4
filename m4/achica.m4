dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl Missing libraries are collected and named together, each by its package.

AC_DEFUN([ACHICA_MISSING], [
	achica_missing="$achica_missing
  $1: Debian $2, Fedora $3"
	achica_debian="$achica_debian $2"
	achica_fedora="$achica_fedora $3"])

dnl ACHICA_LIB(VARIABLE, pkg-config module, Debian package, Fedora package)
AC_DEFUN([ACHICA_LIB],
	[PKG_CHECK_MODULES([$1], [$2], [:], [ACHICA_MISSING([$2], [$3], [$4])])])

dnl ACHICA_TOOL(VARIABLE, program, Debian package, Fedora package)
AC_DEFUN([ACHICA_TOOL], [
	AS_CASE([x$$1], [x|x:|xno], [ACHICA_MISSING([$2], [$3], [$4])])])

AC_DEFUN([ACHICA_LIBS_REPORT], [
	AS_IF([test -n "$achica_missing"], [
		AS_IF([test -z "$PKG_CONFIG"], [ACHICA_MISSING([pkg-config], [pkg-config], [pkgconf-pkg-config])])
		AC_MSG_ERROR([these are missing:
$achica_missing

Install them with one of
  apt-get install$achica_debian
  dnf install$achica_fedora
or let ./bootstrap do it.])])])
