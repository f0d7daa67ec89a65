"""Sections 3 and 4: a record read as the contract's type, a tree that can be written plain or tagged."""

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

    def __init__(self, w, c, ignore=(), tolerant=(), renames=(), absent_equals_default=False):
        self.w, self.c, self.ignore, self.tolerant = w, c, set(ignore), list(tolerant)
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
            claim(n, lambda g: any(to == f.name and name in (g.name, step(wpath, g.name)) for name, to in self.renames))
        for n, f in enumerate(c.fields):
            claim(n, lambda g: f.name == g.name)
        for n, f in enumerate(c.fields):
            claim(n, lambda g: g.name in f.aliases or f.name in g.aliases)
        self.pairs[key] = found
        return found

    def _find_absent(self, w, c, cpath, wpath, depth):
        if w.kind != "record" or c.kind != "record" or depth > 64:
            return
        for f, i in zip(c.fields, self.fields(w, c, wpath)):
            path = step(cpath, f.name)
            if i is not None:
                if path not in self.ignore:
                    self._find_absent(w.fields[i].type, f.type, path, step(wpath, w.fields[i].name), depth + 1)
            elif path not in self.ignore and self._default(f) is None:
                self.absent.append(path)

    def _default(self, f):
        return default(f.type, f.default) if self.defaults and f.default is not MISSING else None

    # Reading

    def _read(self, r, w, c, paths, inside, depth, branch=False):
        """`paths`: in the contract's and in the writer's names; `inside`: a union, array or map stands above."""
        if w.kind == "union":
            n = r.index(w.branches)
            return self._place(r, w.branches[n], c, paths, True, depth, True)
        return self._place(r, w, c, paths, inside, depth, branch)

    def _place(self, r, w, c, paths, inside, depth, branch):
        if c.kind != "union":
            return self._whole(r, w, c, paths, inside, depth, branch)
        n = choose(w, c.branches)
        if n is None:
            return Node(NOT_HELD, c, w, r.value(w, depth, branch))
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
        if plain is not None:
            return Node(HELD, c, w, v, plain)
        return Node(SYMBOL if w.kind == c.kind == "enum" else NOT_HELD, c, w, v)

    def _record(self, r, w, c, paths, inside, depth):
        cpath, wpath = paths
        found = self.fields(w, c, wpath)
        parts = [None] * len(c.fields)
        for n, f in enumerate(c.fields):
            if found[n] is None:
                parts[n] = (f.name, self._absent(r, f, step(cpath, f.name), inside))
        for i, g in enumerate(w.fields):
            if i not in found:
                r.value(g.type, depth + 1)
                continue
            f = c.fields[found.index(i)]
            below = (step(cpath, f.name), step(wpath, g.name))
            parts[found.index(i)] = (f.name, self._read(r, g.type, f.type, below, inside, depth + 1))
        return Node(HELD, c, w, parts=parts)

    def _absent(self, r, f, path, inside):
        if path in self.ignore:
            return Node(NOTHING, f.type)
        node = self._default(f)
        if node is not None:
            r.pay(1 + len(plain(node, path, self)))
            return node
        if not inside:
            return Node(NOTHING, f.type)
        r.pay(1)
        return Node(ABSENT, f.type)


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


# Writing


def held(node, path, rules):
    """Whether all that is compared of a value is held."""
    if path in rules.ignore or node.state == NOTHING:
        return True
    if node.state != HELD:
        return False
    return all(held(part, below(path, s), rules) for s, part in node.parts or ())


def below(path, s):
    if s is None:
        return path
    return path + s if s in ("[*]", "{*}") else step(path, s)


def has_tolerance(c):
    return c.kind in ("int", "long", "float", "double") or c.note in ("decimal", "big-decimal")


def plain(node, path, rules):
    return write(node, path, rules, False)


def write(node, path, rules, tagged):
    if path in rules.ignore or node.state == NOTHING:
        return b""
    if node.state == ABSENT:
        return b"\1"
    if node.state == SYMBOL:
        return b"\3" + text(node.w.symbols[node.v].encode())
    if node.state == NOT_HELD:
        value = own_plain(node.w, node.v)
        return b"\2" + node.w.digest()[:16] + len(value).to_bytes(4, "little") + value
    head = b"\0" if tagged else b""
    c = node.c
    if c.kind == "union":
        return head + long(node.index) + write(node.parts[0][1], path, rules, tagged)
    if path in rules.tolerant and has_tolerance(c):
        return head
    if node.parts is None:
        return head + node.plain
    parts = [write(part, below(path, s), rules, tagged) for s, part in node.parts]
    if c.kind == "record":
        return head + b"".join(parts)
    if node.keys is not None:
        parts = [text(key) + part for key, part in zip(node.keys, parts)]
    return head + (long(len(parts)) if parts else b"") + b"".join(parts) + b"\0"


# Defaults


def default(t, j):
    """The value of a default of the contract as a node, or None where it is not valid."""
    k = t.kind
    if k == "union":
        for n, b in enumerate(t.branches):
            node = default(b, j)
            if node is not None:
                return Node(HELD, t, parts=[(None, node)], index=n)
        return None
    if k == "record":
        if not isinstance(j, dict):
            return None
        parts = [(f.name, default(f.type, j.get(f.name, f.default))) for f in t.fields]
        return None if any(p is None for _, p in parts) else Node(HELD, t, parts=parts)
    if k == "array":
        parts = [("[*]", default(t.items, x)) for x in j] if isinstance(j, list) else [(None, None)]
        return None if any(p is None for _, p in parts) else Node(HELD, t, parts=parts)
    if k == "map":
        if not isinstance(j, dict):
            return None
        entries = {key.encode("utf-8", "surrogatepass"): default(t.items, x) for key, x in j.items()}
        if any(p is None for p in entries.values()) or not all(map(convert.is_utf8, entries)):
            return None
        return Node(HELD, t, parts=[("{*}", entries[key]) for key in sorted(entries)], keys=sorted(entries))
    own, v = _own(t, j)
    into = convert.row(own, t) if own is not None else None
    data = into(v) if into else None
    return None if data is None else Node(HELD, t, own, v, data)


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
    if k in ("float", "double") and number and convert.pack_float(k, float(j)) is not None:
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
