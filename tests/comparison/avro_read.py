"""A small reader of Avro binary for the reference comparison.

One record, decoded with its writer's schema. Written from docs/canonical-form.md
(section 2) alone, without looking at the product. The budget is left out: no case
comes near it.

Values: None, bool, int, float, bytes (bytes, fixed), str (string, enum), list,
dict (map, record by the writer's names), Branch (union).
"""

import struct

MOST = 2**31 - 1
DEEPEST = 64


class Undecodable(Exception):
    """A record that cannot be read; `reason` is one of the closed list."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Branch:
    """A value of a union."""

    def __init__(self, index, value):
        self.index = index
        self.value = value


def read(schema, data):
    """The value of the whole of `data`."""
    reader = Reader(data)
    value = reader.value(schema, 0)
    if reader.at != len(data):
        raise Undecodable("trailing")
    return value


def takes_bytes(schema):
    """Whether every value of the schema takes at least one byte."""
    if schema.kind == "null" or (schema.kind == "fixed" and schema.size == 0):
        return False
    if schema.kind == "record":
        return any(takes_bytes(field.type) for field in schema.fields)
    return True


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            raise Undecodable("truncated")
        self.at += n
        return self.data[self.at - n : self.at]

    def long(self):
        out = 0
        for i in range(10):
            byte = self.take(1)[0]
            out |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                if out >= 2**64:
                    raise Undecodable("malformed")
                return (out >> 1) ^ -(out & 1)
        raise Undecodable("malformed")

    def int(self):
        n = self.long()
        if not -(2**31) <= n < 2**31:
            raise Undecodable("malformed")
        return n

    def counted(self):
        n = self.long()
        if n < 0 or n > MOST:
            raise Undecodable("bounds")
        return self.take(n)

    def text(self):
        try:
            return self.counted().decode("utf-8")
        except UnicodeDecodeError:
            raise Undecodable("utf8") from None

    def index(self, options):
        n = self.long()
        if not 0 <= n < len(options):
            raise Undecodable("malformed")
        return n

    def value(self, schema, depth):
        kind = schema.kind
        if kind == "null":
            return None
        if kind == "boolean":
            byte = self.take(1)[0]
            if byte > 1:
                raise Undecodable("malformed")
            return byte == 1
        if kind == "int":
            return self.int()
        if kind == "long":
            return self.long()
        if kind == "float":
            return struct.unpack("<f", self.take(4))[0]
        if kind == "double":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "bytes":
            return self.counted()
        if kind == "string":
            return self.text()
        if kind == "fixed":
            return self.take(schema.size)
        if kind == "enum":
            return schema.symbols[self.index(schema.symbols)]
        if kind == "union":
            index = self.index(schema.branches)
            return Branch(index, self.value(schema.branches[index], depth))
        if kind == "record":
            if depth + 1 > DEEPEST:
                raise Undecodable("bounds")
            return {f.name: self.value(f.type, depth + 1) for f in schema.fields}
        return self.blocks(schema, depth + 1)

    def blocks(self, schema, depth):
        """An array or a map: blocks of items, the last one empty."""
        is_map = schema.kind == "map"
        out = {} if is_map else []
        while True:
            count, end = self.block(is_map or takes_bytes(schema.items))
            if count == 0 and end is None:
                return out
            if count and depth > DEEPEST:
                raise Undecodable("bounds")
            for _ in range(count):
                if is_map:
                    key = self.text()
                    if key in out:
                        raise Undecodable("duplicate_key")
                    out[key] = self.value(schema.items, depth)
                else:
                    out.append(self.value(schema.items, depth))
            if end is not None and self.at != end:
                raise Undecodable("malformed")

    def block(self, sized):
        """The count of a block, and where it ends if it says so."""
        count = self.long()
        if abs(count) > MOST:
            raise Undecodable("bounds")
        end = None
        if count < 0:
            size = self.long()
            if size < 0 or size > MOST:
                raise Undecodable("bounds")
            if size > self.left():
                raise Undecodable("truncated")
            end = self.at + size
        if sized and abs(count) > self.left():
            raise Undecodable("truncated")
        return abs(count), end
