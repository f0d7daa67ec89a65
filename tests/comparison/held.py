"""Which value of a writer becomes which of the contract: the types without parts.

Written from docs/canonical-form.md (section 3, the table) alone, without looking at
the product. Not covered, since no case needs it: big-decimal.
"""

import math
import re
import uuid
from fractions import Fraction

from exact import fits_decimal, rescale, to_float, unscaled
from schema import TIMES

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INTEGERS = ("int", "long")
FLOATS = ("float", "double")
PARTS = ("record", "array", "map")


class NotHeld(Exception):
    """The contract's type cannot hold this value."""


def require(condition):
    if not condition:
        raise NotHeld


def has_row(writer, contract):
    """Whether a row of the table leads from one type to another, whatever the value."""
    w, c = writer.kind, contract.kind
    if w in PARTS or w == "enum":
        return w == c
    if writer.is_decimal() and contract.is_decimal():
        return True
    if w == c:
        return unlike_units(writer, contract) or one_annotation(writer, contract)
    if w in INTEGERS and contract.is_decimal():
        return writer.logical is None
    if w in INTEGERS and c in INTEGERS:
        return unlike_units(writer, contract) or one_annotation(writer, contract)
    if w in INTEGERS and c in FLOATS:
        return True
    if w in FLOATS and c in FLOATS:
        return True
    if w == "string" and c == "bytes":
        return not contract.is_decimal()
    if w == "bytes" and c == "string":
        return not writer.is_decimal()
    if w == "fixed" and c == "string":
        return writer.logical == "uuid"
    if w == "string" and c == "fixed":
        return contract.logical == "uuid"
    return False


def one_annotation(writer, contract):
    """One annotation or none on either side, or the same on both."""
    return None in (writer.logical, contract.logical) or writer.logical == contract.logical


def unlike_units(writer, contract):
    """The same kind of time, in two units."""
    one, other = TIMES.get(writer.logical), TIMES.get(contract.logical)
    return bool(one and other) and one[0] == other[0] and one[1] != other[1]


def hold(writer, value, contract):
    """The writer's value as the contract's type; raises NotHeld."""
    require(has_row(writer, contract))
    w, c = writer.kind, contract.kind
    if contract.is_decimal():
        return hold_decimal(writer, value, contract)
    if unlike_units(writer, contract):
        return hold_time(writer, value, contract)
    if w == c:
        require(w != "fixed" or writer.size == contract.size)
        return value
    if c in INTEGERS:
        require(c == "long" or -(2**31) <= value < 2**31)
        return value
    if c in FLOATS:
        return hold_floating(w, value, c)
    if c == "bytes":
        return value.encode("utf-8")
    if w == "bytes":
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise NotHeld from None
    if w == "fixed":
        return str(uuid.UUID(bytes=value))
    require(UUID.fullmatch(value))
    return uuid.UUID(value).bytes


def hold_floating(kind, value, contract):
    if kind in INTEGERS:
        converted = float(value) if contract == "double" else float_of_integer(value)
        require(int(converted) == value)
        return converted
    if contract == "float" and not math.isnan(value):
        converted = to_float(value)
        require(converted == value)
        return converted
    return value


def float_of_integer(value):
    """Any float that is not the value itself will do where none is: it is refused then."""
    return to_float(float(value)) if float(value) == value else float(value)


def hold_decimal(writer, value, contract):
    """The unscaled number at the contract's scale."""
    if writer.is_decimal():
        number = unscaled(value)
        require(number.bit_length() < 1024)
        number = rescale(Fraction(number) / Fraction(10) ** writer.scale, contract.scale)
    elif writer.kind in INTEGERS:
        number = value * 10**contract.scale
    else:
        require(writer.kind == contract.kind)
        require(writer.kind != "fixed" or writer.size == contract.size)
        number = unscaled(value)
    require(number is not None and fits_decimal(number, contract.precision))
    return number


def hold_time(writer, value, contract):
    old, new = TIMES[writer.logical][1], TIMES[contract.logical][1]
    count = Fraction(value) * Fraction(10) ** (new - old)
    require(count.denominator == 1)
    bits = 31 if contract.kind == "int" else 63
    require(-(2**bits) <= count.numerator < 2**bits)
    return count.numerator


def choose(writer, union):
    """The index of the branch of a contract's union that a writer's type goes into, or None."""

    def word(node):
        return node.name or node.kind

    branches = list(enumerate(union.branches))
    for index, branch in branches:
        if word(branch) == word(writer):
            return index
    if writer.kind == "null":
        return None
    if writer.name:
        for index, branch in branches:
            if branch.name and (writer.name in branch.aliases or branch.name in writer.aliases):
                return index
        same = [i for i, b in branches if b.kind == writer.kind and last(b) == last(writer)]
        if len(same) == 1:
            return same[0]
    rows = [i for i, b in branches if b.kind != "null" and has_row(writer, b)]
    return rows[0] if len(rows) == 1 else None


def last(node):
    return node.name.rpartition(".")[2]
