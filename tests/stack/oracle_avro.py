"""Avro values as the type of their contract, for oracle.py: docs/canonical-form.md written a second time, in another
style. No bytes and no digest: a value becomes a tree of tuples, and two values are equal when their trees are.
"""

import collections
import functools
import math
import re
import struct


NULL, ABSENT, IGNORED = ("null",), ("absent",), ("ignored",)


class Unsupported(Exception):
    """The oracle was asked for something that it does not know."""



class Type:
    """A node of a schema: what it is, its annotation, its parts."""

    def __init__(self, kind):
        self.kind, self.logical, self.name, self.aliases = kind, None, None, ()
        self.fields, self.symbols, self.size, self.inner, self.branches = [], [], 0, None, []
        self.precision, self.scale = 0, 0


PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
ANNOTATIONS = {
    "decimal": ("bytes", "fixed"),
    "uuid": ("string", "fixed"),
    "date": ("int",),
    "time-millis": ("int",),
    "duration": ("fixed",),
    **{f"{kind}-{unit}": ("long",) for kind in ("timestamp", "local-timestamp") for unit in ("millis", "micros", "nanos")},
    **{f"time-{unit}": ("long",) for unit in ("micros", "nanos")},
}


def parse(schema, known, space=""):
    """The tree of a schema; `known` holds the named types so far."""

    def full(name, inside):
        return name if "." in name or not inside else f"{inside}.{name}"

    if isinstance(schema, list):
        node = Type("union")
        node.branches = [parse(branch, known, space) for branch in schema]
        return node
    if isinstance(schema, str):
        if schema in PRIMITIVES:
            return Type(schema)
        return known[full(schema, space)]
    kind = schema["type"]
    if not isinstance(kind, str):
        return parse(kind, known, space)
    if kind == "error":
        kind = "record"
    if kind not in ("record", "enum", "fixed", "array", "map", *PRIMITIVES):
        return parse(kind, known, space)
    node = Type(kind)
    if kind in ("record", "enum", "fixed"):
        node.name = full(schema["name"], schema.get("namespace", space))
        inside = node.name.rpartition(".")[0]
        node.aliases = tuple(full(alias, inside) for alias in schema.get("aliases", ()))
        known[node.name] = node
        node.symbols, node.size = schema.get("symbols", []), schema.get("size", 0)
        for field in schema.get("fields", ()):
            node.fields.append((field, parse(field["type"], known, inside)))
    elif kind == "array":
        node.inner = parse(schema["items"], known, space)
    elif kind == "map":
        node.inner = parse(schema["values"], known, space)
    logical = schema.get("logicalType")
    if logical == "big-decimal":
        raise Unsupported("big-decimal")
    if kind in ANNOTATIONS.get(logical, ()):
        precision, scale = schema.get("precision", 0), schema.get("scale", 0)
        if logical != "decimal" or (precision >= 1 and 0 <= scale <= precision):
            node.logical, node.precision, node.scale = logical, precision, scale
    return node


def plain(schema):
    """The schema without annotations: the library then gives numbers and bytes as they stand."""
    if isinstance(schema, list):
        return [plain(branch) for branch in schema]
    if isinstance(schema, dict):
        return {key: plain(part) for key, part in schema.items() if key not in ("logicalType", "default")}
    return schema


# --- values as the contract's type ------------------------------------------------------------------------------------

FITS = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "long": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "float": lambda v: isinstance(v, float),
    "double": lambda v: isinstance(v, float),
    "bytes": lambda v: isinstance(v, bytes),
    "fixed": lambda v: isinstance(v, bytes),
    "string": lambda v: isinstance(v, str),
    "enum": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "map": lambda v: isinstance(v, dict),
    "record": lambda v: isinstance(v, dict),
}


def branch_of(value, union):
    """Which branch of the writer's union a decoded value came from; the library tells only of named records."""
    if isinstance(value, tuple):
        name, value = value
        return value, next(b for b in union.branches if b.name == name)
    fitting = [branch for branch in union.branches if FITS[branch.kind](value)]
    if len(fitting) != 1:
        raise Unsupported("a union in which a value has more than one branch")
    return value, fitting[0]


@functools.cache
def into_branch(writer, union):
    """The index of the contract's branch for a writer's type, by the four steps."""

    def last(type_):
        return type_.name.rpartition(".")[2] if type_.name else type_.kind

    for index, branch in enumerate(union.branches):
        if branch.kind == writer.kind and branch.name == writer.name:
            return index
    for index, branch in enumerate(union.branches):
        if branch.name and writer.name and (branch.name in writer.aliases or writer.name in branch.aliases):
            return index
    for fits in (lambda b: b.kind == writer.kind and last(b) == last(writer), lambda b: row_of(writer, b)):
        found = [index for index, branch in enumerate(union.branches) if fits(branch)]
        if len(found) == 1:
            return found[0]
    return None


NUMBERS = ("int", "long", "float", "double")


def row_of(writer, contract):
    """Whether the table has a row for these types, whatever the value."""
    pair = (writer.kind, contract.kind)
    if writer.kind == contract.kind or pair in (("string", "bytes"), ("bytes", "string")):
        return True
    if contract.logical == "decimal":
        return writer.logical == "decimal" or (writer.kind in ("int", "long") and not writer.logical)
    return writer.kind in NUMBERS and contract.kind in NUMBERS and not (
        writer.kind in ("float", "double") and contract.kind in ("int", "long")
    )


def floating(value, kind):
    if math.isnan(value):
        return ("float", "nan")
    return ("float", struct.pack("<f" if kind == "float" else "<d", value))


@functools.cache
def time_unit(logical):
    kind, _, unit = (logical or "").rpartition("-")
    return (kind, {"millis": 1_000_000, "micros": 1_000, "nanos": 1}[unit]) if kind and unit != "" and logical != "date" else None


def decimal(unscaled, scale, contract):
    """A decimal at the contract's scale, or nothing."""
    if unscaled == 0:
        return 0
    shift = contract.scale - scale
    if shift >= 0:
        number = unscaled * 10**shift
    else:
        number, rest = divmod(abs(unscaled), 10**-shift)
        if rest:
            return None
        number = number if unscaled > 0 else -number
    return number if len(str(abs(number))) <= contract.precision else None


SAME = {"string": "string", "int": "int", "long": "int", "boolean": "boolean"}


def scalar(value, w, c):
    """The value as the contract's primitive, enum or fixed; nothing where it is not held."""
    if w.kind == c.kind and w.logical == c.logical and c.kind in SAME:
        return (SAME[c.kind], value)
    two = w.logical and c.logical and w.logical != c.logical
    units = time_unit(w.logical), time_unit(c.logical)
    if two and units[0] and units[1] and units[0][0] == units[1][0]:
        count, rest = divmod(value * units[0][1], units[1][1])
        return None if rest else ("int", count)
    if two or (w.kind == "fixed") != (c.kind == "fixed") and "decimal" not in (w.logical, c.logical):
        return None
    if c.logical == "decimal":
        if w.kind in ("bytes", "fixed") and (w.kind == c.kind or w.logical == "decimal"):
            # Bytes without an annotation are the unscaled number at the contract's scale.
            scale = w.scale if w.logical == "decimal" else c.scale
            number = decimal(int.from_bytes(value, "big", signed=True), scale, c)
        elif w.kind in ("int", "long") and not w.logical:
            number = decimal(value, 0, c)
        else:
            number = None
        return None if number is None else ("decimal", number)
    if w.kind == c.kind:
        if c.kind == "null":
            return NULL
        if c.kind in ("float", "double"):
            return floating(value, c.kind)
        if c.kind == "enum":
            return ("enum", value) if value in c.symbols else ("symbol", value)
        if c.kind == "fixed":
            return ("fixed", value) if w.size == c.size else None
        return ({"long": "int"}.get(c.kind, c.kind), value)
    if c.kind in ("int", "long") and w.kind in ("int", "long"):
        return ("int", value) if c.kind == "long" or -(2**31) <= value < 2**31 else None
    if c.kind in ("float", "double") and w.kind in NUMBERS:
        if math.isnan(value):
            return floating(value, c.kind)
        try:
            got = struct.unpack("<f", struct.pack("<f", value))[0] if c.kind == "float" else float(value)
        except OverflowError:
            return None
        return floating(got, c.kind) if not math.isinf(got) and got == value or got == value else None
    if (w.kind, c.kind) == ("string", "bytes"):
        return ("bytes", value.encode())
    if (w.kind, c.kind) == ("bytes", "string"):
        try:
            return ("string", value.decode())
        except UnicodeDecodeError:
            return None
    return None


@functools.cache
def writer_fields(w, c):
    """The writer's field of each of the contract's, by name and then by an alias of either."""
    free = {field["name"]: (field, type_) for field, type_ in w.fields}
    found = {field["name"]: free.pop(field["name"]) for field, _ in c.fields if field["name"] in free}
    for field, _ in c.fields:
        if field["name"] in found:
            continue
        for name, (other, type_) in free.items():
            if name in field.get("aliases", ()) or field["name"] in other.get("aliases", ()):
                found[field["name"]] = (other, type_)
                del free[name]
                break
    return found


@functools.cache
def escaped(name):
    return re.sub(r"([.\[\]{}\\])", r"\\\1", name)


@functools.cache
def fields_at(w, c, path):
    """The contract's fields: name, path, and where the writer has it (its name there, its type, the contract's)."""
    pairs, found = writer_fields(w, c), []
    for field, type_ in c.fields:
        name = field["name"]
        other, other_type = pairs.get(name, (None, None))
        below = f"{path}.{escaped(name)}" if path else escaped(name)
        found.append((name, below, other and (other["name"], other_type, type_)))
    return found


def canon(value, w, c, path, ignored):
    """The value as the contract's type: a tree of tuples. Equal trees are equal values, and no others."""
    if path in ignored:
        return IGNORED
    if w.kind == "union":
        value, w = branch_of(value, w)
    if c.kind == "union":
        index = into_branch(w, c)
        if index is None:
            return ("other", w.kind, repr(value))
        return ("union", index, canon(value, w, c.branches[index], path, ignored))
    if c.kind == w.kind == "record":
        parts = []
        for name, below, pair in fields_at(w, c, path):
            if below in ignored:
                parts.append((name, IGNORED))
            elif pair:
                parts.append((name, canon(value[pair[0]], pair[1], pair[2], below, ignored)))
            else:
                parts.append((name, ABSENT))
        return ("record", tuple(parts))
    if c.kind == w.kind == "array":
        return ("array", tuple(canon(item, w.inner, c.inner, f"{path}[*]", ignored) for item in value))
    if c.kind == w.kind == "map":
        parts = ((key, canon(item, w.inner, c.inner, f"{path}{{*}}", ignored)) for key, item in value.items())
        return ("map", tuple(sorted(parts)))
    compound = ("record", "array", "map")
    held = None if w.kind in compound or c.kind in compound else scalar(value, w, c)
    return held or ("other", w.kind, w.logical, repr(value))


def differences(a, b, path):
    """(path, kind) of everything in which two trees differ."""
    if a == b:
        return set()
    if ABSENT in (a, b):
        return {(path, "absent")}
    bare = [node[2] if node[0] == "union" else node for node in (a, b)]
    if NULL in bare:
        return {(path, "null")}
    if a[0] == b[0] == "union":
        return differences(a[2], b[2], path) if a[1] == b[1] else {(path, "type")}
    if "other" in (a[0], b[0]) or a[0] != b[0] and "symbol" not in (a[0], b[0]):
        return {(path, "type")}
    if a[0] == "record":
        found = set()
        for (name, left), (_, right) in zip(a[1], b[1]):
            found |= differences(left, right, f"{path}.{escaped(name)}" if path else escaped(name))
        return found
    if a[0] == "array":
        if len(a[1]) != len(b[1]):
            return {(path, "length")}
        if collections.Counter(a[1]) == collections.Counter(b[1]):
            return {(path, "order")}
        return set().union(*(differences(left, right, f"{path}[*]") for left, right in zip(a[1], b[1])))
    if a[0] == "map":
        left, right = dict(a[1]), dict(b[1])
        if left.keys() != right.keys():
            return {(path, "length")}
        return set().union(*(differences(left[key], right[key], f"{path}{{*}}") for key in left))
    return {(path, "value")}
