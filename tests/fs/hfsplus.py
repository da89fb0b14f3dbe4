#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes and reads HFS Plus for the tests of its driver, from Apple's Technical Note TN1150.

make [OPTION=VALUE]... IMAGE  block=4096 tail=0 x=no journal=no|new|big|little map=1 files=0 label=L
    Only what is in use is written: what IMAGE holds elsewhere stays. tail: bytes behind the last
    whole block, with the alternate header. map: pieces of the allocation file. files: files of
    nine and more pieces of one block, all over the volume, the first and last free ones too.
files IMAGE                   the free map as the files tell it: what none of them has
poke IMAGE BYTE SIZE VALUE    writes VALUE, big-endian, into both volume headers
poke1 IMAGE BYTE SIZE VALUE   into the first alone
node IMAGE FILE BYTE SIZE VALUE     into FILE (extents, catalog)
bit IMAGE BLOCK               turns that block's bit in the allocation file
journal IMAGE BYTE SIZE VALUE [BASE]  into the journal's header (or info), with its checksum
"""
import random
import struct
import sys

HEADER = 1024
NODE = 8192
FORKS = {"allocation": 112, "extents": 192, "catalog": 272, "attributes": 352, "startup": 432}
NUMBERS = {"extents": 3, "catalog": 4, "allocation": 6, "startup": 7, "attributes": 8}


def node(kind, height, records, size, following=0, before=0):
    out = bytearray(size)
    struct.pack_into(">IIbBH", out, 0, following, before, kind, height, len(records))
    at = 14
    for i, record in enumerate(records):
        struct.pack_into(">H", out, size - 2 * (i + 1), at)
        out[at:at + len(record)] = record
        at += len(record)
    struct.pack_into(">H", out, size - 2 * (len(records) + 1), at)
    assert at <= size - 2 * (len(records) + 1), "too many records for a leaf"
    return bytes(out)


def tree(leaves, key_size, kind, compare, attributes, nodes):
    """A tree of some nodes: the header, an index where there are several leaves, the leaves."""
    index = len(leaves) > 1
    first = 2 if index else 1
    used = (first if leaves else 1) + len(leaves)
    head = struct.pack(">HIIIIHHIIHIBBI", (2 if index else 1) if leaves else 0,
                       1 if leaves else 0, sum(map(len, leaves)), first if leaves else 0,
                       first + len(leaves) - 1 if leaves else 0, NODE, key_size, nodes,
                       nodes - used, 0, NODE * nodes, kind, compare, attributes)
    bits = bytearray(NODE - 256)
    for i in range(used):
        bits[i // 8] |= 0x80 >> i % 8
    out = node(1, 0, [head.ljust(106, b"\0"), bytes(128), bytes(bits)], NODE)
    if index:
        keys = []
        for i, leaf in enumerate(leaves):
            size = 2 + struct.unpack_from(">H", leaf[0])[0]
            keys.append(leaf[0][:size] + struct.pack(">I", first + i))
        out += node(0, 2, keys, NODE)
    for i, leaf in enumerate(leaves):
        out += node(-1, 1, leaf, NODE, first + i + 1 if i + 1 < len(leaves) else 0,
                    first + i - 1 if i else 0)
    return out.ljust(nodes * NODE, b"\0")


def key(parent, name):
    text = name.encode("utf-16-be")
    return struct.pack(">HIH", 6 + len(text), parent, len(text) // 2) + text


def fork(size, runs, block):
    """The 80 bytes of a fork, and the records of its other extents as (first block, extents)."""
    records = [runs[i:i + 8] for i in range(0, len(runs), 8)] or [[]]
    packed = [b"".join(struct.pack(">II", *r) for r in rec).ljust(64, b"\0") for rec in records]
    rest, at = [], 0
    for rec, data in zip(records, packed):
        if at:
            rest.append((at, data))
        at += sum(count for _, count in rec)
    assert size <= at * block
    return struct.pack(">QII", size, block, at) + packed[0], rest


class Volume:
    """One that is made."""

    def __init__(self, path, options):
        self.file = open(path, "r+b")
        self.file.seek(0, 2)
        self.size = self.file.tell()
        self.block = int(options.get("block", 4096))
        self.tail = int(options.get("tail", 0))
        self.blocks = (self.size - self.tail) // self.block
        self.x = options.get("x", "no") == "yes"
        self.journal = options.get("journal", "no")
        self.label = options.get("label", "untitled")
        self.pieces = int(options.get("map", 1))
        self.files = int(options.get("files", 0))
        self.used = bytearray(self.blocks)
        self.random = random.Random(self.blocks + self.block)
        self.overflow = []
        self.records = []
        self.threads = []

    def put(self, at, data):
        self.file.seek(at)
        self.file.write(data)

    def take(self, first, count):
        assert not any(self.used[first:first + count])
        self.used[first:first + count] = b"\1" * count

    def find(self, count):
        """That many blocks in a row, not the first free one."""
        first = self.used.find(bytes(count + 1)) + 1
        self.take(first, count)
        return first

    def runs(self, size, pieces):
        """Extents for size bytes, in about that many pieces with a block between two."""
        need = -(-size // self.block)
        each = -(-need // pieces)
        out = []
        while need > 0:
            count = min(each, need)
            out.append((self.find(count), count))
            need -= count
        return out

    def write(self, runs, data):
        for first, count in runs:
            piece, data = data[:count * self.block], data[count * self.block:]
            self.put(first * self.block, piece)

    def add_fork(self, name, size, runs):
        data, rest = fork(size, runs, self.block)
        self.overflow += [(NUMBERS.get(name, name), at, extents) for at, extents in rest]
        return data

    def add_file(self, number, name, size, runs):
        """Its record in the catalog, and that of its thread."""
        perm = struct.pack(">IIBBHI", 0, 0, 0, 0, 0o100644, 1)
        record = struct.pack(">HHII20x", 2, 2, 0, number) + perm + bytes(40)
        self.records.append(key(2, name) + record + self.add_fork(number, size, runs) + bytes(80))
        self.threads.append(key(number, "") + struct.pack(">HHI", 4, 0, 2) + key(0, name)[6:])

    def make_files(self):
        """Files in single blocks."""
        free = [b for b in range(self.blocks) if not self.used[b]]
        chosen = self.random.sample(free[1:-1], 12 * self.files)
        if self.files:
            chosen[0], chosen[-1] = free[0], free[-1]
        for i in range(self.files):
            number = 18 + i
            mine = [(b, 1) for b in chosen[12 * i:12 * i + 12]]
            for first, _ in mine:
                self.take(first, 1)
                self.put(first * self.block, b"%08d" % number * (self.block // 8))
            self.add_file(number, "file%03d" % i, 12 * self.block - 3, mine)

    def make_journal(self):
        """The block of information and the journal, of which only the header is written; each is
        a file."""
        info, blocks = self.find(1), -(-(256 << 10) // self.block)
        first = self.find(blocks)
        size = blocks * self.block
        self.add_file(16, ".journal", size, [(first, blocks)])
        self.add_file(17, ".journal_info_block", self.block, [(info, 1)])
        flags = 5 if self.journal == "new" else 1
        self.put(info * self.block, struct.pack(">I32xQQ", flags, first * self.block, size)
                 .ljust(self.block, b"\0"))
        if self.journal != "new":
            order = ">" if self.journal == "big" else "<"
            head = struct.pack(order + "IIQQQIII", 0x4a4e4c78, 0x12345678, 512, 512, size, 4096,
                               0, 512)
            self.put(first * self.block, sum_journal(head, order))
        return info

    def make_catalog(self):
        perm = struct.pack(">IIBBHI", 0, 0, 0, 0, 0o40755, 1)
        folders_are_counted = 0x10 if self.x else 0
        root = struct.pack(">HHII20x", 1, folders_are_counted, len(self.records), 2) + perm
        records = [key(1, self.label) + root + bytes(40),
                   key(2, "") + struct.pack(">HHI", 3, 0, 1) + key(0, self.label)[6:]]
        records += self.records + self.threads
        leaves, room = [], 0
        for record in records:
            if len(record) + 2 > room:
                leaves.append([])
                room = NODE - 16
            leaves[-1].append(record)
            room -= len(record) + 2
        compare = 0xbc if self.x else 0
        return tree(leaves, 516, 0, compare, 6, self.nodes)

    def make_extents(self):
        records = [struct.pack(">HBBII", 10, 0, 0, number, at) + data
                   for number, at, data in sorted(self.overflow)]
        leaves = [records[i:i + 90] for i in range(0, len(records), 90)]
        return tree(leaves, 10, 0, 0, 2, 16)

    def whole(self, nodes):
        """As many nodes, or as fill their last block."""
        return -(-nodes * NODE // self.block) * self.block // NODE

    def make(self):
        self.nodes = self.whole(16 + self.files // 8)
        attribute_nodes = self.whole(4)
        self.take(0, -(-1536 // self.block))
        first = min((self.size - HEADER) // self.block, self.blocks - 1)
        self.take(first, self.blocks - first)
        info = self.make_journal() if self.journal != "no" else 0
        map_size = -(-self.blocks // 8)
        map_runs = self.runs(map_size, self.pieces)
        tree_runs = self.runs(16 * NODE, 1)
        catalog_runs = self.runs(self.nodes * NODE, 1)
        attribute_runs = self.runs(attribute_nodes * NODE, 1)
        forks = (self.add_fork("allocation", map_size, map_runs) +
                 self.add_fork("extents", 16 * NODE, tree_runs) +
                 self.add_fork("catalog", self.nodes * NODE, catalog_runs) +
                 self.add_fork("attributes", attribute_nodes * NODE, attribute_runs) + bytes(80))
        self.make_files()
        self.write(catalog_runs, self.make_catalog())
        self.write(tree_runs, self.make_extents())
        self.write(attribute_runs, tree([], 266, 0, 0, 6, attribute_nodes))
        bits = bytearray(map_size)
        for b in range(self.blocks):
            bits[b // 8] |= (0x80 >> b % 8) * self.used[b]
        self.write(map_runs, bytes(bits).ljust(sum(c for _, c in map_runs) * self.block, b"\0"))
        journaled = self.journal != "no"
        header = struct.pack(">HHIII4IIIIII4IIQ", 0x4858 if self.x else 0x482b, 4 + self.x,
                             0x2100 if journaled else 0x100,
                             0x4846534a if journaled else 0x31302e30, info, 1, 1, 0, 1,
                             len(self.records),
                             0, self.block, self.blocks, self.blocks - sum(self.used), 0,
                             self.block, self.block, 18 + self.files, 1, 1)
        header = header.ljust(112, b"\0") + forks
        assert len(header) == 512
        self.put(0, bytes(HEADER))
        self.put(HEADER, header)
        self.put(self.size - HEADER, header + bytes(512))


def sum_journal(head, order):
    total = 0
    head = head[:36] + bytes(4) + head[40:44]
    for byte in head:
        total = ((total << 8) ^ (total + byte)) & 0xffffffff
    return head[:36] + struct.pack(order + "I", total ^ 0xffffffff) + head[40:]


class Reader:
    def __init__(self, path, write=False):
        self.file = open(path, "r+b" if write else "rb")
        self.header = self.at(HEADER, 512)
        self.block, self.blocks = struct.unpack_from(">II", self.header, 40)
        self.used = bytearray(self.blocks)
        self.more = {}
        self.file.seek(0, 2)
        self.size = self.file.tell()
        if self.at(self.size - HEADER, 2) not in (b"H+", b"HX"):
            self.size = self.blocks * self.block

    def at(self, start, size):
        self.file.seek(start)
        return self.file.read(size)

    def put(self, at, data):
        self.file.seek(at)
        self.file.write(data)

    def take(self, runs):
        for first, count in runs:
            assert first + count <= self.blocks, "outside of the volume"
            assert not any(self.used[first:first + count]), f"{first}+{count} is used twice"
            self.used[first:first + count] = b"\1" * count

    def runs(self, data, number, kind=0):
        """The extents of a fork, with those of the overflow tree."""
        total, = struct.unpack_from(">I", data, 12)
        runs = [struct.unpack_from(">II", data, 16 + 8 * i) for i in range(8)]
        runs += self.more.get((number, kind), [])
        runs = [r for r in runs if r[1]]
        assert sum(c for _, c in runs) == total, f"file {number} is not whole"
        return runs

    def place(self, name, at):
        for first, count in self.runs(self.header[FORKS[name]:][:80], NUMBERS[name]):
            if at < count * self.block:
                return first * self.block + at
            at -= count * self.block
        raise ValueError("outside")

    def leaves(self, name):
        """The records of a tree, by its leaves."""
        runs = self.runs(self.header[FORKS[name]:][:80], NUMBERS[name])
        data = b"".join(self.at(f * self.block, c * self.block) for f, c in runs)
        if not data:
            return
        size, = struct.unpack_from(">H", data, 32)
        number = struct.unpack_from(">I", data, 24)[0] if data[14:16] != b"\0\0" else 0
        while number:
            leaf = data[number * size:(number + 1) * size]
            number, count = struct.unpack_from(">I", leaf)[0], struct.unpack_from(">H", leaf, 10)[0]
            offsets = struct.unpack_from(f">{count + 1}H", leaf, size - 2 * (count + 1))[::-1]
            for start, end in zip(offsets, offsets[1:]):
                yield leaf[start:end]

    def read_overflow(self):
        for record in self.leaves("extents"):
            kind, number, at = struct.unpack_from(">xxBxII", record)
            runs = [struct.unpack_from(">II", record, 12 + 8 * i) for i in range(8)]
            self.more.setdefault((number, kind), []).extend(r for r in runs if r[1])

    def take_file(self, record):
        size = 2 + struct.unpack_from(">H", record)[0]
        data = record[size + size % 2:]
        if struct.unpack_from(">H", data)[0] != 2:
            return
        number, = struct.unpack_from(">I", data, 8)
        self.take(self.runs(data[88:168], number))
        self.take(self.runs(data[168:248], number, 0xff))

    def take_attribute(self, record):
        size = 2 + struct.unpack_from(">H", record)[0]
        kind, = struct.unpack_from(">I", record, size)
        assert kind == 0x10, "an attribute with extents of its own"

    def take_all(self):
        self.read_overflow()
        for name, at in FORKS.items():
            self.take(self.runs(self.header[at:at + 80], NUMBERS[name]))
        self.take(self.more.get((5, 0), []))
        self.take([(0, -(-1536 // self.block))])
        # The last block is in use, also where the alternate header lies behind it.
        last = min((self.size - HEADER) // self.block, self.blocks - 1)
        self.take([(last, self.blocks - last)])
        for record in self.leaves("catalog"):
            self.take_file(record)
        for record in self.leaves("attributes"):
            self.take_attribute(record)
        if self.header[6] & 0x20:
            info, = struct.unpack_from(">I", self.header, 12)
            start, size = struct.unpack_from(">QQ", self.at(info * self.block, 64), 36)
            journal = self.used[start // self.block:(start + size) // self.block]
            assert self.used[info] and all(journal), "the journal is no file"

    def print_free(self):
        last = 0
        for b in range(self.blocks):
            if self.used[b]:
                if b > last:
                    print(last * self.block, (b - last) * self.block)
                last = b + 1
        if self.blocks > last:
            print(last * self.block, (self.blocks - last) * self.block)


def number(size, value):
    return (int(value, 0) & (1 << 8 * int(size)) - 1).to_bytes(int(size), "big")


def put_journal(r, at, data, base):
    info, = struct.unpack_from(">I", r.header, 12)
    if base:
        r.put(info * r.block + at, data)
        return
    start, = struct.unpack_from(">Q", r.at(info * r.block, 64), 36)
    head = bytearray(r.at(start, 44))
    order = ">" if head[4] == 0x12 else "<"
    head[at:at + len(data)] = data if order == ">" else data[::-1]
    r.put(start, sum_journal(bytes(head), order))


def main(verb, path, *rest):
    r = Reader(path, write=verb != "files")
    if verb == "files":
        r.take_all()
        r.print_free()
    elif verb in ("poke", "poke1"):
        for at in (HEADER, r.size - HEADER)[:1 if verb == "poke1" else 2]:
            r.put(at + int(rest[0], 0), number(*rest[1:]))
    elif verb == "node":
        r.put(r.place(rest[0], int(rest[1], 0)), number(*rest[2:]))
    elif verb == "bit":
        block = int(rest[0])
        r.read_overflow()
        at = r.place("allocation", block // 8)
        r.put(at, bytes([r.at(at, 1)[0] ^ 0x80 >> block % 8]))
    elif verb == "journal":
        put_journal(r, int(rest[0], 0), number(*rest[1:3]), rest[3:])
    else:
        sys.exit(__doc__)


if sys.argv[1:2] == ["make"]:
    Volume(sys.argv[-1], dict(word.split("=", 1) for word in sys.argv[2:-1])).make()
else:
    main(*sys.argv[1:])
