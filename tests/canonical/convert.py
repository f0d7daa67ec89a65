"""Section 3: Avro binary in the plain form, and the table of conversions."""

import struct
from fractions import Fraction

NAN = {"float": bytes.fromhex("0000c07f"), "double": bytes.fromhex("000000000000f87f")}
PACK = {"float": "<f", "double": "<d"}
RANGE = {"int": 31, "long": 63}
PER_SECOND = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}
POWERS_MAX = 308
DECIMAL_BYTES_MAX = 128


def long(n):
    n = n << 1 if n >= 0 else (-n << 1) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def text(data):
    return long(len(data)) + data


def shortest(n):
    return n.to_bytes(((n if n >= 0 else ~n).bit_length() // 8) + 1, "big", signed=True)


def unscaled(data):
    return int.from_bytes(data, "big", signed=True)


def big_parts(plain):
    """(unscaled, scale) of a big-decimal in the plain form."""
    parts = Parts(plain)
    return parse_big(parts.take(parts.long()))


def parse_big(data):
    """A big-decimal as (unscaled, scale) or None. Its parts are read like any Avro."""
    parts = Parts(data)
    try:
        number = unscaled(parts.take(parts.long()))
        scale = parts.long()
    except ValueError:
        return None
    return (number, scale) if parts.at == len(data) else None


class Parts:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if n < 0 or self.at + n > len(self.data):
            raise ValueError
        self.at += n
        return self.data[self.at - n : self.at]

    def long(self):
        n = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            n |= (byte & 127) << shift
            if byte < 128:
                if n >= 1 << 64:
                    raise ValueError
                return n >> 1 ^ -(n & 1)
        raise ValueError


def stripped(number, scale):
    if number == 0:
        return 0, 0
    while number % 10 == 0:
        number, scale = number // 10, scale - 1
    return number, scale


def big(number, scale):
    if len(shortest(number)) > DECIMAL_BYTES_MAX:
        return None
    number, scale = stripped(number, scale)
    if scale < -(1 << 63):
        return None
    return text(text(shortest(number)) + long(scale))


def pack_float(kind, x):
    """The nearest of x; None where it is out of range."""
    if x != x:
        return NAN[kind]
    try:
        return struct.pack(PACK[kind], x)
    except OverflowError:
        return None


def nearest_single(x):
    """The float nearest to a fraction; None where it is out of range."""
    data = pack_float("float", float(x))
    if data is None:
        return None
    bits = int.from_bytes(data, "little")
    near = [b.to_bytes(4, "little") for b in (bits - 1, bits, bits + 1) if b >= 0 and b & 0x7F800000 != 0x7F800000]
    return min(near, key=lambda d: (abs(Fraction(unpack_float("float", d)) - x), d[0] & 1))


def unpack_float(kind, data):
    return struct.unpack(PACK[kind], data)[0]


def plain_float(kind, data):
    return NAN[kind] if unpack_float(kind, data) != unpack_float(kind, data) else data


def uuid_text(data):
    h = data.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:])).encode()


def own_plain(t, v):
    """The plain form of a value under the writer's own type, decimals without bound."""
    k = t.kind
    if k == "record":
        return b"".join(own_plain(f.type, x) for f, x in zip(t.fields, v))
    if k == "array":
        return long(len(v)) * bool(v) + b"".join(own_plain(t.items, x) for x in v) + b"\0"
    if k == "map":
        return long(len(v)) * bool(v) + b"".join(text(key) + own_plain(t.items, x) for key, x in v) + b"\0"
    if k == "union":
        return long(v[0]) + own_plain(t.branches[v[0]], v[1])
    if t.note == "decimal":
        return text(shortest(unscaled(v)))
    if k in ("int", "long", "enum"):
        return long(v)
    if k in PACK:
        return plain_float(k, v)
    return {"null": b"", "boolean": v}.get(k, text(v) if k in ("string", "bytes") else v)


def row(w, c):
    """How a value of a primitive, fixed or enum becomes one of the contract's type: a function value -> plain bytes or
    None where it is not held; None if no row of the table fits the two types at all."""
    one = w.note == c.note or w.note is None or c.note is None
    a, b = w.kind, c.kind
    if "null" in (a, b):
        return (lambda v: b"") if a == b else None
    if a == "boolean" and b == "boolean":
        return lambda v: v
    if a == "enum" and b == "enum":
        return lambda v: long(c.symbols.index(w.symbols[v])) if w.symbols[v] in c.symbols else None
    if a in RANGE and b in RANGE:
        if one:
            return lambda v: _fit(c, v)
        (x, _, from_), (y, _, to) = w.note.rpartition("-"), c.note.rpartition("-")
        if x and x == y:
            return lambda v: _fit(c, v * PER_SECOND[to] // PER_SECOND[from_]) if v * PER_SECOND[to] % PER_SECOND[from_] == 0 else None
        return None
    if a in RANGE and b in PACK:
        return lambda v: _int_float(b, v)
    if a in PACK and b in PACK:
        return lambda v: _float_float(a, b, v)
    return _decimal_row(w, c) or _bytes_row(w, c, one)


def _decimal_row(w, c):
    if c.note not in ("decimal", "big-decimal"):
        return None
    put = (lambda n, s: big(n, s)) if c.note == "big-decimal" else (lambda n, s: _decimal(c, n, s))
    if w.kind in RANGE and w.note is None:
        return lambda v: put(v, 0)
    if w.note == "decimal":
        return lambda v: put(unscaled(v), w.scale)
    bare = w.note is None and w.kind == c.kind and w.size == c.size
    if w.note == "big-decimal" or (bare and c.note == "big-decimal"):
        return lambda v: put(*parse_big(v)) if parse_big(v) else None
    return (lambda v: put(unscaled(v), c.scale)) if bare else None


def _bytes_row(w, c, one):
    a, b = w.kind, c.kind
    if a == "bytes" and b == "bytes" and one:
        return text
    if a == "fixed" and b == "fixed" and w.size == c.size and one:
        return lambda v: v
    if a == "string" and b == "string":
        return text
    if a == "string" and b == "bytes" and not c.note:
        return text
    if a == "bytes" and b == "string" and not w.note:
        return lambda v: text(v) if is_utf8(v) else None
    if a == "fixed" and w.note == "uuid" and b == "string":
        return lambda v: text(uuid_text(v))
    if a == "string" and b == "fixed" and c.note == "uuid":
        return _parse_uuid
    return None


def _fit(c, n):
    return long(n) if -(1 << RANGE[c.kind]) <= n < 1 << RANGE[c.kind] else None


def _int_float(kind, n):
    data = pack_float(kind, float(n)) if kind == "double" else _int_single(n)
    return data if int(unpack_float(kind, data)) == n else None


def _int_single(n):
    # Through a double is no double rounding that matters: a number that a float holds is one that a double holds.
    return pack_float("float", float(n))


def _float_float(a, b, data):
    out = pack_float(b, unpack_float(a, data))
    if out is None or (a, b) != ("double", "float") or out == NAN[b]:
        return out
    return out if struct.pack("<d", unpack_float(b, out)) == data else None


def _decimal(c, number, scale):
    shift = c.scale - scale
    if len(shortest(number)) > DECIMAL_BYTES_MAX:
        return None
    if number and abs(shift) > POWERS_MAX:
        return None
    if number and shift < 0 and number % 10**-shift:
        return None
    if number:
        number = number * 10**shift if shift >= 0 else number // 10**-shift
    data = shortest(number)
    return text(data) if len(data) <= DECIMAL_BYTES_MAX and abs(number) < 10**c.precision else None


def _parse_uuid(v):
    try:
        data = bytes.fromhex(v.decode("ascii").replace("-", ""))
    except ValueError:
        return None
    return data if len(data) == 16 and uuid_text(data) == v else None


def is_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
