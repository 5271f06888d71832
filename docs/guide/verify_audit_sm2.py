#!/usr/bin/env python3
"""Checks what `shanshui audit prove N` printed: python3 verify_audit_sm2.py proof.json sm2:04... Needs nothing but Python."""
import hashlib, json, sys

proof, name = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]
root, public = proof["root"], bytes.fromhex(name.removeprefix("sm2:"))
def digest(algorithm, *parts):
    return hashlib.new(algorithm, "\0".join(parts).encode()).hexdigest()
# SM2 as GB/T 32918.2 and .5 have it, slow and plain
P, N = 2**256 - 2**224 - 2**96 + 2**64 - 1, 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
A, B = P - 3, 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7, 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
def add(a, b):
    if a is None or b is None:
        return a or b
    (x1, y1), (x2, y2) = a, b
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if a == b else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P
def times(n, point):
    total = None
    for bit in bin(n)[2:]:
        total = add(add(total, total), point) if bit == "1" else add(total, total)
    return total
link = digest(proof["algorithm"], proof["algorithm"], proof["stream"], str(proof["seq"]), proof["previous"], proof["body"])
assert link == proof["digest"], "the entry is not what its digest says"
climbed = digest(root["algorithm"], "leaf", link)
for step in proof["path"]:
    climbed = digest(root["algorithm"], "node", *([step["digest"], climbed] if step["left"] else [climbed, step["digest"]]))
assert climbed == root["root"], "the entry is not under the root"
said = root["statement"].split("\n")
assert said[:4] == ["shanshui audit root 1", str(root["size"]), root["algorithm"], root["root"]] and root["signer"] == name, "of another"
x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
assert public[0] == 4 and (y * y - x * x * x - A * x - B) % P == 0, "no point of the curve"
who = b"1234567812345678"
curve = b"".join(n.to_bytes(32, "big") for n in (A, B, *G, x, y))
z = hashlib.new("sm3", (8 * len(who)).to_bytes(2, "big") + who + curve).digest()
e = int.from_bytes(hashlib.new("sm3", z + root["statement"].encode()).digest(), "big")
r, s = (int.from_bytes(bytes.fromhex(root["signature"])[i : i + 32], "big") for i in (0, 32))
assert 0 < r < N and 0 < s < N and (r + s) % N, "the signature is wrong"
met = add(times(s, G), times((r + s) % N, (x, y)))
assert met and (e + met[0]) % N == r, "the signature is wrong"
print("entry", proof["seq"], "is under the signed root over", root["size"], "entries:", proof["body"])
