"""The default of a contract's field as a value, as if it had been read.

Written from docs/canonical-form.md (section 3, *Absent fields*) alone, without
looking at the product. Defaults nested too deep or too large are left out.
"""

import math

from avro_read import Branch
from exact import fits_decimal, to_float, unscaled


class Invalid(Exception):
    """No valid default: it counts as none."""


def require(condition):
    if not condition:
        raise Invalid


def from_default(kind, json):
    """The value of `kind` that a default is."""
    return MAKERS[kind.kind](kind, json)


def a_null(_, json):
    require(json is None)
    return None


def a_boolean(_, json):
    require(isinstance(json, bool))
    return json


def an_integer(kind, json):
    require(isinstance(json, int) and not isinstance(json, bool))
    bits = 31 if kind.kind == "int" else 63
    require(-(2**bits) <= json < 2**bits)
    return json


def a_floating(kind, json):
    require(isinstance(json, (int, float)) and not isinstance(json, bool))
    value = to_float(json) if kind.kind == "float" else float(json)
    require(math.isfinite(value))
    return value


def some_bytes(kind, json):
    require(isinstance(json, str) and all(ord(c) < 256 for c in json))
    data = json.encode("latin-1")
    require(kind.kind != "fixed" or len(data) == kind.size)
    require(not kind.is_decimal() or fits_decimal(unscaled(data), kind.precision))
    return data


def a_string(_, json):
    require(isinstance(json, str))
    return json


def a_symbol(kind, json):
    require(isinstance(json, str) and json in kind.symbols)
    return json


def an_array(kind, json):
    require(isinstance(json, list))
    return [from_default(kind.items, item) for item in json]


def a_map(kind, json):
    require(isinstance(json, dict))
    return {key: from_default(kind.items, value) for key, value in json.items()}


def a_union(kind, json):
    for index, branch in enumerate(kind.branches):
        try:
            return Branch(index, from_default(branch, json))
        except Invalid:
            continue
    raise Invalid


def a_record(kind, json):
    require(isinstance(json, dict))
    out = {}
    for field in kind.fields:
        require(field.name in json or field.default)
        given = json[field.name] if field.name in json else field.default[0]
        out[field.name] = from_default(field.type, given)
    return out


MAKERS = {
    "null": a_null,
    "boolean": a_boolean,
    "int": an_integer,
    "long": an_integer,
    "float": a_floating,
    "double": a_floating,
    "bytes": some_bytes,
    "fixed": some_bytes,
    "string": a_string,
    "enum": a_symbol,
    "array": an_array,
    "map": a_map,
    "union": a_union,
    "record": a_record,
}
