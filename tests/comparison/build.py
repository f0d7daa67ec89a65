"""Builds cases: schemas, Avro binary (odd encodings too), and the case itself.

Part of the generator of cases.json, written from the pages alone, without looking
at the product. The encoder here and the reader in avro_read.py share no code.
"""

import struct


class Raw:
    """Bytes to be written as they stand, in place of a value."""

    def __init__(self, text):
        self.data = bytes.fromhex(text)


class At:
    """A value of the branch of a union with this index."""

    def __init__(self, index, value):
        self.index = index
        self.value = value


def record(name="Event", /, **fields):
    """A root: `id` and then the fields, each a type or the object of a field."""
    return nested(name, id="string", **fields)


def nested(name, /, **fields):
    """A record without `id`."""
    out = []
    for key, kind in fields.items():
        out.append({"name": key, **(kind.all if isinstance(kind, F) else {"type": kind})})
    return {"type": "record", "name": name, "fields": out}


class F:
    """A field with a default or aliases: F("int", default=0)."""

    def __init__(self, kind, **more):
        self.all = {"type": kind, **more}


def nullable(kind):
    return ["null", kind]


def array(items):
    return {"type": "array", "items": items}


def mapping(values):
    return {"type": "map", "values": values}


def enum(name, *symbols):
    return {"type": "enum", "name": name, "symbols": list(symbols)}


def fixed(name, size):
    return {"type": "fixed", "name": name, "size": size}


def logical(kind, annotation):
    if isinstance(kind, dict):
        return {**kind, "logicalType": annotation}
    return {"type": kind, "logicalType": annotation}


def decimal(precision, scale, kind="bytes"):
    return {**logical(kind, "decimal"), "precision": precision, "scale": scale}


def long(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def text(value):
    return long(len(value)) + value


def encode(schema, value, names=None):
    """Avro binary of a value. A decimal is given as its unscaled integer."""
    names = {} if names is None else names
    if isinstance(value, Raw):
        return value.data
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    if isinstance(schema, list):
        index, value = branch(schema, value)
        return long(index) + encode(schema[index], value, names)
    kind = schema if isinstance(schema, str) else schema["type"]
    if isinstance(schema, dict) and "name" in schema:
        names[schema["name"]] = schema
        if "namespace" in schema:
            names[schema["namespace"] + "." + schema["name"]] = schema
    if kind == "record":
        return b"".join(encode(f["type"], value[f["name"]], names) for f in schema["fields"])
    if kind == "array":
        items = b"".join(encode(schema["items"], item, names) for item in value)
        return long(len(value)) + items + b"\0" if value else b"\0"
    if kind == "map":
        items = (text(k.encode()) + encode(schema["values"], v, names) for k, v in value.items())
        return long(len(value)) + b"".join(items) + b"\0" if value else b"\0"
    if kind == "enum":
        return long(schema["symbols"].index(value))
    if isinstance(schema, dict) and schema.get("logicalType") == "decimal":
        return of_decimal(schema, value)
    return WORDS[kind](value)


def of_decimal(schema, value):
    if schema["type"] == "fixed":
        return value.to_bytes(schema["size"], "big", signed=True)
    return text(minimal(value))


def minimal(value):
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)


def branch(union, value):
    """Null for None; else what `At` says, or the only branch that is not null."""
    if isinstance(value, At):
        return value.index, value.value
    if value is None:
        return union.index("null"), None
    rest = [i for i, b in enumerate(union) if b != "null"]
    assert len(rest) == 1, "say which branch"
    return rest[0], value


WORDS = {
    "null": lambda _: b"",
    "boolean": lambda value: b"\1" if value else b"\0",
    "int": long,
    "long": long,
    "float": lambda value: struct.pack("<f", value),
    "double": lambda value: struct.pack("<d", value),
    "bytes": text,
    "string": lambda value: text(value.encode("utf-8")),
    "fixed": bytes,
}


def avro(schema, /, trail="", **values):
    """A side of an object container of one record; its `id` is "1"."""
    data = encode(schema, {"id": "1", **values}) + bytes.fromhex(trail)
    return {"schema": schema, "hex": data.hex()}


def doc(members):
    """A side of a JSON document: the text of the members behind `id`."""
    return {"schema": None, "json": '{"id":"1"%s}' % ("," + members if members else "")}


def line(text_of_document):
    """A side of a JSON document, whole."""
    return {"schema": None, "json": text_of_document}


class Cases:
    """A list of cases. An expectation that is not given is the reference's."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.all = []

    def add(self, name, baseline, canary, fields=None, flags=(), contract=None, **more):
        case = {
            "name": self.prefix + ": " + name,
            "contract": contract,
            "baseline": baseline,
            "canary": canary,
            "flags": list(flags),
        }
        if "reason" in more:
            side = more.get("side", "canary")
            case["expect"] = {"outcome": "undecodable", "side": side, "reason": more["reason"]}
        elif fields is not None:
            outcome = "mismatched" if fields else "matched"
            case["expect"] = {"outcome": outcome, "fields": sorted(map(list, fields))}
        if more.get("guess"):
            case["guess"] = True
        self.all.append(case)

    def one(self, name, base, canary, kind=None, flags=(), path="f", contract=None, **more):
        """One field `f` on each side, given as (type, value); `kind` of the difference."""
        sides = [avro(record(f=t), f=v) for t, v in (base, canary)]
        contract = record(f=contract) if contract else None
        self.add(name, *sides, [(path, kind)] if kind else [], flags, contract, **more)

    def json(self, name, base, canary, kind=None, flags=(), path="f", contract=None, **more):
        """One member `f` on each side, given as text."""
        sides = [doc('"f":' + base), doc('"f":' + canary)]
        contract = record(f=contract) if contract else None
        self.add(name, *sides, [(path, kind)] if kind else [], flags, contract, **more)

    def mixed(self, name, kind_of_f, value, text_of_f, kind=None, flags=(), path="f", **more):
        """An Avro baseline and a JSON canary, under the baseline's schema as the contract."""
        schema = record(f=kind_of_f)
        sides = avro(schema, f=value), doc('"f":' + text_of_f)
        self.add(name, *sides, [(path, kind)] if kind else [], flags, schema, **more)
