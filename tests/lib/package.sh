# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages that are downloaded and unpacked once for each build, and never installed. To be
# sourced after img.sh.

# once FOLDER COMMAND...: unless FOLDER is there, the command fills another one, whose name it gets
# at its end, that becomes FOLDER. Who comes at the same time waits.
once() {
	once_at=$1
	shift
	[ ! -e "$once_at" ] || return 0
	need flock
	exec 9>"$once_at.lock"
	flock 9
	if [ ! -e "$once_at" ]; then
		rm -rf "$once_at.new"
		mkdir "$once_at.new"
		"$@" "$once_at.new"
		mv "$once_at.new" "$once_at"
	fi
	exec 9>&-
}

# unpack PACKAGE FOLDER
unpack() {
	need apt-get dpkg-deb
	(cd "$2" && apt-get download -q "$1") >"$work/log" 2>&1 || skip "$1: $(cat "$work/log")"
	dpkg-deb -x "$2"/*.deb "$2"
	rm "$2"/*.deb
}

# Apple's mkfs.hfsplus and fsck.hfsplus, which Debian has in non-free alone.
need_hfsprogs() {
	hfs_cache=$top_builddir/tests/hfsprogs
	once "$hfs_cache" get_hfsprogs
	cp "$hfs_cache/usr/share/misc/hfsbootdata" "$work"
	PATH=$hfs_cache/sbin:$PATH
}

# mkfs.hfsplus looks for a wrapper's boot blocks below /usr/share, from now on where it is started.
get_hfsprogs() {
	private_apt non-free "$1/apt"
	APT_CONFIG=$1/apt/conf
	export APT_CONFIG
	unpack hfsprogs "$1"
	unset APT_CONFIG
	LC_ALL=C sed -i 's|/usr/share/misc/hfsbootdata|././././././././hfsbootdata|' \
		"$1/sbin/mkfs.hfsplus"
}

# private_apt COMPONENT FOLDER: a configuration for Debian 12's packages of that component, with the
# lists and all else in FOLDER, so that the system's own stay as they are; of its configuration it
# takes what leads into the network.
private_apt() {
	need apt-get apt-config
	private_keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e $private_keys ] || skip "there is no $private_keys"
	mkdir -p "$2/cache" "$2/lists"
	echo "deb [signed-by=$private_keys] http://deb.debian.org/debian bookworm $1" >"$2/sources"
	apt-config dump | grep '^Acquire::' >"$2/conf"
	cat >>"$2/conf" <<-END
		Dir::Etc::Main "/dev/null";
		Dir::Etc::Parts "/dev/null";
		Dir::Etc::SourceList "$2/sources";
		Dir::Etc::SourceParts "/dev/null";
		Dir::State::Lists "$2/lists";
		Dir::Cache "$2/cache";
	END
	APT_CONFIG=$2/conf apt-get update -q >"$work/log" 2>&1 || skip "apt: $(cat "$work/log")"
}

# The lock manager of LVM's shared groups, which in its test mode locks nothing.
need_lvmlockd() {
	lockd_cache=$top_builddir/tests/lvmlockd
	once "$lockd_cache" get_lvmlockd
	PATH=$lockd_cache/sbin:$PATH
}

get_lvmlockd() {
	for package in lvm2-lockd libsanlock-client1 libdlm3; do
		unpack $package "$1"
	done
}
