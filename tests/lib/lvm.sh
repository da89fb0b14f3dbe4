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

# segments VG/LV: "START LENGTH" in bytes of the file, chunk by chunk in the order of the volume, by
# what lvs says. The loop devices' offsets are those in the file.
segments() {
	lvm lvs --noheadings --nosuffix --units b --separator '|' --segments \
		-o seg_pe_ranges,stripes,stripesize,vg_extent_size "$1" 2>"$work/log" >"$work/.segs" ||
		fail "lvs $1: $(cat "$work/log")"
	lvm pvs --noheadings --nosuffix --units b --separator '|' -o pv_name,pe_start \
		2>"$work/log" | sed 's/^ *//' >"$work/.pvs" || fail "pvs"
	losetup -n -O NAME,OFFSET | awk '{ print $1 "|" $2 }' >"$work/.offsets"
	awk -F '|' -v pvs="$work/.pvs" -v offsets="$work/.offsets" '
		BEGIN {
			while ((getline line <offsets) > 0) { split(line, f, "|"); at[f[1]] = f[2] }
			while ((getline line <pvs) > 0) { split(line, f, "|"); at[f[1]] += f[2] }
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
