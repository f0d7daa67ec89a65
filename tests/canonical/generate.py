"""Random cases as JSON lines in the vectors' input format: python3 tests/canonical/generate.py SEED COUNT.

A writer's schema, a contract that evolved from it, rules, and a value in Avro that is rarely canonical: arrays and maps in
several blocks, sized blocks, varints that are too long, unsorted maps, now and then damaged."""

import json
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import convert  # noqa: E402

FIELDS = ["a", "b", "c", "d", "e", "f", "g"]
TIMES = ["time-micros", "time-nanos", *(f"{k}-{u}" for k in ("timestamp", "local-timestamp") for u in ("millis", "micros", "nanos"))]
NUMBERS = [0, 1, -1, 2, 7, 60, 100, -100, 128, 999, 1000, -1000, 86_400_000, 1_700_000_000_000, 2**24 + 1, 2**31 - 1, -(2**31)]
WIDE = [2**31, 2**53, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), 10**15, 1_700_000_000_000_000, -1_000_001]
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e10, 1e-7, 3.4e38, float("inf"), float("-inf"), float("nan"), 16777217.0, 123456.789]
TEXTS = ["", "a", "ab", "€", "2026-01-02T03:04:05Z", "1969-12-31 23:59:60.9995-01:30", "2024-02-29t00:00:00.123456z", "2023-02-29T00:00:00Z"]
UUID = "00112233-4455-6677-8899-aabbccddeeff"


class Case:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.count = 0
        self.damaged = False

    def odds(self, p):
        return self.r.random() < p

    # Schemas: dicts; named ones are shared, and written whole where they first stand.

    def name(self, prefix):
        self.count += 1
        return self.r.choice(["", "n.", "n.m."]) + f"{prefix}{self.count}"

    def primitive(self):
        r = self.r
        k = r.choice(["null", "boolean", "int", "int", "long", "long", "float", "double", "bytes", "string", "string", "enum", "fixed"])
        t = {"k": k, "note": None}
        if k == "int" and self.odds(0.4):
            t["note"] = r.choice(["date", "time-millis"])
        elif k == "long" and self.odds(0.5):
            t["note"] = r.choice(TIMES)
        elif k == "string" and self.odds(0.2):
            t["note"] = "uuid"
        elif k == "bytes" and self.odds(0.6):
            t["note"] = r.choice(["decimal", "decimal", "big-decimal"])
        elif k == "enum":
            t |= {"name": self.name("E"), "aliases": [], "symbols": r.sample(["A", "B", "C", "D"], r.randint(1, 4))}
        elif k == "fixed":
            size, note = r.choice([(0, None), (4, None), (4, "decimal"), (9, "decimal"), (12, "duration"), (12, None), (16, "uuid"), (16, None), (12, "decimal")])
            t |= {"name": self.name("F"), "aliases": [], "size": size, "note": note}
        if t["note"] == "decimal":
            t["precision"] = r.randint(1, 9 if k == "fixed" else 30)
            t["scale"] = r.randint(0, min(t["precision"], 6))
        return t

    def type(self, depth, above=(), unions=True):
        r = self.r
        pick = r.random()
        if depth <= 0 or pick < 0.45:
            return self.primitive()
        if pick < 0.6:
            return {"k": r.choice(["array", "map"]), "note": None, "items": self.type(depth - 1, above)}
        if pick < 0.8 and unions:
            branches = [self.type(depth - 1, above, False) for _ in range(r.randint(1, 3))] + ([{"k": "null", "note": None}] if self.odds(0.7) else [])
            r.shuffle(branches)
            return union(branches)
        if above and self.odds(0.15):
            return union([{"k": "null", "note": None}, r.choice(above)])
        t = {"k": "record", "note": None, "name": self.name("R"), "aliases": [], "fields": []}
        for f in r.sample(FIELDS, r.randint(0 if self.odds(0.1) else 1, 4)):
            t["fields"].append({"name": f, "aliases": [], "t": self.type(depth - 1, (*above, t))})
        return t

    def evolve(self, t, seen):
        if id(t) in seen:
            return seen[id(t)]
        r, out = self.r, dict(t)
        if self.odds(0.04):
            return self.type(1)
        if t["k"] == "union":
            branches = [self.evolve(b, seen) for b in t["branches"] if self.odds(0.9)] + ([self.type(1, (), False)] if self.odds(0.2) else [])
            r.shuffle(branches)
            return branches[0] if branches and self.odds(0.15) else union(branches or [self.primitive()])
        if "name" in t:
            seen[id(t)] = out
            out["aliases"] = list(t["aliases"])
            change = r.random()
            if change < 0.1:
                out["name"] = "o." + t["name"].rpartition(".")[2]
            elif change < 0.2:
                out["aliases"], out["name"] = [t["name"] if "." in t["name"] else t["name"]], self.name("X")
                out["name"] = out["name"].rpartition(".")[2]
        if t["k"] == "record":
            out["fields"] = [self.field(f, seen) for f in t["fields"] if self.odds(0.93)]
            for f in r.sample(FIELDS, r.choice([0, 0, 0, 1, 2])):
                if all(f != g["name"] and f not in g["aliases"] for g in out["fields"]):
                    new = {"name": f, "aliases": [], "t": self.type(1, (), True)}
                    if self.odds(0.6):
                        new["default"] = self.default(new["t"])
                    out["fields"].append(new)
            if self.odds(0.5):
                r.shuffle(out["fields"])
        elif t["k"] in ("array", "map"):
            out["items"] = self.evolve(t["items"], seen)
        elif t["k"] == "enum" and self.odds(0.3):
            out["symbols"] = r.sample(["A", "B", "C", "D"], r.randint(1, 4))
        elif self.odds(0.4):
            out = self.related(t)
        if self.odds(0.1):
            seen.pop(id(t), None)
            return union([{"k": "null", "note": None}, out] if out["k"] != "null" else [out, {"k": "int", "note": None}])
        return out

    def related(self, t):
        for _ in range(30):
            new = self.primitive()
            if t["k"] in ("int", "long") and new["k"] in ("int", "long", "float", "double", "bytes", "fixed"):
                return new
            if t["k"] in ("float", "double") and new["k"] in ("float", "double", "int"):
                return new
            if t["k"] in ("bytes", "string", "fixed") and new["k"] in ("bytes", "string", "fixed"):
                return new
        return t

    def field(self, f, seen):
        out = {"name": f["name"], "aliases": [], "t": self.evolve(f["t"], seen)}
        if self.odds(0.08):
            out["name"], out["aliases"] = "new_" + f["name"], [f["name"]]
        return out

    def default(self, t):
        r, k = self.r, t["k"]
        if k == "union":
            return self.default(t["branches"][0])
        if k == "record":
            return {f["name"]: self.default(f["t"]) for f in t["fields"]}
        if k == "array":
            return [self.default(t["items"]) for _ in range(r.randint(0, 2))]
        if k == "map":
            return {key: self.default(t["items"]) for key in r.sample(["z", "y", "é"], r.randint(0, 2))}
        if self.odds(0.1) and k in ("float", "double", "bytes", "fixed", "int"):
            return {"float": r.choice([1e300, "NaN", 16777217, 0.1]), "double": "Infinity", "int": 2**31}.get(k, "\u007f" * (t.get("size", 0) or 3))
        if t["note"] == "decimal":
            return "\u0001" if k == "bytes" else "\0" * t["size"]
        if t["note"] == "big-decimal":
            return "\u0002\u0007\u0002"
        return {
            "null": None, "boolean": True, "int": 3, "long": -4, "float": 0.5, "double": 2.25, "bytes": "\u00ff", "string": "é",
            "enum": t.get("symbols", [0])[0], "fixed": "\u00fe" * t.get("size", 0),
        }[k]  # fmt: skip

    # Values

    def long(self, n):
        data = convert.long(n)
        if self.odds(0.1) and len(data) < 9:
            data = data[:-1] + bytes([data[-1] | 128]) + b"\x80" * self.r.randint(0, 9 - len(data) - 1) + b"\0"
        return data

    def blocks(self, items):
        out = b""
        while items:
            n = self.r.randint(1, len(items))
            body, items = b"".join(items[:n]), items[n:]
            out += self.long(-n) + self.long(len(body)) + body if self.odds(0.4) else self.long(n) + body
        return out + self.long(0)

    def number(self, bits):
        n = self.r.choice(NUMBERS + WIDE if bits == 63 else NUMBERS) if self.odds(0.7) else self.r.randint(-(1 << bits), (1 << bits) - 1)
        return n * 1000 if self.odds(0.2) and abs(n) < 1 << bits - 11 else n

    def unscaled(self):
        data = convert.shortest(self.r.choice([self.number(63), self.number(31) * 10 ** self.r.randint(0, 6), self.r.randint(-9, 9)]))
        pad = b"\xff" if data[0] & 128 else b"\0"
        return pad * self.r.choice([0, 0, 0, 2, 130]) + data if self.odds(0.9) else b""

    def value(self, t, depth=0):
        r, k = self.r, t["k"]
        if k == "record":
            return b"".join(self.value(f["t"], depth + 1) for f in t["fields"])
        if k == "union":
            names = [n for n, b in enumerate(t["branches"]) if depth < 12 or b["k"] == "null"] or [0]
            n = r.choice(names)
            return self.long(n) + self.value(t["branches"][n], depth + 1)
        if k == "array":
            return self.blocks([self.value(t["items"], depth + 1) for _ in range(r.choice([0, 1, 2, 4]))])
        if k == "map":
            keys = r.sample(["k", "", "é", "kk", "z", "\U0001f600", "\uffee"], r.choice([0, 1, 2, 4]))
            return self.blocks([self.text(key.encode()) + self.value(t["items"], depth + 1) for key in keys])
        if k in ("int", "long"):
            return self.long(self.number(31 if k == "int" else 63))
        if k in ("float", "double"):
            x = r.choice(FLOATS) if self.odds(0.8) else r.uniform(-1e6, 1e6)
            nan = "0100c07f" if k == "float" else "010000000000f0ff"
            return bytes.fromhex(nan) if x != x else convert.pack_float(k, x)
        if k == "enum":
            return self.long(r.randrange(len(t["symbols"])))
        if k == "boolean":
            return bytes([r.randrange(2)])
        if k == "null":
            return b""
        if k == "fixed":
            data = self.unscaled()[-t["size"] :] if t["size"] else b""
            return data.rjust(t["size"], b"\xff" if data[:1] > b"\x7f" else b"\0") if t["note"] == "decimal" else r.randbytes(t["size"])
        if k == "string":
            return self.text(r.choice([UUID, UUID.upper(), *TEXTS, "x" * 80]).encode())
        if t["note"] == "big-decimal" and self.odds(0.9):
            return self.text(self.text(self.unscaled()) + self.long(r.choice([0, 1, 2, 6, -3, 310, -308])))
        return self.text(r.choice([self.unscaled(), r.randbytes(r.randint(0, 5)), b"text"]))

    def text(self, data):
        return self.long(len(data)) + data

    def damage(self, data):
        if self.odds(0.92) or not data:
            return data
        at = self.r.randrange(len(data))
        return self.r.choice([data[:at], data + b"\0", data[:at] + self.r.randbytes(1) + data[at + 1 :]])

    # Rules

    def rules(self, contract, writer):
        r, rules = self.r, {}
        every = list(paths(contract))
        plain = [(p, t) for p, t in every if "[*]" not in p and "{*}" not in p and p]
        if every and self.odds(0.3):
            rules["ignore"] = sorted({r.choice(every)[0] for _ in range(r.randint(1, 2))} - {""})
        if every and self.odds(0.15):
            rules["only"] = sorted({r.choice(every)[0] for _ in range(r.randint(1, 3))} - {""})
            if self.odds(0.2):
                rules["only"].append("$key")
        arrays = sorted({p for p, t in every if has_kind(t, "array")} - {""})
        if arrays and self.odds(0.5):
            rules["unordered"] = r.sample(arrays, r.randint(1, len(arrays)))
        mapped = sorted({p for p, t in every if has_kind(t, "string", "enum", "int", "long", "boolean")} - {""})
        if mapped and self.odds(0.5):
            rules["map"] = {p: self.mapping() for p in r.sample(mapped, min(len(mapped), r.randint(1, 3)))}
        numbers = sorted({p for p, t in plain if is_number(t)})
        if numbers and self.odds(0.3):
            rules["tolerant"] = r.sample(numbers, min(len(numbers), r.randint(1, 3)))
        if self.odds(0.3):
            rules["when"] = [self.conditional(rules, every, plain, mapped) for _ in range(r.randint(1, 3))]
        if plain and self.odds(0.4):
            rules["identity"] = ["field:" + r.choice(plain)[0] for _ in range(r.randint(1, 2))]
        if plain and self.odds(0.4):
            rules["event_time"] = "field:" + r.choice(plain)[0]
        if self.odds(0.5):
            rules["absent_equals_default"] = True
        if self.odds(0.4):
            rules["side"] = "canary"
        theirs = [p for p, _ in paths(writer) if p and "[*]" not in p and "{*}" not in p]
        if theirs and plain and self.odds(0.25):
            rules["rename"] = [self.rename(r.choice(theirs), r.choice(plain)[0]) for _ in range(r.randint(1, 2))]
        if self.odds(0.3):
            rules["compare_key"] = True
        if self.odds(0.2):
            rules["headers"] = r.sample(["h", "i"], r.randint(1, 2))
        return {key: value for key, value in rules.items() if value not in ([], {})}

    def conditional(self, rules, every, plain, mapped):
        """A rule that holds for some records: those of a header, or of a field that says a word."""
        r, words = self.r, [*"ABC", "true", "false", "0", "1", "a", ""]
        signs = [p for p, t in plain if has_kind(t, "string", "enum", "int", "long", "boolean")]
        out = {"field": r.choice(signs)} if signs and self.odds(0.6) else {"header": r.choice("hi")}
        out["is"] = r.choice(words) if "field" in out else r.choice(["a", "17"])
        if mapped and self.odds(0.4):
            out["map"] = {r.choice(mapped): self.mapping()}
        elif rules.get("tolerant") and self.odds(0.4):
            out["tolerance"] = r.randrange(len(rules["tolerant"]))
        else:
            out["ignore"] = r.choice([p for p, _ in every if p] or ["a"])
        return out

    def mapping(self):
        """None of the values is mapped on."""
        r = self.r
        words = [*TEXTS[:4], *"ABCD", "true", "false", *map(str, NUMBERS), str(2**63 - 1), "9" * 20]
        return {r.choice(words): to for to in r.sample(words, r.randint(3, 9))}

    def rename(self, theirs, ours):
        """Of a whole path, or of a name anywhere."""
        return f"{theirs}:{ours}" if self.odds(0.5) else theirs.rpartition(".")[2] + ":" + ours.rpartition(".")[2]

    def case(self):
        writer = self.type(4)
        contract = self.evolve(writer, {}) if self.odds(0.9) else writer
        out = {"writer": text(writer), "contract": text(contract), "rules": self.rules(contract, writer)}
        out["value"] = None if self.odds(0.03) else self.damage(self.value(writer)).hex()
        if self.odds(0.3):
            out["key"] = self.r.randbytes(self.r.randint(0, 4)).hex()
            if self.odds(0.5):
                key = self.type(2)
                contract = self.evolve(key, {})
                out |= {"key": self.damage(self.value(key)).hex(), "key_writer": text(key), "key_contract": text(contract)}
                every = [p for p, _ in paths(contract) if p]
                if every and self.odds(0.3):
                    out["rules"].setdefault("ignore", []).append("$key" + ("" if every[0][0] in "[{" else ".") + every[0])
                if every and self.odds(0.2) and "[" not in every[-1] and "{" not in every[-1]:
                    out["rules"].setdefault("identity", []).append("key:" + every[-1])
            if self.odds(0.2):
                out["rules"].setdefault("identity", []).append("key")
        if self.odds(0.2):
            out["headers"] = [[self.r.choice("hij"), self.r.choice([None, "", "61", "3137"])] for _ in range(3)]
            if self.odds(0.3):
                out["rules"].setdefault("identity", []).append("header:h")
        return out


def has_kind(t, *kinds):
    return any(b["k"] in kinds for b in (t["branches"] if t["k"] == "union" else [t]))


def is_number(t):
    if t["k"] == "union":
        return len(t["branches"]) == 2 and any(b["k"] == "null" for b in t["branches"]) and any(is_number(b) for b in t["branches"])
    return t["k"] in ("int", "long", "float", "double") or t["note"] in ("decimal", "big-decimal")


def union(branches):
    """Without branches that Avro forbids beside each other."""
    found = {}
    for b in (b for t in branches for b in (t["branches"] if t["k"] == "union" else [t])):
        found.setdefault(b.get("name", b["k"]), b)
    return {"k": "union", "note": None, "branches": list(found.values())}


def paths(t, at="", depth=0):
    """Paths of a schema with the type there; unions leave no trace."""
    yield at, t
    if depth > 5:
        return
    for b in t["branches"] if t["k"] == "union" else [t]:
        if b["k"] == "record":
            for f in b["fields"]:
                yield from paths(f["t"], f"{at}.{f['name']}" if at else f["name"], depth + 1)
        elif b["k"] in ("array", "map"):
            yield from paths(b["items"], at + ("[*]" if b["k"] == "array" else "{*}"), depth + 1)


def text(t):
    return json.dumps(tree(t, set()), ensure_ascii=False)


def tree(t, seen):
    k = t["k"]
    if "name" in t:
        if t["name"] in seen:
            return t["name"]
        seen.add(t["name"])
    if k == "union":
        return [tree(b, seen) for b in t["branches"]]
    out = {"type": k}
    if k in ("array", "map"):
        out["items" if k == "array" else "values"] = tree(t["items"], seen)
    for key in ("symbols", "size"):
        if key in t:
            out[key] = t[key]
    if "name" in t:
        space, _, out["name"] = t["name"].rpartition(".")
        out["namespace"] = space
        if t["aliases"]:
            out["aliases"] = t["aliases"]
    if k == "record":
        out["fields"] = []
        for f in t["fields"]:
            field = {"name": f["name"], "type": tree(f["t"], seen)}
            out["fields"].append(field | ({"aliases": f["aliases"]} if f["aliases"] else {}) | ({"default": f["default"]} if "default" in f else {}))
    if t["note"]:
        out["logicalType"] = t["note"]
        if t["note"] == "decimal":
            out |= {"precision": t["precision"], "scale": t["scale"]}
    return out if len(out) > 1 else k


def main(seed, count):
    for n in range(count):
        print(json.dumps({"name": f"{seed}/{n}", **Case(f"{seed}/{n}").case()}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
