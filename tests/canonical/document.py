"""The document form, written from docs/canonical-form.md alone: slow, with Python's own reader of JSON.

Each line of the input is the bytes of a document in hex; each line of the output its document form in hex, or `!`.
"""

import json
import re
import sys

sys.setrecursionlimit(10_000)


class Bad(Exception):
    pass


class Number:
    def __init__(self, text):
        sign, whole, fraction, exponent = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", text).groups()
        fraction = fraction or ""
        power = int(exponent or "0")
        if abs(power) > 2**31 - 1:
            raise Bad
        digits = whole + fraction
        power -= len(fraction)
        stripped = digits.rstrip("0")
        power += len(digits) - len(stripped)
        self.digits = stripped.lstrip("0")
        self.power = power if self.digits else 0
        self.sign = sign if self.digits else ""


def unique(pairs):
    found = {}
    for name, value in pairs:
        if name in found:
            raise Bad
        found[name] = value
    return found


def constant(_):
    raise Bad


def long(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def text(s):
    encoded = s.encode("utf-8")
    return long(len(encoded)) + encoded


def form(value, depth=0):
    if isinstance(value, (dict, list)) and depth == 64:
        raise Bad
    if value is None:
        return b"\x00"
    if value is False:
        return b"\x01"
    if value is True:
        return b"\x02"
    if isinstance(value, Number):
        return b"\x03" + long(value.power) + text(value.sign + value.digits)
    if isinstance(value, str):
        return b"\x04" + text(value)
    if isinstance(value, list):
        return b"\x05" + b"".join(form(item, depth + 1) for item in value) + b"\x07"
    members = sorted((name.encode("utf-8"), name) for name in value)
    return b"\x06" + b"".join(b"\x04" + text(name) + form(value[name], depth + 1) for _, name in members) + b"\x07"


def one(line):
    try:
        document = bytes.fromhex(line.strip()).decode("utf-8")
        value = json.loads(
            document, parse_int=Number, parse_float=Number, parse_constant=constant, object_pairs_hook=unique
        )
        return form(value).hex()
    except (Bad, ValueError, RecursionError):
        return "!"


# All is read before anything is written: whoever writes to us reads afterwards.
for line in sys.stdin.readlines():
    print(one(line))
