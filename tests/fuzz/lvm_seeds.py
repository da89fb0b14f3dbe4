# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inputs from which tests/fuzz/fuzz_lvm.c starts into a folder: lvm_seeds.py FOLDER"""
import os
import struct
import sys

PVS = """
	physical_volumes {
		pv0 {
			id = "aaaaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaaaa"
			device = "/dev/sda2"	# Hint only
			status = ["ALLOCATABLE"]
			flags = []
			dev_size = 24576
			pe_start = 2048
			pe_count = 10
		}
		pv1 {
			id = "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb"
			status = ["ALLOCATABLE"]
			flags = []
			pe_start = 2048
			pe_count = 10
		}
	}
"""


def volume(name, *segments, status='"READ", "WRITE", "VISIBLE"'):
    text = '%s {\nid = "%s"\nstatus = [%s]\nflags = []\nsegment_count = %d\n' % (
        name, name, status, len(segments))
    start = 0
    for i, (count, rest) in enumerate(segments, 1):
        text += "segment%d {\nstart_extent = %d\nextent_count = %d\n%s\n}\n" % (
            i, start, count, rest)
        start += count
    return text + "}\n"


def striped(*places, size=128):
    text = 'type = "striped"\nstripe_count = %d\n' % len(places)
    if len(places) > 1:
        text += "stripe_size = %d\n" % size
    return text + "stripes = [" + ", ".join('"pv%d", %d' % p for p in places) + "]"


def group(volumes, status='"RESIZEABLE", "READ", "WRITE"'):
    return ('vg0 {\nid = "vg"\nseqno = 3\nformat = "lvm2" # informational\nstatus = [%s]\n'
            'flags = []\nextent_size = 2048\nmax_lv = 0\n%s\nlogical_volumes {\n%s}\n}\n'
            'contents = "Text Format Volume Group"\nversion = 1\n'
            % (status, PVS, volumes)).encode()


def raw(text):
    label = bytearray(512)
    struct.pack_into("<8sQII8s32sQQQQQQQ", label, 0, b"LABELONE", 1, 0, 32, b"LVM2 001",
                     b"a" * 32, 12 << 20, 1 << 20, 0, 0, 0, 4096, 1044480)
    head = bytearray(512)
    struct.pack_into("<I16sIQQQQI", head, 0, 0, b" LVM2 x[5A%r0N*>", 1, 4096, 1044480, 1024,
                     len(text) + 1, 0)
    return b"\0" + bytes(label) + bytes(head) + text


def main(folder):
    os.makedirs(folder, exist_ok=True)
    plain = group(volume("home", (2, striped((0, 0))), (3, striped((1, 4)))) +
                  volume("wide", (4, striped((0, 2), (1, 0)))))
    seeds = {
        "plain": plain,
        "raw": raw(plain),
        "snapshot": group(
            volume("home", (2, striped((0, 0)))) + volume("cow", (2, striped((0, 4)))) +
            volume("snapshot0", (2, 'type = "snapshot"\nchunk_size = 8\norigin = "home"\n'
                                 'cow_store = "cow"'), status='"READ", "WRITE"')),
        "raid": group(
            volume("home", (2, 'type = "raid1"\ndevice_count = 2\nraids = ["m0", "i0"]')) +
            volume("m0", (1, striped((0, 9))), status='"READ", "WRITE"') +
            volume("i0", (2, striped((1, 1))), status='"READ", "WRITE"')),
        "exported": group(volume("home", (2, striped((0, 0)))), '"READ", "EXPORTED"'),
    }
    for name, data in seeds.items():
        with open(os.path.join(folder, "lvm-" + name), "wb") as out:
            out.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
