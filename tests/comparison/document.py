"""JSON documents: as they stand, and as the contract's type.

Written from docs/canonical-form.md (section 9) alone, without looking at the
product. Gives the nodes of tree.py.
"""

from avro_read import Undecodable
from convert import Converter, Place, match_fields
from exact import fits_decimal, nearest, rescale
from held import UUID
from json_read import Number
from leaf import held, symbol, whole
from rules import ITEMS, VALUES, Rules, field
from tree import IGNORED, NULL, canonical

import uuid

ROWS = {
    "boolean": ("boolean",),
    "number": ("int", "long", "float", "double"),
    "string": ("string", "bytes", "enum"),
    "array": ("array",),
    "object": ("record", "map"),
    "null": ("null",),
}


class Document:
    """A document without a contract: every member is compared."""

    def __init__(self, rules):
        self.rules = rules

    def root(self, value):
        return self.value(value, (), ())

    def value(self, value, path, writer):
        if value is None:
            return NULL
        if isinstance(value, list):
            return self.array(value, path, writer)
        if isinstance(value, dict):
            return self.object(value, path, writer)
        word = self.mapped(value, self.rules.pairs(path))
        if isinstance(word, Number):
            tolerance = self.rules.tolerance(path)
            if tolerance is not None:
                return ("near", "number", word.exact(), tolerance)
            return ("leaf", "number", word.form())
        return ("leaf", "boolean" if isinstance(word, bool) else "string", word)

    def array(self, value, path, writer):
        below, under = path + (ITEMS,), writer + (ITEMS,)
        if self.rules.ignored(below):
            items = [IGNORED for _ in value]
        else:
            items = [self.value(item, below, under) for item in value]
        return ("array", items, self.rules.unordered(path))

    def object(self, value, path, writer):
        out = {}
        for name, member in value.items():
            under = writer + (field(name),)
            name = self.rules.renamed(under) or name
            if name in out:
                raise Undecodable("duplicate_key")
            out[name] = (member, under)
        nodes = {}
        for name, (member, under) in out.items():
            below = path + (field(name),)
            if not self.rules.ignored(below):
                nodes[name] = self.value(member, below, under)
        return ("record", nodes)

    def mapped(self, value, pairs):
        """A value of the same kind, if both words are such."""
        for old, new in pairs:
            if isinstance(value, str) and value == old:
                return new
            if isinstance(value, bool) and {old, new} <= {"true", "false"}:
                if value == (old == "true"):
                    return new == "true"
            if isinstance(value, Number) and None not in (whole(old), whole(new)):
                if value.exact() == whole(old):
                    return Number("-" if whole(new) < 0 else "", abs(whole(new)), 0)
        return value


class AsContract(Converter):
    """A document as the contract's type: a writer whose every field may be absent."""

    def document(self, value, contract, place=None):
        place = place or Place()
        if self.rules.ignored(place.path):
            return IGNORED
        if contract.kind != "union":
            return self.one(value, contract, place)
        fitting = [i for i, b in enumerate(contract.branches) if in_row(value, b)]
        if len(fitting) == 1:
            index = fitting[0]
            return ("union", index, self.one(value, contract.branches[index], place.in_union()))
        if not isinstance(value, (list, dict)):
            for index in fitting:
                node = self.one(value, contract.branches[index], place.in_union())
                if node[0] not in ("unheld", "symbol"):
                    return ("union", index, node)
        return unheld(value)

    def one(self, value, contract, place):
        """The contract's type is no union."""
        if not in_row(value, contract):
            return unheld(value)
        if isinstance(value, list):
            below = place.step(ITEMS)
            items = [self.document(item, contract.items, below) for item in value]
            return ("array", items, self.rules.unordered(place.path))
        if isinstance(value, dict):
            return self.members(value, contract, place)
        if contract.kind == "enum":
            return symbol(contract, value, self.rules, place.path)
        word = as_type(value, contract)
        if word is None and value is not None:
            return unheld(value)
        return held(contract, word, self.rules, place.path)

    def members(self, value, contract, place):
        if contract.kind == "map":
            below = place.step(VALUES)
            return ("map", {k: self.document(v, contract.items, below) for k, v in value.items()})
        names = [Member(name) for name in value]
        sources = match_fields(names, contract.fields, place.writer, self.rules)
        out = {}
        for target in contract.fields:
            if target.name in sources:
                name = sources[target.name]
                below = place.field(target.name, name)
                out[target.name] = self.document(value[name], target.type, below)
            else:
                out[target.name] = self.absent(target, place, always_in_place=True)
        return ("record", out)


class Member:
    """A member, where the matching asks for a field."""

    aliases = ()

    def __init__(self, name):
        self.name = name


def word_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def in_row(value, contract):
    """Whether the contract's type is in the row of the value's."""
    word = word_of(value)
    if contract.is_decimal():
        return word == "number"
    if contract.kind == "fixed":
        return word == "string" and contract.logical == "uuid"
    return contract.kind in ROWS[word]


def as_type(value, contract):
    """The value as a type without parts, or None where it is not held."""
    if not isinstance(value, Number):
        if contract.kind == "bytes":
            return value.encode("utf-8")
        if contract.kind == "fixed":
            return uuid.UUID(value).bytes if UUID.fullmatch(value) else None
        return value
    exact = value.exact()
    if exact is None:
        return None
    if contract.is_decimal():
        number = rescale(exact, contract.scale)
        return number if number is not None and fits_decimal(number, contract.precision) else None
    if contract.kind in ("float", "double"):
        return nearest(contract.kind, exact, value.negative_zero)
    bits = 31 if contract.kind == "int" else 63
    fits = exact.denominator == 1 and -(2**bits) <= exact < 2**bits
    return int(exact) if fits else None


def unheld(value):
    """Of numbers, arrays and objects the document form; else as Avro's null, boolean, string."""
    word = word_of(value)
    if word in ("number", "array", "object"):
        text = '"json"'
    else:
        text = '"%s"' % word
    return ("unheld", text, canonical(Document(Rules()).root(value)))
