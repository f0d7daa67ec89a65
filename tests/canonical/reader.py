"""Section 2 of docs/canonical-form.md: Avro binary, read with the writer's schema within its bounds."""

DEPTH_MAX = 64
LENGTH_MAX = 2**31 - 1


class Undecodable(Exception):
    """Carries the reason."""


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0
        self.budget = 262144 + 16 * len(data)

    def pay(self, n):
        self.budget -= n
        if self.budget < 0:
            raise Undecodable("bounds")

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            raise Undecodable("truncated")
        self.at += n
        return self.data[self.at - n : self.at]

    def long(self):
        n = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            n |= (byte & 127) << shift
            if n >= 1 << 64:
                raise Undecodable("malformed")
            if byte < 128:
                return n >> 1 ^ -(n & 1)
        raise Undecodable("malformed")

    def length(self):
        n = self.long()
        if not 0 <= n <= LENGTH_MAX:
            raise Undecodable("bounds")
        if n > self.left():
            raise Undecodable("truncated")
        return n

    def text(self):
        data = self.take(self.length())
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise Undecodable("utf8") from None
        return data

    def index(self, of):
        n = self.long()
        if not 0 <= n < len(of):
            raise Undecodable("malformed")
        return n

    def enter(self, depth):
        if depth > DEPTH_MAX:
            raise Undecodable("bounds")

    def blocks(self, type_, depth):
        """Yields once for each item of an array or entry of a map."""
        free = type_.kind == "array" and type_.items.takes_no_byte()
        while True:
            count, end = self.long(), None
            if abs(count) > LENGTH_MAX:
                raise Undecodable("bounds")
            if count == 0:
                return
            self.enter(depth)
            if count < 0:
                size = self.length()
                end = self.at + size
            if not free and abs(count) > self.left():
                raise Undecodable("truncated")
            if free:
                self.pay(abs(count))
            for _ in range(abs(count)):
                yield
            if end is not None and end != self.at:
                raise Undecodable("malformed")

    def entries(self, type_, depth):
        """Yields the key of each entry of a map."""
        seen = set()
        for _ in self.blocks(type_, depth):
            key = self.text()
            if key in seen:
                raise Undecodable("duplicate_key")
            seen.add(key)
            yield key

    def value(self, t, depth=1, branch=False):
        """The value as plain Python: bytes, whole numbers, lists; a union as (index, value)."""
        k = t.kind
        if k == "record":
            self.enter(depth)
            self.pay(1)
            return [self.value(f.type, depth + 1) for f in t.fields]
        if k == "array":
            return [self.value(t.items, depth + 1) for _ in self.blocks(t, depth)]
        if k == "map":
            return sorted((key, self.value(t.items, depth + 1)) for key in self.entries(t, depth))
        if k == "union":
            n = self.index(t.branches)
            return n, self.value(t.branches[n], depth, True)
        if k == "null":
            self.pay(0 if branch else 1)
            return None
        if k == "boolean":
            v = self.take(1)
            if v[0] > 1:
                raise Undecodable("malformed")
            return v
        if k == "int":
            n = self.long()
            if not -(1 << 31) <= n < 1 << 31:
                raise Undecodable("malformed")
            return n
        if k == "long":
            return self.long()
        if k == "enum":
            return self.index(t.symbols)
        if k == "string":
            return self.text()
        if k == "bytes":
            return self.take(self.length())
        if k == "fixed":
            self.pay(0 if t.size else 1)
            return self.take(t.size)
        return self.take(4 if k == "float" else 8)
