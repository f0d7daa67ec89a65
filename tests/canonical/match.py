"""Sections 3 and 4: a record read as the contract's type, a tree that can be written plain or tagged."""

import re
from fractions import Fraction

import convert
import schema
from convert import long, own_plain, text
from reader import Reader, Undecodable
from schema import MISSING

HELD, ABSENT, NOT_HELD, SYMBOL, NOTHING = range(5)
ESCAPED = ".[]{}\\"


class Node:
    """A value of the contract. `parts` are (path step, node) of its parts; `w` and `v` are the writer's type and value."""

    def __init__(self, state, c, w=None, v=None, plain=b"", parts=None, index=None, keys=None):
        self.state, self.c, self.w, self.v = state, c, w, v
        self.plain, self.parts, self.index, self.keys = plain, parts, index, keys


def step(path, field):
    name = "".join("\\" + ch if ch in ESCAPED else ch for ch in field)
    return f"{path}.{name}" if path else name


class Match:
    """Reads values of the type `w` as the contract `c` under rules with paths relative to this root."""

    def __init__(self, w, c, ignore=(), tolerant=(), renames=(), absent_equals_default=False, asked=(), only=None, unordered=(), maps=()):
        self.w, self.c, self.ignore, self.tolerant = w, c, set(ignore), list(tolerant)
        self.only, self.unordered, self.maps = only, set(unordered), dict(maps)
        self.asked = list(asked)
        self.renames, self.defaults = list(renames), absent_equals_default
        self.absent, self.pairs = [], {}
        self._find_absent(w, c, "", "", 1)
        self.absent.sort(key=str.encode)

    def read(self, data):
        reader = Reader(data)
        node = self._read(reader, self.w, self.c, ("", ""), False, 1)
        if reader.left():
            raise Undecodable("trailing")
        return node

    def ignored(self, path):
        return path in self.ignore or left_out(path, self.only)

    # Fields

    def fields(self, w, c, wpath):
        """For each field of the contract's record the index of the writer's, or None."""
        key = (id(w), id(c), wpath)
        if key in self.pairs:
            return self.pairs[key]
        found, free = [None] * len(c.fields), list(range(len(w.fields)))

        def claim(n, fits):
            if found[n] is None:
                found[n] = next((i for i in free if fits(w.fields[i])), None)
                if found[n] is not None:
                    free.remove(found[n])

        for n, f in enumerate(c.fields):
            claim(n, lambda g: self._renamed(wpath, g.name) == f.name)
        for n, f in enumerate(c.fields):
            claim(n, lambda g: f.name == g.name)
        for n, f in enumerate(c.fields):
            claim(n, lambda g: g.name in f.aliases or f.name in g.aliases)
        self.pairs[key] = found
        return found

    def _renamed(self, wpath, name):
        """The name that the rules give a field of the writer: its whole path goes before the name anywhere."""
        for whole in (step(wpath, name), step("", name)):
            for path, to in self.renames:
                if path == whole:
                    return to
        return None

    def _find_absent(self, w, c, cpath, wpath, depth):
        w = bare(w, c)
        if w.kind != "record" or c.kind != "record" or depth > 64 or (depth == 1 and self.ignored("")):
            return
        for f, i in zip(c.fields, self.fields(w, c, wpath)):
            path = step(cpath, f.name)
            if i is not None:
                if not self.ignored(path):
                    self._find_absent(w.fields[i].type, f.type, path, step(wpath, w.fields[i].name), depth + 1)
            elif not self.ignored(path) and self._default(f) is None:
                self.absent.append(path)

    def _default(self, f):
        return default(f.type, f.default) if self.defaults and f.default is not MISSING else None

    # Reading

    def _read(self, r, w, c, paths, inside, depth, branch=False):
        """`paths`: in the contract's and in the writer's names; `inside`: a union, array or map stands above."""
        if self.ignored(paths[0]) and not any(paths[0] in ("", p) or above(paths[0], p) for p in self.asked):
            r.value(w, depth, branch)
            return Node(NOTHING, c, w)
        if w.kind == "union":
            n = r.index(w.branches)
            return self._place(r, w.branches[n], c, paths, inside or bare(w, c) is w, depth, True)
        return self._place(r, w, c, paths, inside, depth, branch)

    def _place(self, r, w, c, paths, inside, depth, branch):
        if c.kind != "union":
            return self._whole(r, w, c, paths, inside, depth, branch)
        n = choose(w, c.branches)
        if n is None:
            return self._not_held(r, c, w, r.value(w, depth, branch))
        node = self._whole(r, w, c.branches[n], paths, True, depth, branch)
        return Node(HELD, c, w, node.v, parts=[(None, node)], index=n)

    def _whole(self, r, w, c, paths, inside, depth, branch):
        cpath, wpath = paths
        if w.kind == c.kind == "record":
            r.enter(depth)
            r.pay(1)
            return self._record(r, w, c, paths, inside, depth)
        if w.kind == c.kind == "array":
            below = (cpath + "[*]", wpath + "[*]")
            parts = [("[*]", self._read(r, w.items, c.items, below, True, depth + 1)) for _ in r.blocks(w, depth)]
            return Node(HELD, c, w, parts=parts)
        if w.kind == c.kind == "map":
            below = (cpath + "{*}", wpath + "{*}")
            entries = {key: self._read(r, w.items, c.items, below, True, depth + 1) for key in r.entries(w, depth)}
            return Node(HELD, c, w, parts=[("{*}", entries[key]) for key in sorted(entries)], keys=sorted(entries))
        v = r.value(w, depth, branch)
        into = convert.row(w, c) if w.kind not in ("record", "array", "map") and c.kind not in ("record", "array", "map") else None
        plain = into(v) if into else None
        if w.kind == c.kind == "enum":
            return settled(symbol(c, w, v), cpath, self.maps, r)
        if plain is not None:
            return settled(Node(HELD, c, w, v, plain), cpath, self.maps, r)
        return self._not_held(r, c, w, v)

    def _not_held(self, r, c, w, v):
        r.pay(16)
        return Node(NOT_HELD, c, w, v)

    def _record(self, r, w, c, paths, inside, depth):
        cpath, wpath = paths
        found = self.fields(w, c, wpath)
        parts = [None] * len(c.fields)
        for n, f in enumerate(c.fields):
            if found[n] is None:
                parts[n] = (f.name, self._absent(r, f, step(cpath, f.name), inside, depth + 1))
        for i, g in enumerate(w.fields):
            if i not in found:
                r.value(g.type, depth + 1)
                continue
            f = c.fields[found.index(i)]
            below = (step(cpath, f.name), step(wpath, g.name))
            parts[found.index(i)] = (f.name, self._read(r, g.type, f.type, below, inside, depth + 1))
        return Node(HELD, c, w, parts=parts)

    def _absent(self, r, f, path, inside, depth):
        if self.ignored(path):
            return Node(NOTHING, f.type)
        node = self._default(f)
        if node is not None:
            r.pay(1 + len(binary(node)))
            for n, what in costs(node, depth):
                r.enter(n)
                r.pay(what)
            return settled(node, path, self.maps, r)
        if not inside:
            return Node(NOTHING, f.type)
        r.pay(1)
        return Node(ABSENT, f.type)


def bare(w, c):
    """The branch of a writer's union with null alone, where the contract has no union; else the type as it is."""
    rows = [b for b in w.branches if b.kind != "null"] if w.kind == "union" and c.kind != "union" else []
    return rows[0] if len(rows) == 1 else w


def choose(w, branches):
    """The branch of the contract's union that a writer's branch or bare type goes into, or None."""

    def only(fits):
        found = [n for n, c in enumerate(branches) if fits(c)]
        return found[0] if len(found) == 1 else None

    for n, c in enumerate(branches):
        if c.word == w.word:
            return n
    for n, c in enumerate(branches):
        if w.name and c.name and (w.name in c.aliases or c.name in w.aliases):
            return n
    last = w.name and w.name.rpartition(".")[2]
    n = only(lambda c: w.name and c.kind == w.kind and c.name.rpartition(".")[2] == last)
    if n is not None:
        return n
    return only(lambda c: c.kind == w.kind if {w.kind, c.kind} & {"record", "array", "map"} else convert.row(w, c) is not None)


# Rules


def left_out(path, only):
    """Whether `only` leaves out what stands here, and not already what it stands in. None is every path."""
    if not only:
        return only is not None and path == ""
    paths, at = [steps(p) for p in only], steps(path)
    for i in range(len(at)):
        if any(p == at[: len(p)] for p in paths if len(p) <= i):
            return False
        if not any(p[: i + 1] == at[: i + 1] for p in paths):
            return i + 1 == len(at)
    return False


def steps(path):
    return re.findall(r"\[\*\]|\{\*\}|(?:\\.|[^.\[\]{}\\])+", path)


def prefixes(path):
    """The paths of all that a value stands in, and its own."""
    whole, out = "", [""]
    for s in steps(path):
        whole = whole + s if s in ("[*]", "{*}") else f"{whole}.{s}" if whole else s
        out.append(whole)
    return out


def symbol(c, w, v, name=None):
    """A symbol of the writer, or what it counts as."""
    name = w.symbols[v] if name is None else name
    if name in c.symbols:
        return Node(HELD, c, w, v, long(c.symbols.index(name)))
    node = Node(SYMBOL, c, w, v)
    node.symbol = name
    return node


def settled(node, path, maps, r):
    """The value with each in it that counts as another one in the place of it."""
    if node.parts is not None:
        node.parts = [(s, settled(part, below(path, s), maps, r)) for s, part in node.parts]
        return node
    values, c = maps.get(path, {}), node.c
    if node.state not in (HELD, SYMBOL):
        return node
    if c.kind == "enum":
        name = node.symbol if node.state == SYMBOL else c.symbols[convert.Parts(node.plain).long()]
        node = symbol(c, node.w, node.v, values.get(name, name))
        r.pay(len(node.symbol.encode()) // 2 if node.state == SYMBOL else 0)
        return node
    for a, b in values.items():
        a, b = literal(c, a), literal(c, b)
        if a is not None and b is not None and node.plain == a:
            node.plain = b
            r.pay(len(b) // 2)
            break
    return node


def literal(c, word):
    """A word of a map as a value of the type, or None."""
    if c.kind == "string":
        return text(word.encode())
    if c.kind == "boolean" and word in ("true", "false"):
        return b"\1" if word == "true" else b"\0"
    bound = 1 << (31 if c.kind == "int" else 63)
    if c.kind in ("int", "long") and not c.note and whole(word) is not None and -bound <= whole(word) < bound:
        return long(whole(word))
    return None


def whole(word):
    n = int(word) if re.fullmatch(r"[+-]?[0-9]+", word) else None
    return n if n is not None and -(1 << 63) <= n < 1 << 63 else None


# Writing


def held(node, path, rules):
    """Whether all that is compared of a value is held."""
    if ignored(path, rules) or node.state == NOTHING:
        return True
    if node.state != HELD:
        return False
    return all(held(part, below(path, s), rules) for s, part in node.parts or ())


def ignored(path, rules):
    return path in rules.ignore or left_out(path, rules.only)


def above(p, path):
    return path.startswith((p + ".", p + "[", p + "{")) and p != ""


def below(path, s):
    if s is None:
        return path
    return path + s if s in ("[*]", "{*}") else step(path, s)


def has_tolerance(c):
    return c.kind in ("int", "long", "float", "double") or c.note in ("decimal", "big-decimal")


def is_tolerant(node):
    """A big-decimal is only with a scale of 32 bits."""
    c = node.c
    return has_tolerance(c) and (c.note != "big-decimal" or abs(convert.big_parts(node.plain)[1]) < 1 << 31)


def plain(node, path, rules):
    return write(node, path, rules, False)


def write(node, path, rules, tagged):
    if ignored(path, rules) or node.state == NOTHING:
        return b""
    if node.state == ABSENT:
        return b"\1"
    if node.state == SYMBOL:
        return b"\3" + text(node.symbol.encode())
    if node.state == NOT_HELD:
        value = own_plain(node.w, node.v)
        return b"\2" + node.w.digest()[:16] + len(value).to_bytes(4, "little") + value
    head = b"\0" if tagged else b""
    c = node.c
    if c.kind == "union":
        return head + long(node.index) + write(node.parts[0][1], path, rules, tagged)
    if path in rules.tolerant and is_tolerant(node):
        return head
    if node.parts is None:
        return head + node.plain
    parts = [write(part, below(path, s), rules, tagged) for s, part in node.parts]
    if c.kind == "record":
        return head + b"".join(parts)
    if c.kind == "array" and path in rules.unordered:
        parts.sort()
    if node.keys is not None:
        parts = [text(key) + part for key, part in zip(node.keys, parts)]
    return head + (long(len(parts)) if parts else b"") + b"".join(parts) + b"\0"


# Defaults

STEPS_MAX = 10_000


class Left:
    def __init__(self):
        self.steps = STEPS_MAX


def default(t, j, left=None, depth=1):
    """The value of a default of the contract as a node, or None where it is not valid."""
    k, left = t.kind, left or Left()
    if left.steps == 0:
        return None
    left.steps -= 1
    if k == "union":
        for n, b in enumerate(t.branches):
            node = default(b, j, left, depth)
            if node is not None:
                return Node(HELD, t, parts=[(None, node)], index=n)
        return None
    if k in ("record", "array", "map"):
        if not isinstance(j, list if k == "array" else dict) or depth > 64:
            return None
        if k == "record":
            inner = [(f.name, f.type, j.get(f.name, f.default)) for f in t.fields]
        else:
            inner = [("[*]", t.items, x) for x in j] if k == "array" else [(key, t.items, j[key]) for key in sorted(j, key=utf8)]
        parts = []
        for s, inside, x in inner:
            node = None if x is MISSING else default(inside, x, left, depth + 1)
            if node is None:
                return None
            parts.append((s, node))
        if k == "map":
            return Node(HELD, t, parts=[("{*}", node) for _, node in parts], keys=[utf8(key) for key, _ in parts])
        return Node(HELD, t, parts=parts)
    own, v = _own(t, j)
    into = convert.row(own, t) if own is not None else None
    data = into(v) if into else None
    return None if data is None else Node(HELD, t, own, v, data)


def utf8(key):
    return key.encode("utf-8", "surrogatepass")


def binary(node):
    """A default in Avro binary: bytes as they stand."""
    if node.c.kind == "union":
        return long(node.index) + binary(node.parts[0][1])
    if node.parts is None:
        return own_plain(node.w, node.v)
    parts = [binary(part) for _, part in node.parts]
    if node.c.kind == "record":
        return b"".join(parts)
    if node.keys is not None:
        parts = [text(key) + part for key, part in zip(node.keys, parts)]
    return (long(len(parts)) if parts else b"") + b"".join(parts) + b"\0"


def costs(node, depth, branch=False):
    """(depth, what it pays) of a default and of all in it that is read."""
    c = node.c
    if c.kind == "union":
        yield from costs(node.parts[0][1], depth, True)
    elif node.parts is None:
        yield 0, int((c.kind == "null" and not branch) or (c.kind == "fixed" and c.size == 0))
    else:
        free = c.kind == "array" and c.items.takes_no_byte()
        yield depth if node.parts or c.kind == "record" else 0, int(c.kind == "record") + len(node.parts) * free
        for _, part in node.parts:
            yield from costs(part, depth + 1)


def _number(j):
    """The number of a JSON number: an integer of 64 bits as it is, else the shortest text of its double."""
    return Fraction(j if isinstance(j, int) and -(1 << 63) <= j < 1 << 64 else repr(float(j)))


def _own(t, j):
    """The type of a default's value without its annotation, and the value."""
    own, k, number = schema.Type(t.kind), t.kind, isinstance(j, (int, float)) and not isinstance(j, bool)
    own.size, own.symbols = t.size, t.symbols
    if k == "null" and j is None:
        return own, None
    if k == "boolean" and isinstance(j, bool):
        return own, bytes([j])
    if k in ("int", "long") and number and isinstance(j, int):
        return own, j
    if k == "float" and number and (data := convert.nearest_single(_number(j))) is not None:
        return own, data
    if k == "double" and number and convert.pack_float(k, float(j)) is not None:
        return own, convert.pack_float(k, float(j))
    if not isinstance(j, str):
        return None, None
    if k == "string" and convert.is_utf8(j.encode("utf-8", "surrogatepass")):
        return own, j.encode()
    if k == "enum" and j in t.symbols:
        return own, t.symbols.index(j)
    if k in ("bytes", "fixed") and all(ord(ch) < 256 for ch in j) and (k == "bytes" or len(j) == t.size):
        return own, j.encode("latin-1")
    return None, None
