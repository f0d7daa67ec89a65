"""A writer's Avro value as the contract's type.

Written from docs/canonical-form.md (section 3) alone, without looking at the
product. Gives the nodes of tree.py.
"""

from default import Invalid, from_default
from exact import float_bits, unscaled
from held import PARTS, NotHeld, choose, hold
from leaf import held, symbol
from rules import ITEMS, VALUES, field
from schema import text
from tree import IGNORED, NULL


class Place:
    """Where in the record: the contract's path, the writer's, and what stands above."""

    def __init__(self, path=(), writer=(), loose=False):
        self.path = path
        self.writer = writer
        self.loose = loose  # a union, an array or a map stands above

    def field(self, contract_name, writer_name):
        writer = self.writer + (field(writer_name),)
        return Place(self.path + (field(contract_name),), writer, self.loose)

    def step(self, step):
        return Place(self.path + (step,), self.writer + (step,), True)

    def in_union(self):
        return Place(self.path, self.writer, True)


class Converter:
    """Converts under some rules; `filled` has the paths where a default was put in."""

    def __init__(self, rules):
        self.rules = rules
        self.filled = set()

    def root(self, writer, value, contract):
        return self.value(writer, value, contract, Place())

    def value(self, writer, value, contract, place):
        if self.rules.ignored(place.path):
            return IGNORED
        if writer.kind == "union":
            place = place.in_union()
            writer, value = writer.branches[value.index], value.value
        if contract.kind == "union":
            place = place.in_union()
            index = choose(writer, contract)
            if index is None:
                return unheld(writer, value)
            return ("union", index, self.bare(writer, value, contract.branches[index], place))
        return self.bare(writer, value, contract, place)

    def bare(self, writer, value, contract, place):
        """Neither is a union."""
        kind = contract.kind
        if kind == writer.kind == "enum":
            return symbol(contract, value, self.rules, place.path)
        if kind == writer.kind == "record":
            return self.record(writer, value, contract, place)
        if kind == writer.kind == "array":
            below = place.step(ITEMS)
            items = [self.value(writer.items, item, contract.items, below) for item in value]
            return ("array", items, self.rules.unordered(place.path))
        if kind == writer.kind == "map":
            below = place.step(VALUES)
            entries = value.items()
            return ("map", {k: self.value(writer.items, v, contract.items, below) for k, v in entries})
        if kind in PARTS or kind == "enum":
            return unheld(writer, value)
        try:
            return held(contract, hold(writer, value, contract), self.rules, place.path)
        except NotHeld:
            return unheld(writer, value)

    def record(self, writer, value, contract, place):
        sources = match_fields(writer.fields, contract.fields, place.writer, self.rules)
        types = {f.name: f.type for f in writer.fields}
        out = {}
        for target in contract.fields:
            if target.name in sources:
                name = sources[target.name]
                below = place.field(target.name, name)
                out[target.name] = self.value(types[name], value[name], target.type, below)
            else:
                out[target.name] = self.absent(target, place)
        return ("record", out)

    def absent(self, target, place, always_in_place=False):
        """A field of the contract that the writer's schema, or the object, lacks."""
        path = place.path + (field(target.name),)
        if self.rules.ignored(path):
            return IGNORED
        if self.rules.absent_equals_default and target.default:
            try:
                value = from_default(target.type, target.default[0])
            except Invalid:
                pass
            else:
                self.filled.add(path)
                inner = Converter(self.rules.without_renames())
                return inner.value(target.type, value, target.type, Place(path, path, True))
        return ("absent", "place" if place.loose or always_in_place else "key")


def match_fields(writer, contract, path, rules):
    """{contract's name: writer's name}: renames, then names, then aliases."""
    free = {f.name: f for f in writer}
    wanted = {f.name for f in contract}
    out = {}
    for source in writer:
        new = rules.renamed(path + (field(source.name),))
        if new in wanted and new not in out:
            out[new] = source.name
            del free[source.name]
    for target in contract:
        if target.name not in out and target.name in free:
            out[target.name] = target.name
            del free[target.name]
    for target in contract:
        if target.name in out:
            continue
        for source in writer:
            if source.name in free and aliased(source, target):
                out[target.name] = source.name
                del free[source.name]
                break
    return out


def aliased(source, target):
    return source.name in target.aliases or target.name in source.aliases


def unheld(writer, value):
    """A value that is not held: the writer's type (of a union the branch's) and the plain form."""
    return ("unheld", text(writer), form(writer, value))


def form(writer, value):
    """The plain form under the writer's own type: decimals at its scale, without bound."""
    kind = writer.kind
    if kind == "null":
        return NULL
    if kind == "union":
        return ("union", value.index, form(writer.branches[value.index], value.value))
    if kind == "record":
        return ("record", tuple(form(f.type, value[f.name]) for f in writer.fields))
    if kind == "array":
        return ("array", tuple(form(writer.items, item) for item in value))
    if kind == "map":
        return ("map", tuple((k, form(writer.items, v)) for k, v in sorted(value.items())))
    if writer.is_decimal():
        return ("leaf", kind, unscaled(value))
    if kind in ("float", "double"):
        return ("leaf", kind, float_bits(kind, value))
    return ("leaf", kind, value)
