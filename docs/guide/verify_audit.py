#!/usr/bin/env python3
"""Checks what `shanshui audit prove N` printed: python3 verify_audit.py proof.json PUBLIC_KEY_HEX. Needs nothing but Python."""
import hashlib, json, sys

proof, key = json.load(open(sys.argv[1], encoding="utf-8")), bytes.fromhex(sys.argv[2])
root = proof["root"]
def digest(algorithm, *parts):
    return hashlib.new(algorithm, "\0".join(parts).encode()).hexdigest()
# Ed25519 as RFC 8032 section 5.1 has it, slow and plain
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
def times(n, point):
    total = (0, 1)
    for bit in bin(n)[2:]:
        total = add(add(total, total), point) if bit == "1" else add(total, total)
    return total
def point(raw):
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square, "no point of the curve"
    return (x if x & 1 == raw[31] >> 7 else P - x), y
link = digest(proof["algorithm"], proof["algorithm"], proof["stream"], str(proof["seq"]), proof["previous"], proof["body"])
assert link == proof["digest"], "the entry is not what its digest says"
climbed = digest(root["algorithm"], "leaf", link)
for step in proof["path"]:
    climbed = digest(root["algorithm"], "node", *([step["digest"], climbed] if step["left"] else [climbed, step["digest"]]))
assert climbed == root["root"], "the entry is not under the root"
said = root["statement"].split("\n")
assert said[:4] == ["shanshui audit root 1", str(root["size"]), root["algorithm"], root["root"]] and root["signer"] == key.hex(), "of another"
signature, statement = bytes.fromhex(root["signature"]), root["statement"].encode()
scalar, base = int.from_bytes(signature[32:], "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + statement).digest(), "little") % L
assert scalar < L and times(scalar, base) == add(point(signature[:32]), times(hashed, point(key))), "the signature is wrong"
print("entry", proof["seq"], "is under the signed root over", root["size"], "entries:", proof["body"])
