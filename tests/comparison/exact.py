"""Exact numbers of floating values, times and decimals, for the reference comparison.

Written from docs/canonical-form.md (sections 3, 5 and 9) alone, without looking at
the product.
"""

import math
import struct
from fractions import Fraction

from schema import TIMES


def to_float(number):
    """The nearest float (32 bits) of a double or an integer, as a double; may be infinite."""
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def float_bits(kind, value):
    """What tells two floating values apart: one NaN, -0.0 apart from 0.0."""
    if math.isnan(value):
        return "NaN"
    return struct.pack("<f" if kind == "float" else "<d", value).hex()


def shortest(kind, value):
    """The decimal of the shortest text, as a fraction."""
    if kind == "double":
        return Fraction(repr(value))
    for digits in range(9):
        text = "%.*e" % (digits, value)
        if to_float(float(text)) == value:
            return Fraction(text)
    raise AssertionError(value)


def exact(kind, value):
    """The number of a floating value under tolerance."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return shortest(kind, value)


def nearest(kind, fraction, negative_zero):
    """The float or double that a JSON number is held as, or None."""
    if fraction == 0:
        return -0.0 if negative_zero else 0.0
    try:
        value = fraction.numerator / fraction.denominator
    except OverflowError:
        return None
    if kind == "float":
        value = nearest_float(value, fraction)
    if math.isinf(value) or shortest(kind, value) != fraction:
        return None
    return value


def nearest_float(guess, fraction):
    """The float nearest to a fraction: of the neighbours of a first guess the closest."""
    middle = to_float(guess)
    if math.isinf(middle):
        return middle
    bits = struct.unpack("<i", struct.pack("<f", abs(middle)))[0]
    near = []
    for other in (bits - 1, bits, bits + 1):
        if 0 <= other < 0x7F800000:
            value = struct.unpack("<f", struct.pack("<i", other))[0]
            near.append(math.copysign(value, middle))
    return min(near, key=lambda value: abs(Fraction(value) - fraction))


def unscaled(data):
    """The number of a decimal's bytes; no bytes are zero."""
    return int.from_bytes(data, "big", signed=True)


def fits_decimal(number, precision):
    """At most `precision` digits, and a two's complement of at most 128 bytes."""
    return len(str(abs(number))) <= precision and number.bit_length() < 1024


def rescale(fraction, scale):
    """The unscaled number at a scale, or None if it is not whole."""
    scaled = fraction * Fraction(10) ** scale
    return scaled.numerator if scaled.denominator == 1 else None


def milliseconds(logical, count):
    """A time or a date in milliseconds."""
    unit = TIMES[logical][1]
    if unit is None:
        return Fraction(count) * 86_400_000
    return Fraction(count) * 1000 / 10**unit
