"""A small strict reader of JSON for the reference comparison.

Written from docs/canonical-form.md (section 9) alone, without looking at the
product. Numbers are exact decimals, a name twice in an object is `duplicate_key`.

Values: None, bool, Number, str, list, dict.
"""

import re
from fractions import Fraction

from avro_read import DEEPEST, MOST, Undecodable

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
BLANK = " \t\n\r"


class Number:
    """digits x 10^power, digits without a zero at the end; zero is 0 x 10^0."""

    def __init__(self, sign, digits, power):
        self.negative_zero = sign == "-" and digits == 0
        while digits and digits % 10 == 0:
            digits //= 10
            power += 1
        self.digits = -digits if sign == "-" else digits
        self.power = power if digits else 0

    def form(self):
        return ("number", self.digits, self.power)

    def exact(self):
        """As a fraction, or None where that would be out of all proportion."""
        if abs(self.power) > 2000:
            return None
        return Fraction(self.digits) * Fraction(10) ** self.power


def read(text):
    """The one value of a document."""
    reader = Reader(text)
    reader.blanks()
    value = reader.value(0)
    reader.blanks()
    if reader.at != len(text):
        raise Undecodable("trailing")
    return value


class Reader:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def blanks(self):
        while self.at < len(self.text) and self.text[self.at] in BLANK:
            self.at += 1

    def next(self):
        if self.at >= len(self.text):
            raise Undecodable("truncated")
        self.at += 1
        return self.text[self.at - 1]

    def peek(self):
        char = self.next()
        self.at -= 1
        return char

    def word(self, word, value):
        for char in word:
            if self.next() != char:
                raise Undecodable("malformed")
        return value

    def value(self, depth):
        char = self.peek()
        if char == "n":
            return self.word("null", None)
        if char == "t":
            return self.word("true", True)
        if char == "f":
            return self.word("false", False)
        if char == '"':
            return self.string()
        if char == "[":
            return self.array(depth + 1)
        if char == "{":
            return self.object(depth + 1)
        return self.number()

    def number(self):
        found = NUMBER.match(self.text, self.at)
        if not found:
            raise Undecodable("malformed")
        self.at = found.end()
        sign, whole, part, exponent = found.groups()
        part = part or ""
        power = int(exponent or 0)
        if abs(power) > MOST:
            raise Undecodable("bounds")
        return Number(sign, int(whole + part), power - len(part))

    def string(self):
        self.next()
        out = []
        while True:
            char = self.next()
            if char == '"':
                return "".join(out)
            if char == "\\":
                out.append(self.escape())
            elif ord(char) < 0x20:
                raise Undecodable("malformed")
            else:
                out.append(char)

    def escape(self):
        char = self.next()
        if char != "u":
            if char not in ESCAPES:
                raise Undecodable("malformed")
            return ESCAPES[char]
        unit = self.unit()
        if 0xD800 <= unit < 0xDC00:
            if self.next() != "\\" or self.next() != "u":
                raise Undecodable("utf8")
            low = self.unit()
            if not 0xDC00 <= low < 0xE000:
                raise Undecodable("utf8")
            return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        if 0xDC00 <= unit < 0xE000:
            raise Undecodable("utf8")
        return chr(unit)

    def unit(self):
        digits = "".join(self.next() for _ in range(4))
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise Undecodable("malformed")
        return int(digits, 16)

    def array(self, depth):
        self.enter(depth)
        out = []
        while not self.closed("]", bool(out)):
            out.append(self.value(depth))
        return out

    def object(self, depth):
        self.enter(depth)
        members = []
        while not self.closed("}", bool(members)):
            if self.peek() != '"':
                raise Undecodable("malformed")
            name = self.string()
            self.blanks()
            if self.next() != ":":
                raise Undecodable("malformed")
            self.blanks()
            members.append((name, self.value(depth)))
        if len(dict(members)) != len(members):
            raise Undecodable("duplicate_key")
        return dict(members)

    def enter(self, depth):
        self.next()
        if depth > DEEPEST:
            raise Undecodable("bounds")

    def closed(self, end, further):
        """Passes the comma, or the end."""
        self.blanks()
        char = self.peek()
        if char == end:
            self.next()
            return True
        if further:
            if self.next() != ",":
                raise Undecodable("malformed")
            self.blanks()
        return False
