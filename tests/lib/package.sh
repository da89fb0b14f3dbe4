# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages that are downloaded and unpacked once for each build, and never installed. To be
# sourced after img.sh.

# unpacked PACKAGE FOLDER COMMAND...: below FOLDER is what PACKAGE holds, as the command, which is
# given the folder, has left it. Who comes at the same time waits.
unpacked() {
	package=$1
	package_at=$2
	shift 2
	[ ! -e "$package_at" ] || return 0
	need apt-get dpkg-deb flock
	exec 9>"$package_at.lock"
	flock 9
	if [ ! -e "$package_at" ]; then
		rm -rf "$package_at.new"
		mkdir "$package_at.new"
		(cd "$package_at.new" && apt-get download -q "$package") >"$work/log" 2>&1 ||
			skip "$package: $(cat "$work/log")"
		dpkg-deb -x "$package_at.new"/*.deb "$package_at.new"
		rm "$package_at.new"/*.deb
		"$@" "$package_at.new"
		mv "$package_at.new" "$package_at"
	fi
	exec 9>&-
}

# Apple's mkfs.hfsplus and fsck.hfsplus, which Debian has in non-free alone; that mkfs.hfsplus finds
# what a wrapper needs. The system's own lists of packages stay as they are.
need_hfsprogs() {
	hfs_cache=$top_builddir/tests/hfsprogs
	if [ ! -e "$hfs_cache" ]; then
		private_apt non-free "$hfs_cache.apt"
		APT_CONFIG=$hfs_cache.apt/conf
		export APT_CONFIG
		unpacked hfsprogs "$hfs_cache" find_boot_data
		unset APT_CONFIG
	fi
	cp "$hfs_cache/usr/share/misc/hfsbootdata" "$work"
	PATH=$hfs_cache/sbin:$PATH
}

# It looks for the wrapper's boot blocks below /usr/share, from now on where it is started.
find_boot_data() {
	LC_ALL=C sed -i 's|/usr/share/misc/hfsbootdata|././././././././hfsbootdata|' \
		"$1/sbin/mkfs.hfsplus"
}

# private_apt COMPONENT FOLDER: a configuration for Debian 12's packages of that component, with the
# lists and all else below FOLDER; of the system's it takes what leads into the network.
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
