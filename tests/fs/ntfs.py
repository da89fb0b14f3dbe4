#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An NTFS reader of its own, as an oracle, and the states that no tool makes.

ntfs.py map IMAGE [OFFSET]   free extents by $Bitmap, "START LENGTH" in bytes of the volume
ntfs.py STATE IMAGE          dirty, mirror, log-open, log-closed, log-cached, bitmap-short,
                             bitmap-boot, bitmap-mft: make it so

Written from the description of the on-disk format in ntfs-3g's layout.h and logfile.h.
"""
import struct
import sys


class Volume:
    def __init__(self, path, base=0, write=False):
        self.file = open(path, "r+b" if write else "rb")
        self.base = base
        boot = self.read(0, 512)
        self.sector = struct.unpack_from("<H", boot, 11)[0]
        code = boot[13]
        self.cluster = self.sector * (code if code <= 128 else 1 << (256 - code))
        sectors, mft, mirror = struct.unpack_from("<QQQ", boot, 40)
        self.clusters = sectors * self.sector // self.cluster
        size = struct.unpack_from("<b", boot, 64)[0]
        self.record_size = size * self.cluster if size > 0 else 1 << -size
        self.mft = mft * self.cluster
        self.mirror = mirror * self.cluster

    def read(self, at, length):
        self.file.seek(self.base + at)
        return self.file.read(length)

    def write(self, at, data):
        self.file.seek(self.base + at)
        self.file.write(data)

    def record(self, number):
        """The record without its fixups; the first ones of the MFT lie in a row."""
        raw = bytearray(self.read(self.mft + number * self.record_size, self.record_size))
        offset, count = struct.unpack_from("<HH", raw, 4)
        for i in range(1, count):
            raw[i * 512 - 2:i * 512] = raw[offset + 2 * i:offset + 2 * i + 2]
        return raw

    def put_record(self, number, raw):
        raw = bytearray(raw)
        offset, count = struct.unpack_from("<HH", raw, 4)
        for i in range(1, count):
            raw[offset + 2 * i:offset + 2 * i + 2] = raw[i * 512 - 2:i * 512]
            raw[i * 512 - 2:i * 512] = raw[offset:offset + 2]
        self.write(self.mft + number * self.record_size, raw)
        if number < 4:
            self.write(self.mirror + number * self.record_size, raw)

    def attribute(self, record, kind):
        """Where the first attribute of that kind starts in the record."""
        at = struct.unpack_from("<H", record, 20)[0]
        while struct.unpack_from("<I", record, at)[0] != kind:
            at += struct.unpack_from("<I", record, at + 4)[0]
        return at

    def runs(self, record, kind=0x80):
        """(first cluster, count) of a non-resident attribute."""
        at = self.attribute(record, kind)
        at += struct.unpack_from("<H", record, at + 32)[0]
        lcn = 0
        while record[at]:
            n, m = record[at] & 15, record[at] >> 4
            count = int.from_bytes(record[at + 1:at + 1 + n], "little")
            lcn += int.from_bytes(record[at + 1 + n:at + 1 + n + m], "little", signed=True)
            yield lcn, count
            at += 1 + n + m

    def bitmap(self):
        record = self.record(6)
        data = b"".join(self.read(lcn * self.cluster, count * self.cluster)
                        for lcn, count in self.runs(record))
        return data[:(self.clusters + 7) // 8]


def print_map(volume):
    bits = volume.bitmap()
    start = None
    for i in range(volume.clusters + 1):
        free = i < volume.clusters and not bits[i // 8] >> i % 8 & 1
        if free and start is None:
            start = i
        elif not free and start is not None:
            print(start * volume.cluster, (i - start) * volume.cluster)
            start = None


def make_dirty(volume):
    record = volume.record(3)
    at = volume.attribute(record, 0x70)
    at += struct.unpack_from("<H", record, at + 20)[0]
    record[at + 10] |= 1
    volume.put_record(3, record)


def restart_page(size, major, minor, flags, client):
    """A restart page of $LogFile with one client, in use unless client is 0xffff."""
    page = bytearray(4096)
    struct.pack_into("<4sHHQIIHHH", page, 0, b"RSTR", 30, 9, 0, 4096, 4096, 0x30, minor, major)
    bits = 67 - size.bit_length()
    area = 0x30
    struct.pack_into("<QHHHHIHHQIHHII", page, area, 8, 1, 0 if client == 0xffff else 0xffff,
                     client, flags, bits, 0x30 + 160, 0x30, size, 0, 0x30, 0x40, 1, 0)
    struct.pack_into("<QQHHHHHHI", page, area + 0x30, 0, 0, 0xffff, 0xffff, 0, 0, 0, 0, 8)
    page[area + 0x30 + 32:area + 0x30 + 40] = "NTFS".encode("utf-16le")
    struct.pack_into("<H", page, 30, 1)
    for i in range(1, 9):
        page[30 + 2 * i:32 + 2 * i] = page[i * 512 - 2:i * 512]
        page[i * 512 - 2:i * 512] = page[30:32]
    return bytes(page)


def make_log(volume, major, minor, flags, client):
    record = volume.record(2)
    at = volume.attribute(record, 0x80)
    size = struct.unpack_from("<Q", record, at + 48)[0]
    lcn, _ = next(volume.runs(record))
    page = restart_page(size, major, minor, flags, client)
    volume.write(lcn * volume.cluster, page + page)


def make_bitmap_short(volume):
    record = volume.record(6)
    at = volume.attribute(record, 0x80)
    struct.pack_into("<Q", record, at + 56, volume.clusters // 8 - 8)
    volume.put_record(6, record)


def free_cluster(volume, cluster):
    lcn, _ = next(volume.runs(volume.record(6)))
    at = lcn * volume.cluster + cluster // 8
    byte = volume.read(at, 1)[0] & ~(1 << cluster % 8)
    volume.write(at, bytes([byte]))


STATES = {
    "dirty": make_dirty,
    "mirror": lambda v: v.write(v.mirror + 0x18, b"\x7f"),
    "log-open": lambda v: make_log(v, 1, 1, 0, 0),
    "log-closed": lambda v: make_log(v, 1, 1, 2, 0),
    "log-cached": lambda v: make_log(v, 2, 0, 2, 0),
    "bitmap-short": make_bitmap_short,
    "bitmap-boot": lambda v: free_cluster(v, 0),
    "bitmap-mft": lambda v: free_cluster(v, v.mft // v.cluster),
}

if sys.argv[1] == "map":
    print_map(Volume(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0))
else:
    STATES[sys.argv[1]](Volume(sys.argv[2], write=True))
