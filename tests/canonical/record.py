"""Sections 5 to 8: a record's digest, identity, event time, or why it is undecodable."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import convert
import hashing
import match
import schema
from convert import long, text
from match import HELD, Match
from reader import Undecodable

CONTEXT = "crosscheck canonical form v1 "
DAY_MS = 86_400_000


def u32(n):
    return n.to_bytes(4, "little")


def u64(n):
    return n.to_bytes(8, "little")


def pad(m):
    return m + bytes(-(len(m) + 8) % 64) + u64(len(m))


def h16_keyed(key, message):
    return hashing.keyed(key, pad(message))[:16]


def undecodable(key, value):
    whole = b"".join(b"\0" + u64(0) if x is None else b"\1" + u64(len(x)) + x for x in (key, value))
    return hashing.derive_key(CONTEXT + "undecodable", whole)[:16]


class Plan:
    """One pair of schemas (and of the key) under the rules of a stream. A key without a schema is read as bytes."""

    def __init__(self, writer, contract, rules, key_writer=None, key_contract=None, left_out=()):
        self.when, self.left_out, self.off = rules.get("when", []), left_out, rules.get("off", [])
        self.case = lambda rules, left_out: Plan(writer, contract, rules, key_writer, key_contract, left_out)
        self.rules = rules
        self.identity, self.event_time = rules.get("identity", []), rules.get("event_time")
        self.headers = rules.get("headers", [])
        self.compare_key = (rules.get("compare_key", False) or not self.identity) and "key" not in self.identity and "$key" not in rules.get("ignore", [])
        only, unordered, maps = rules.get("only"), rules.get("unordered", []), rules.get("map", {})
        self.compare_key = self.compare_key and (only is None or any(in_key(p) for p in only))
        of_value = {"only": only and [p for p in only if not in_key(p)], "unordered": unordered, "maps": maps}
        of_key = {"only": only and [key_path(p) for p in only if in_key(p)], "unordered": map(key_path, filter(in_key, unordered))}
        of_key["maps"] = {key_path(p): values for p, values in maps.items() if in_key(p)}
        renames = [(a, last(b)) for a, b in (r.rsplit(":", 1) for r in rules.get("rename", []))] if rules.get("side") == "canary" else []
        ignore, defaults = rules.get("ignore", []), rules.get("absent_equals_default", False)
        self.tolerant = rules.get("tolerant", [])
        tolerant = [p for n, p in enumerate(self.tolerant) if n not in self.off]
        asked = [p[6:] for p in [*self.identity, self.event_time or ""] if p.startswith("field:")]
        self.value = Match(schema.parse(writer), schema.parse(contract), ignore, tolerant, renames, defaults, asked, **of_value)
        self.probe = Match(schema.parse(writer), schema.parse(contract), renames=renames)
        self.raw_key = key_writer is None
        under_key = [p[4:].removeprefix(".") for p in ignore if p.startswith(("$key.", "$key[", "$key{"))]
        asked = [p.partition(":")[2] for p in self.identity if p.partition(":")[0] == "key"]
        self.key = Match(schema.parse(key_writer or '"bytes"'), schema.parse(key_contract or '"bytes"'), under_key, [], renames, defaults, asked, **of_key)

    def reduce(self, value, key=None, headers=()):
        try:
            if self.when:
                held = [self._meets(rule, value, headers) for rule in self.when]
                return self.case(*holding(self.rules, held)).reduce(value, key, headers)
            return self._reduce(value, key, headers)
        except Undecodable as e:
            return {"reason": str(e), "hash": undecodable(key, value).hex()}

    def _meets(self, rule, value, headers):
        if "header" in rule:
            mine = [v for n, v in headers if n == rule["header"]]
            return bool(mine) and mine[-1] == rule["is"].encode()
        try:
            node = None if value is None else self.probe.read(value)
        except Undecodable:
            return False
        found = content(find(node, rule["field"]), rule["field"], self.probe)
        return found is not None and says(*found, rule["is"])

    def _reduce(self, value, key, headers):
        node = None if value is None else self.value.read(value)
        knode = None
        if key is not None and (self.compare_key or any(p.partition(":")[0] == "key" for p in self.identity)):
            try:
                knode = self.key.read(long(len(key)) + key if self.raw_key else key)
            except Undecodable:
                raise Undecodable("identity") from None
        message, digest, tagged = self._digest(node, knode, headers)
        identity = self._identity(node, knode, headers)
        out = {"canonical": message.hex(), "digest": digest.hex(), "identity": (identity or digest).hex(), "by_content": identity is None}
        out |= {"tagged": tagged, "time_ms": self._time(node, headers)}
        if self.tolerant:
            out["tolerant"] = ["Nothing" if n in self.off else self._tolerant(node, p) for n, p in enumerate(self.tolerant)]
        return out

    def _digest(self, node, knode, headers):
        value, key, flags = b"", b"", 0
        if node is not None:
            flags |= 0 if match.held(node, "", self.value) else 1
            value = match.write(node, "", self.value, flags & 1 == 1)
        if self.compare_key:
            key = b"\0"
            if knode is not None:
                flags |= 0 if match.held(knode, "", self.key) else 2
                key = b"\1" + match.write(knode, "", self.key, flags & 2 == 2)
        message = value + key
        for name in self.headers:
            mine = [v for n, v in headers if n == name]
            message += long(len(mine)) + b"".join(b"\0" if v is None else b"\1" + text(v) for v in mine)
        keyed = self.compare_key and knode is not None
        material = bytes(32) if node is None else self.value.c.digest()
        material += bytes([self.compare_key]) + (self.key.c.digest() if keyed else bytes(32))
        material += u32(len(self.headers)) + b"".join(u32(len(n.encode())) + n.encode() for n in self.headers)
        absent = list(self.value.absent) if node is not None else []
        absent += ["$key." + p for p in self.key.absent] if keyed else []
        absent = sorted(p.encode() for p in absent)
        material += u32(len(absent)) + b"".join(u32(len(p)) + p for p in absent)
        if self.left_out:
            material += u32(len(self.left_out)) + b"".join(u32(n) for n in self.left_out)
        if flags:
            message = bytes([flags]) + message
        context = CONTEXT + ("tagged record" if flags else "record")
        return message, h16_keyed(hashing.derive_key(context, material), message), bool(flags)

    def _identity(self, node, knode, headers):
        if not self.identity:
            return None
        parts = b""
        for part in self.identity:
            kind, _, path = part.partition(":")
            if kind == "header":
                mine = [v for n, v in headers if n == path]
                found = (1, mine[-1]) if mine and mine[-1] is not None else None
            elif kind == "key":
                found = content(find(knode, path), path, self.key)
            else:
                found = content(find(node, path), path, self.value)
            if found is None:
                return None
            parts += bytes([found[0]]) + u32(len(found[1])) + found[1]
        return h16_keyed(hashing.derive_key(CONTEXT + "identity", b""), u32(len(self.identity)) + parts)

    def _time(self, node, headers):
        if not self.event_time:
            return 0
        kind, _, path = self.event_time.partition(":")
        if kind == "header":
            mine = [v for n, v in headers if n == path]
            return header_time(mine[-1]) if mine and mine[-1] is not None else None
        return time_of(find(node, path))

    def _tolerant(self, node, path):
        """(scale, unscaled), or a word: NotANumber, Infinite, -Infinite, Nothing."""
        ignored = any(p == path or match.above(p, path) for p in self.value.ignore)
        ignored = ignored or any(match.left_out(p, self.value.only) for p in match.prefixes(path))
        node = None if ignored else find(node, path)
        while node is not None and node.state == HELD and node.c.kind == "union":
            node = node.parts[0][1]
        if node is None or node.state != HELD or not match.is_tolerant(node):
            return "Nothing"
        c = node.c
        if c.kind in ("float", "double"):
            x = convert.unpack_float(c.kind, node.plain)
            if x != x or x in (float("inf"), -float("inf")):
                return "NotANumber" if x != x else "Infinite" if x > 0 else "-Infinite"
            return exact(shortest_text(c.kind, x))
        if c.note == "decimal":
            return exact(Fraction(convert.unscaled(body(node.plain))) / 10**c.scale)
        if c.note == "big-decimal":
            number, scale = convert.parse_big(body(node.plain))
            return exact(Fraction(number) / Fraction(10) ** scale)
        n = convert.Parts(node.plain).long()
        if c.note == "date":
            return exact(Fraction(n * DAY_MS))
        return exact(Fraction(n * 1000, convert.PER_SECOND[c.note.rpartition("-")[2]] if c.note else 1000))


def holding(rules, held):
    """The rules that hold where these conditions are met, and the places of those that leave something out."""
    when = rules["when"]
    rules = {key: value for key, value in rules.items() if key != "when"}
    holds = [(n, rule) for n, rule in enumerate(when) if held[n]]
    rules["ignore"] = rules.get("ignore", []) + [rule["ignore"] for _, rule in holds if "ignore" in rule]
    maps = dict(rules.get("map", {}))
    for _, rule in reversed(holds):
        maps |= rule.get("map", {})
    rules["map"] = maps
    asked = {rule["tolerance"] for rule in when if "tolerance" in rule}
    rules["off"] = sorted(asked - {rule["tolerance"] for _, rule in holds if "tolerance" in rule})
    return rules, [n for n, rule in holds if "map" not in rule]


def says(tag, data, word):
    if tag in (1, 6):
        return data == word.encode()
    if tag == 2:
        return match.whole(word) is not None and data == long(match.whole(word))
    return tag == 3 and word in ("true", "false") and data == bytes([word == "true"])


def in_key(path):
    return path == "$key" or path.startswith(("$key.", "$key[", "$key{"))


def key_path(path):
    return path[4:].removeprefix(".")


def last(path):
    """The last name of a path."""
    return re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\)\.", path)[-1])


def exact(x):
    return x.numerator, x.denominator


def body(plain):
    """What stands behind the length of a text."""
    parts = convert.Parts(plain)
    return parts.take(parts.long())


def shortest_text(kind, x):
    """The number of the shortest decimal text that reads back; of two that are as near, the one whose last digit is even."""
    for digits in range(1, 18):
        text = Context(digits, ROUND_HALF_EVEN).create_decimal(Decimal(x))
        if convert.pack_float(kind, float(text)) == convert.pack_float(kind, x):
            return Fraction(text)
    return Fraction(x)


def find(node, path):
    """The value at a path of records' fields; None where it is null or absent on the way."""
    if node is None or path == "":
        return node
    while node.state == HELD and node.c.kind == "union":
        node = node.parts[0][1]
    if node.state != HELD or node.c.kind != "record":
        return None
    for f, (_, part) in zip(node.c.fields, node.parts):
        name = match.step("", f.name)
        if path == name or path.startswith(name + "."):
            return find(part, path[len(name) + 1 :])
    return None


class PartRules:
    """The rules *below* a part of the identity hold in it; those of the part itself and of what it stands in do not."""

    def __init__(self, path, rules):
        self.unordered, self.maps = rules.unordered, rules.maps
        at = match.steps(path)
        on_the_way = any(len(p) > len(at) and p[: len(at)] == at for p in map(match.steps, rules.only or []))
        self.only = rules.only if on_the_way else None
        self.ignore, self.tolerant = ([p for p in those if p != path and not match.above(p, path)] for those in (rules.ignore, rules.tolerant))


def content(node, path, rules):
    """A part of the identity as (tag, content), or None where it is null or absent."""
    rules, whole = PartRules(path, rules), node
    while node is not None and node.state == HELD and node.c.kind == "union":
        node = node.parts[0][1]
    if node is None or node.state in (match.NOTHING, match.ABSENT) or (node.w or node.c).kind == "null":
        return None
    if not match.held(node, path, rules):
        return 9, match.write(whole, path, rules, True)
    c, data = node.c, match.write(node, path, rules, False)
    if c.note == "big-decimal" or c.note == "decimal":
        number, scale = convert.parse_big(body(data)) if c.note == "big-decimal" else (convert.unscaled(body(data)), c.scale)
        number, scale = convert.stripped(number, scale)
        return 5, long(scale) + convert.shortest(number)
    if c.kind in ("string", "bytes"):
        return 1, body(data)
    if c.kind == "fixed":
        return (1, convert.uuid_text(data)) if c.note == "uuid" else (7, data)
    if c.kind in ("int", "long"):
        return 2, data
    if c.kind == "boolean":
        return 3, data
    if c.kind in ("float", "double"):
        return 4, convert.pack_float("double", convert.unpack_float(c.kind, data))
    if c.kind == "enum":
        return 6, c.symbols[convert.Parts(data).long()].encode()
    return 8, data


def time_of(node):
    while node is not None and node.state == HELD and node.c.kind == "union":
        node = node.parts[0][1]
    if node is None or node.w is None or node.state in (match.NOTHING, match.ABSENT):
        return None
    w, c = node.w, node.c
    if w.kind == "string" and not w.note:
        return rfc3339(node.v.decode())
    if w.kind not in ("int", "long"):
        return None
    note = w.note or (c.note if c.kind in ("int", "long") else None)
    if note is None:
        return node.v
    if note == "date":
        return in_range(node.v * DAY_MS)
    if note.startswith("time-"):
        return None
    return node.v * 1000 // convert.PER_SECOND[note.rpartition("-")[2]]


def in_range(ms):
    return ms if -(1 << 63) <= ms < 1 << 63 else None


def header_time(data):
    if re.fullmatch(rb"-?[0-9]+", data):
        return in_range(int(data))
    try:
        return rfc3339(data.decode())
    except UnicodeDecodeError:
        return None


def rfc3339(s):
    m = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))", s)
    if not m:
        return None
    year, month, day, hour, minute, second = (int(x) for x in m.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and hour <= 23 and minute <= 59 and second <= 60):
        return None
    offset = 0
    if m[8]:
        if int(m[9]) > 23 or int(m[10]) > 59:
            return None
        offset = (int(m[9]) * 60 + int(m[10])) * (1 if m[8] == "+" else -1)
    y = year - 1
    date = y * 365 + y // 4 - y // 100 + y // 400 + sum(days[: month - 1]) + day - 1 - 719_162
    ms = Fraction(int((m[7] or "0")), 10 ** len(m[7] or "0")) * 1000
    return (((date * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + int(ms)
