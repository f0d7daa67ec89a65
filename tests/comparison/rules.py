"""The rules of comparison, from flags, for the reference comparison.

Written from docs/comparison.md, docs/canonical-form.md (section 3, *Rules* and
*Conditions*) and the surface page on `reconcile` alone, without looking at the
product. A step of a path is a tuple: ("field", name), ("items",) or ("values",).
"""

from fractions import Fraction

ITEMS = ("items",)
VALUES = ("values",)
UNITS = {"us": "1/1000", "ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}


def field(name):
    return ("field", name)


def parse_path(text):
    """Dots between fields, [*] for items, {*} for values; a backslash escapes."""
    steps, name, at = [], "", 0
    while at < len(text):
        if text.startswith("[*]", at) or text.startswith("{*}", at):
            if name:
                steps.append(field(name))
            name = ""
            steps.append(ITEMS if text[at] == "[" else VALUES)
            at += 3
        elif text[at] == ".":
            if name:
                steps.append(field(name))
            name = ""
            at += 1
        else:
            at += text[at] == "\\"
            name += text[at]
            at += 1
    if name:
        steps.append(field(name))
    return tuple(steps)


def show_path(steps):
    """The text of a path, as reports have it."""
    out = ""
    for step in steps:
        if step == ITEMS:
            out += "[*]"
        elif step == VALUES:
            out += "{*}"
        else:
            name = "".join("\\" + c if c in ".[]{}\\" else c for c in step[1])
            out += ("." if out else "") + name
    return out


class Condition:
    def __init__(self, text):
        kind, _, rest = text.partition(":")
        assert kind == "field", "a file has no headers"
        path, _, self.value = rest.partition("=")
        self.path = parse_path(path)


class Rule:
    def __init__(self, path, argument, condition):
        self.path = parse_path(path)
        self.argument = argument
        self.condition = condition


class Tolerance:
    """`abs`, `rel` or `time` (milliseconds), inclusive."""

    def __init__(self, text):
        number = text.rstrip("%abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number) :]
        self.relative = unit == "%"
        self.size = Fraction(number)
        if self.relative:
            self.size /= 100
        elif unit:
            self.size *= Fraction(UNITS[unit])

    def holds(self, baseline, canary):
        """Of exact numbers, or of the words that stand for NaN and the infinities."""
        if isinstance(baseline, str) or isinstance(canary, str):
            return baseline == canary
        allowed = self.size * abs(baseline) if self.relative else self.size
        return abs(baseline - canary) <= allowed


class Rules:
    """All rules; `document` is set where there is no contract: {*} is every member."""

    def __init__(self, flags=(), document=False):
        self.document = document
        self.ignores, self.onlys, self.tolerances = [], [], []
        self.unordereds, self.maps, self.renames = [], [], []
        self.absent_equals_default = False
        at = 0
        while at < len(flags):
            if flags[at] == "--absent-equals-default":
                self.absent_equals_default = True
                at += 1
            else:
                self.add(flags[at], flags[at + 1])
                at += 2

    def add(self, flag, text):
        condition = None
        if " when " in text:
            text, _, when = text.partition(" when ")
            condition = Condition(when)
        if flag == "--ignore":
            self.ignores.append(Rule(text, None, condition))
        elif flag == "--only":
            self.onlys.append(Rule(text, None, None))
        elif flag == "--unordered":
            self.unordereds.append(Rule(text, None, None))
        else:
            path, _, argument = text.partition("=")
            if flag == "--tolerance":
                self.tolerances.append(Rule(path, Tolerance(argument), condition))
            elif flag == "--map":
                words = tuple(argument.split(":"))
                self.maps.append(Rule(path, words, condition))
            elif flag == "--rename":
                self.renames.append((parse_path(path), parse_path(argument)))
            else:
                raise ValueError(flag)

    def conditional(self):
        """The rules with a condition, in the order of their places."""
        rules = self.ignores + self.maps + self.tolerances
        return [rule for rule in rules if rule.condition]

    def active(self, met):
        """The rules for a record that meets the conditions of the rules in `met`."""
        out = Rules((), self.document)
        out.__dict__.update(self.__dict__)

        def keep(rules):
            return [r for r in rules if r.condition is None or r in met]

        out.ignores = keep(self.ignores)
        out.tolerances = keep(self.tolerances)
        maps = keep(self.maps)
        out.maps = [r for r in maps if r.condition] + [r for r in maps if not r.condition]
        return out

    def bare(self):
        """No rule but the renames."""
        out = Rules((), self.document)
        out.renames = self.renames
        return out

    def without_renames(self):
        out = Rules((), self.document)
        out.__dict__.update(self.__dict__)
        out.renames = []
        return out

    def same(self, rule_path, path):
        """Whether the steps of a rule are those of a value."""
        return len(rule_path) == len(path) and all(map(self.meets, rule_path, path))

    def meets(self, rule_step, step):
        if self.document and rule_step == VALUES and step[0] == "field":
            return True
        return rule_step == step

    def begins(self, short, long):
        return len(short) <= len(long) and all(map(self.meets, short, long))

    def ignored(self, path):
        if any(self.same(rule.path, path) for rule in self.ignores):
            return True
        if not self.onlys or not path:
            return False
        for rule in self.onlys:
            common = min(len(rule.path), len(path))
            if self.begins(rule.path[:common], path[:common]):
                return False
        return True

    def unordered(self, path):
        return any(self.same(rule.path, path) for rule in self.unordereds)

    def tolerance(self, path):
        for rule in self.tolerances:
            if self.same(rule.path, path):
                return rule.argument
        return None

    def pairs(self, path):
        """The pairs of words that hold at a path, in the order in which they are asked."""
        return [rule.argument for rule in self.maps if self.same(rule.path, path)]

    def renamed(self, path):
        """The contract's name for the canary's path, if a rename has it: a whole path first."""
        for old, new in self.renames:
            if old == path:
                return new[-1][1]
        for old, new in self.renames:
            if len(old) == 1 and old[0] == path[-1]:
                return new[-1][1]
        return None
