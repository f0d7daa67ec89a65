"""Section 1 of docs/canonical-form.md: Avro schemas, their canonical text and digests."""

import json

import hashing

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
UNITS = ("millis", "micros", "nanos")
TIMES = {f"{kind}-{unit}": "long" for kind in ("timestamp", "local-timestamp") for unit in UNITS}
TIMES |= {"date": "int", "time-millis": "int", "time-micros": "long", "time-nanos": "long"}
MISSING = object()


class Type:
    """One node of a schema. Named types are shared, so schemas may be recursive."""

    def __init__(self, kind):
        self.kind, self.note, self.precision, self.scale = kind, None, 0, 0
        self.name, self.aliases = None, ()
        self.fields, self.symbols, self.size, self.items, self.branches = [], [], 0, None, []
        self._digest = None

    def annotate(self, node):
        note = node.get("logicalType")
        if note == "decimal" and self.kind in ("bytes", "fixed"):
            precision, scale = node.get("precision"), node.get("scale", 0)
            if _whole(precision) and _whole(scale) and precision >= 1 and 0 <= scale <= precision:
                self.note, self.precision, self.scale = note, precision, scale
        elif not isinstance(note, str):
            return
        elif (
            (note == "big-decimal" and self.kind == "bytes")
            or (note == "uuid" and (self.kind == "string" or (self.kind == "fixed" and self.size == 16)))
            or (note == "duration" and self.kind == "fixed" and self.size == 12)
            or TIMES.get(note) == self.kind
        ):
            self.note = note

    @property
    def word(self):
        """What the type is called inside a union."""
        return self.name or self.kind

    def text(self, seen=None):
        seen = set() if seen is None else seen
        note = ""
        if self.note:
            note = f',"logicalType":"{self.note}"'
            if self.note == "decimal":
                note += f',"precision":{self.precision},"scale":{self.scale}'
        if self.name:
            if self.name in seen:
                return f'"{self.name}"'
            seen.add(self.name)
            head = f'{{"name":"{self.name}","type":"{self.kind}"'
            if self.kind == "record":
                return head + ',"fields":[' + ",".join(f'{{"name":"{f.name}","type":{f.type.text(seen)}}}' for f in self.fields) + "]}"
            if self.kind == "enum":
                return head + ',"symbols":[' + ",".join(f'"{s}"' for s in self.symbols) + "]}"
            return head + f',"size":{self.size}{note}}}'
        if self.kind == "array":
            return f'{{"type":"array","items":{self.items.text(seen)}}}'
        if self.kind == "map":
            return f'{{"type":"map","values":{self.items.text(seen)}}}'
        if self.kind == "union":
            return "[" + ",".join(b.text(seen) for b in self.branches) + "]"
        return f'{{"type":"{self.kind}"{note}}}' if note else f'"{self.kind}"'

    def digest(self):
        if self._digest is None:
            self._digest = hashing.blake3(self.text().encode())
        return self._digest

    def takes_no_byte(self, above=()):
        if self in above:
            return False
        if self.kind == "record":
            return all(f.type.takes_no_byte((*above, self)) for f in self.fields)
        return self.kind == "null" or (self.kind == "fixed" and self.size == 0)


class Field:
    def __init__(self, name, aliases, type_, default):
        self.name, self.aliases, self.type, self.default = name, aliases, type_, default


def _whole(x):
    return isinstance(x, int) and not isinstance(x, bool)


def parse(text):
    return _parse(json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits)), "", {})


def _full(name, space):
    return name if "." in name or not space else f"{space}.{name}"


def _parse(node, space, known):
    if isinstance(node, str):
        if node in PRIMITIVES:
            return Type(node)
        return known[_full(node, space)] if _full(node, space) in known else known[node]
    if isinstance(node, list):
        union = Type("union")
        union.branches = [_parse(b, space, known) for b in node]
        return union
    kind = node["type"]
    if not isinstance(kind, str) or kind not in (*PRIMITIVES, "record", "error", "enum", "fixed", "array", "map"):
        return _parse(kind, space, known)
    made = Type("record" if kind == "error" else kind)
    if kind in ("record", "error", "enum", "fixed"):
        made.name = node["name"] if "." in node["name"] else _full(node["name"], node.get("namespace", space))
        inner = made.name.rpartition(".")[0]
        made.aliases = tuple(_full(a, inner) for a in node.get("aliases", ()))
        known[made.name] = made
        made.size = node.get("size", 0)
        made.symbols = node.get("symbols", [])
        for f in node.get("fields", ()):
            made.fields.append(Field(f["name"], tuple(f.get("aliases", ())), _parse(f["type"], inner, known), f.get("default", MISSING)))
    if kind in ("array", "map"):
        made.items = _parse(node["items" if kind == "array" else "values"], space, known)
    made.annotate(node)
    return made
