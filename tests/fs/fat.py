#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fat.py map IMAGE [OFFSET]: the free space of FAT12, FAT16, FAT32 and exFAT, as "START LENGTH" in
bytes, told the other way round than achica does: all is free that no file, no directory and nothing
of the filesystem's own lies in. fat.py bad IMAGE CLUSTER...: marks clusters bad."""
import struct
import sys


class Fat:
    def __init__(self, data):
        sector, per, reserved, self.tables, roots, small = struct.unpack_from("<HBHBHH", data, 11)
        table16, big, table32 = struct.unpack_from("<H", data, 22)[0], *struct.unpack_from(
            "<II", data, 32)
        self.data = data
        self.table = reserved * sector
        self.table_size = (table16 or table32) * sector
        self.root_at = self.table + self.tables * self.table_size
        self.root_size = roots * 32
        self.start = self.root_at + -(-self.root_size // sector) * sector
        self.size = sector * per
        self.count = ((small or big) * sector - self.start) // self.size
        self.bits = 32 if not table16 else 16 if self.count > 4084 else 12
        self.root = struct.unpack_from("<I", data, 44)[0] if self.bits == 32 else 0
        self.bad_mark = (1 << (28 if self.bits == 32 else self.bits)) - 9
        self.used = set()

    def entry(self, n):
        if self.bits == 32:
            return struct.unpack_from("<I", self.data, self.table + n * 4)[0] & 0xfffffff
        if self.bits == 16:
            return struct.unpack_from("<H", self.data, self.table + n * 2)[0]
        pair = struct.unpack_from("<H", self.data, self.table + n * 3 // 2)[0]
        return pair >> 4 if n & 1 else pair & 0xfff

    def set(self, n, value):
        for i in range(self.tables):
            table = self.table + i * self.table_size
            if self.bits == 32:
                struct.pack_into("<I", self.data, table + n * 4, value)
            elif self.bits == 16:
                struct.pack_into("<H", self.data, table + n * 2, value)
            else:
                at = table + n * 3 // 2
                pair = struct.unpack_from("<H", self.data, at)[0]
                pair = pair & 0xf | value << 4 if n & 1 else pair & 0xf000 | value
                struct.pack_into("<H", self.data, at, pair)

    def take(self, n):
        if not 2 <= n < self.count + 2 or n in self.used:
            sys.exit("cluster %d is used twice or is none" % n)
        self.used.add(n)
        at = self.start + (n - 2) * self.size
        return self.data[at:at + self.size]

    def chain(self, n):
        out = []
        while n < self.bad_mark:
            out.append(self.take(n))
            n = self.entry(n)
        return b"".join(out)

    def folder(self, entries):
        for at in range(0, len(entries), 32):
            e = entries[at:at + 32]
            if e[0] == 0:
                return
            if e[0] == 0xe5 or e[11] & 0x08 or e[:1] == b".":
                continue
            first = struct.unpack_from("<H", e, 26)[0]
            if self.bits == 32:
                first |= struct.unpack_from("<H", e, 20)[0] << 16
            if first:
                body = self.chain(first)
                if e[11] & 0x10:
                    self.folder(body)

    def walk(self):
        if self.bits == 32:
            self.folder(self.chain(self.root))
        else:
            self.folder(self.data[self.root_at:self.root_at + self.root_size])
        self.used |= {n for n in range(2, self.count + 2) if self.entry(n) == self.bad_mark}


class ExFat(Fat):
    def __init__(self, data):
        self.data = data
        table, _, heap, self.count, self.root = struct.unpack_from("<IIIII", data, 80)
        sector = 1 << data[108]
        self.size = sector << data[109]
        self.table, self.start = table * sector, heap * sector
        self.bits, self.tables, self.table_size, self.bad_mark = 32, 1, 0, 0xfffffff7
        self.used = set()

    def entry(self, n):
        return struct.unpack_from("<I", self.data, self.table + n * 4)[0]

    def body(self, first, length, contiguous):
        if not contiguous:
            return self.chain(first)
        return b"".join(self.take(first + i) for i in range(-(-length // self.size)))

    def folder(self, entries):
        is_folder = False
        for at in range(0, len(entries), 32):
            e = entries[at:at + 32]
            if e[0] == 0:
                return
            first, length = struct.unpack_from("<IQ", e, 20)
            if e[0] in (0x81, 0x82):
                self.chain(first)
            elif e[0] == 0x85:
                is_folder = bool(e[4] & 0x10)
            elif e[0] == 0xc0 and first:
                body = self.body(first, length, e[1] & 2)
                if is_folder:
                    self.folder(body)


def main():
    with open(sys.argv[2], "rb") as f:
        offset = int(sys.argv[3]) if sys.argv[1] == "map" and len(sys.argv) > 3 else 0
        f.seek(offset)
        data = bytearray(f.read())
    fat = (ExFat if data[3:11] == b"EXFAT   " else Fat)(data)
    if sys.argv[1] == "bad":
        for n in sys.argv[3:]:
            fat.set(int(n), fat.bad_mark)
        with open(sys.argv[2], "wb") as f:
            f.write(data)
        return
    fat.walk()
    for n in range(2, fat.count + 2):
        if n not in fat.used:
            print(fat.start + (n - 2) * fat.size, fat.size)


main()
