"""A plain parser of HJ 212 in Python: cut by length, check the CRC, split the header and every item. Peer of `bench hj212`."""

import sys

TABLE = []
for x in range(256):
    for _ in range(8):
        x = (x >> 1) ^ 0xA001 if x & 1 else x >> 1
    TABLE.append(x)


def checksum(segment):
    r = 0xFFFF
    for b in segment:
        r = TABLE[(r >> 8) ^ b]
    return r


def parse(segment):
    header, area = segment.split(b";CP=&&", 1)
    fields = dict(pair.split(b"=", 1) for pair in header.split(b";"))
    items = []
    for group in area[:-2].split(b";"):
        for pair in group.split(b","):
            name, value = pair.split(b"=", 1)
            code, _, key = name.rpartition(b"-")
            items.append((code, key, value))
    return fields, items


def main(path):
    data = open(path, "rb").read()
    at = frames = 0
    while at < len(data):
        assert data[at : at + 2] == b"##"
        end = at + 6 + int(data[at + 2 : at + 6])
        segment = data[at + 6 : end]
        assert checksum(segment) == int(data[end : end + 4], 16) and data[end + 4 : end + 6] == b"\r\n"
        fields, items = parse(segment)
        assert fields[b"MN"] and items
        frames += 1
        at = end + 6
    assert frames > 0


main(sys.argv[1])
