# SPDX-License-Identifier: GPL-3.0-or-later
# LVM by its own programs, without device-mapper: groups are made and changed on loop devices, and
# nothing is ever activated. To be sourced after img.sh.
LVM_SYSTEM_DIR=$work/lvm
LVM_SUPPRESS_FD_WARNINGS=1
export LVM_SYSTEM_DIR LVM_SUPPRESS_FD_WARNINGS
mkdir "$LVM_SYSTEM_DIR" "$LVM_SYSTEM_DIR/locks"
pvs=

need_lvm() {
	need lvm sgdisk
	need_mounts
}

# attach_pvs FILE OFFSET LENGTH [OFFSET LENGTH]...: loop devices over them, $pvs, which are all that
# LVM sees from here on.
attach_pvs() {
	pv_file=$1
	pvs=
	pv_filter=
	shift
	while [ $# -gt 0 ]; do
		attach -o "$1" --sizelimit "$2" "$pv_file"
		pvs="$pvs $loop"
		pv_filter="$pv_filter\"a|^$loop\$|\","
		shift 2
	done
	pv_filter="[$pv_filter\"r|.*|\"]"
	cat >"$LVM_SYSTEM_DIR/lvm.conf" <<-LVM_CONF
		devices {
			scan = ["/dev"]
			filter = $pv_filter
			global_filter = $pv_filter
			use_devicesfile = 0
			sysfs_scan = 0
			multipath_component_detection = 0
			md_component_detection = 0
			fw_raid_component_detection = 0
		}
		global {
			activation = 0
			event_activation = 0
			use_lvmpolld = 0
			locking_dir = "$LVM_SYSTEM_DIR/locks"
		}
		backup {
			backup = 0
			archive = 0
		}
	LVM_CONF
}

detach_pvs() {
	for pv in $pvs; do
		detach "$pv"
	done
}

run_lvm() {
	lvm "$@" >"$work/log" 2>&1 || fail "lvm $*: $(cat "$work/log")"
}

make_lv() {
	run_lvm lvcreate -an -Zn -Wn -y "$@"
}

# ask_lvm FIELDS COMMAND [ARGUMENT...]: what pvs or lvs says, in bytes, "|" between the fields.
ask_lvm() {
	fields=$1
	shift
	lvm "$@" --noheadings --nosuffix --units b --separator '|' -o "$fields" 2>"$work/log" ||
		fail "lvm $*: $(cat "$work/log")"
}

# "DEVICE|BYTE" of the file where the extents of each physical volume begin. The loop devices'
# offsets are those in the file.
pv_starts() {
	{
		losetup -n -O NAME,OFFSET | awk '{ print $1 "|" $2 }'
		ask_lvm pv_name,pe_start pvs | sed 's/^ *//'
	} | awk -F '|' '$1 in at { printf "%s|%.0f\n", $1, at[$1] + $2 } { at[$1] = $2 }'
}

# segments VG/LV: "START LENGTH" in bytes of the file, chunk by chunk in the order of the volume, by
# what lvs says.
segments() {
	pv_starts >"$work/.starts"
	ask_lvm seg_pe_ranges,stripes,stripesize,vg_extent_size lvs --segments "$1" >"$work/.segs"
	awk -F '|' -v starts="$work/.starts" '
		BEGIN {
			while ((getline line <starts) > 0) { split(line, f, "|"); at[f[1]] = f[2] }
		}
		{
			gsub(/^ +/, "", $1)
			n = split($1, ranges, " ")
			for (i = 1; i <= n; i++) {
				split(ranges[i], r, ":")
				split(r[2], pe, "-")
				start[i] = at[r[1]] + pe[1] * $4
				len = (pe[2] - pe[1] + 1) * $4
			}
			chunk = n > 1 ? $3 : len
			for (done = 0; done < len; done += chunk)
				for (i = 1; i <= n; i++)
					printf "%.0f %.0f\n", start[i] + done, chunk
		}' "$work/.segs"
}

# free_extents VG: the same of what no volume has, by what pvs says.
free_extents() {
	pv_starts >"$work/.starts"
	ask_lvm pv_name,pvseg_start,pvseg_size,segtype,vg_extent_size pvs --segments \
		-S "vg_name=$1" >"$work/.segs"
	awk -F '|' -v starts="$work/.starts" '
		BEGIN {
			while ((getline line <starts) > 0) { split(line, f, "|"); at[f[1]] = f[2] }
		}
		{ gsub(/^ +/, "", $1) }
		$4 == "free" { printf "%.0f %.0f\n", at[$1] + $2 * $5, $3 * $5 }' "$work/.segs" | sort -n
	[ "$(awk -F '|' '$4 == "free" { n += $3 } END { print n + 0 }' "$work/.segs")" = \
		"$(ask_lvm vg_free_count vgs "$1" | tr -d ' ')" ] || fail "pvs and vgs differ"
}
