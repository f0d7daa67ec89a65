"""Avro schemas for the reference comparison: parsing, annotations, canonical text.

Part of an independent second implementation of the rules of comparison. Written
from docs/canonical-form.md (section 1) and docs/comparison.md alone, without
looking at the product. Standard library only.
"""

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")

TIMES = {
    "date": ("date", None),
    "time-millis": ("time", 3),
    "time-micros": ("time", 6),
    "time-nanos": ("time", 9),
    "timestamp-millis": ("timestamp", 3),
    "timestamp-micros": ("timestamp", 6),
    "timestamp-nanos": ("timestamp", 9),
    "local-timestamp-millis": ("local-timestamp", 3),
    "local-timestamp-micros": ("local-timestamp", 6),
    "local-timestamp-nanos": ("local-timestamp", 9),
}
ON_INT = ("date", "time-millis")


class Field:
    """One field of a record: its default stands in a list of one, or the list is empty."""

    def __init__(self, name, kind, aliases, default):
        self.name = name
        self.type = kind
        self.aliases = aliases
        self.default = default


class Type:
    """One node of a schema."""

    def __init__(self, kind, logical=None):
        self.kind = kind
        self.logical = logical
        self.name = None  # full name
        self.aliases = []  # full names
        self.fields = []
        self.symbols = []
        self.size = 0
        self.items = None  # of an array, or the values of a map
        self.branches = []
        self.precision = 0
        self.scale = 0

    def is_decimal(self):
        return self.logical == "decimal"


def parse(schema, names=None, namespace=""):
    """The schema from its JSON. Named types may refer to themselves."""
    names = {} if names is None else names
    if isinstance(schema, str):
        if schema in PRIMITIVES:
            return Type(schema)
        return names[schema if "." in schema else full(schema, namespace)]
    if isinstance(schema, list):
        union = Type("union")
        union.branches = [parse(branch, names, namespace) for branch in schema]
        return union
    kind = schema["type"]
    if not isinstance(kind, str):
        return parse(kind, names, namespace)
    if kind in PRIMITIVES:
        node = Type(kind)
        annotate(node, schema)
        return node
    if kind in ("array", "map"):
        node = Type(kind)
        node.items = parse(schema["items" if kind == "array" else "values"], names, namespace)
        return node
    if kind in ("record", "error", "enum", "fixed"):
        return parse_named(schema, names, namespace)
    return parse(kind, names, namespace)


def parse_named(schema, names, namespace):
    node = Type("record" if schema["type"] == "error" else schema["type"])
    name = schema["name"]
    if "." in name:
        inner = name.rpartition(".")[0]
    else:
        inner = schema.get("namespace", namespace)
        name = full(name, inner)
    node.name = name
    node.aliases = [a if "." in a else full(a, inner) for a in schema.get("aliases", [])]
    names[name] = node
    if node.kind == "record":
        for field in schema["fields"]:
            default = [field["default"]] if "default" in field else []
            kind = parse(field["type"], names, inner)
            node.fields.append(Field(field["name"], kind, field.get("aliases", []), default))
    elif node.kind == "enum":
        node.symbols = schema["symbols"]
    else:
        node.size = schema["size"]
        annotate(node, schema)
    return node


def full(name, namespace):
    return namespace + "." + name if namespace else name


def annotate(node, schema):
    """Takes the annotations that count, on the types on which they count."""
    logical = schema.get("logicalType")
    if logical == "decimal" and node.kind in ("bytes", "fixed"):
        precision, scale = schema.get("precision", 0), schema.get("scale", 0)
        if precision >= 1 and 0 <= scale <= precision:
            node.logical, node.precision, node.scale = logical, precision, scale
    elif logical == "uuid":
        if node.kind == "string" or (node.kind == "fixed" and node.size == 16):
            node.logical = logical
    elif logical == "duration":
        if node.kind == "fixed" and node.size == 12:
            node.logical = logical
    elif logical in TIMES and node.kind == ("int" if logical in ON_INT else "long"):
        node.logical = logical


def text(node, written=None):
    """The canonical text: what a type digest is the hash of."""
    written = set() if written is None else written
    if node.kind == "union":
        return "[" + ",".join(text(b, written) for b in node.branches) + "]"
    if node.kind == "array":
        return '{"type":"array","items":%s}' % text(node.items, written)
    if node.kind == "map":
        return '{"type":"map","values":%s}' % text(node.items, written)
    if node.name is None:
        if node.logical is None:
            return '"%s"' % node.kind
        return '{"type":"%s"%s}' % (node.kind, annotation(node))
    if node.name in written:
        return '"%s"' % node.name
    written.add(node.name)
    head = '{"name":"%s","type":"%s"' % (node.name, node.kind)
    if node.kind == "record":
        fields = ('{"name":"%s","type":%s}' % (f.name, text(f.type, written)) for f in node.fields)
        return head + ',"fields":[' + ",".join(fields) + "]}"
    if node.kind == "enum":
        return head + ',"symbols":[' + ",".join('"%s"' % s for s in node.symbols) + "]}"
    return head + ',"size":%d%s}' % (node.size, annotation(node))


def annotation(node):
    if node.logical is None:
        return ""
    out = ',"logicalType":"%s"' % node.logical
    if node.is_decimal():
        out += ',"precision":%d,"scale":%d' % (node.precision, node.scale)
    return out
