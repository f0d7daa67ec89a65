"""A held value of a type without parts as a node of the tree, under the rules at its path.

Written from docs/canonical-form.md (section 3, *Rules*) and docs/comparison.md
alone, without looking at the product.
"""

from fractions import Fraction

from exact import exact, float_bits, milliseconds
from schema import TIMES

MOST = 2**63


def held(contract, value, rules, path):
    """The node of a value that the contract's type holds."""
    kind = contract.kind
    if kind == "null":
        return ("null",)
    tolerance = rules.tolerance(path)
    if tolerance is not None and number(contract, value) is not None:
        return ("near", kind, number(contract, value), tolerance)
    if kind in ("float", "double"):
        return ("leaf", kind, float_bits(kind, value))
    return ("leaf", kind, mapped(contract, value, rules.pairs(path)))


def number(contract, value):
    """What a tolerance is measured on, or None for a type without one."""
    if contract.is_decimal():
        return Fraction(value) / Fraction(10) ** contract.scale
    if contract.logical in TIMES:
        return milliseconds(contract.logical, value)
    if contract.kind in ("int", "long"):
        return Fraction(value)
    if contract.kind in ("float", "double"):
        return exact(contract.kind, value)
    return None


def mapped(contract, value, pairs):
    """Text, whole numbers without annotation and booleans; symbols are mapped before."""
    for old, new in pairs:
        if contract.kind == "string" and value == old:
            return new
        if contract.kind == "boolean" and {old, new} <= {"true", "false"}:
            if value == (old == "true"):
                return new == "true"
        if contract.kind in ("int", "long") and contract.logical is None:
            one, other = whole(old), whole(new)
            if one is not None and other is not None and one == value and fits(contract, other):
                return other
    return value


def fits(contract, value):
    bits = 31 if contract.kind == "int" else 63
    return -(2**bits) <= value < 2**bits


def whole(word):
    """The whole number of 64 bits that a word is, or None."""
    try:
        value = int(word)
    except ValueError:
        return None
    return value if -MOST <= value < MOST else None


def symbol(contract, text, rules, path):
    """The node of a writer's symbol: mapped first, then looked for in the contract."""
    for old, new in rules.pairs(path):
        if text == old:
            text = new
            break
    return ("leaf", "enum", text) if text in contract.symbols else ("symbol", text)
