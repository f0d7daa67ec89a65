"""Which paths of two records differ, and how.

Written from the surface page (the paragraph after the JSON report) and rule 3 of
the design alone, without looking at the product. Where those leave the kind open,
the choice made here is noted in `guesses`; where they leave even the outcome open,
`Open` is raised and there is no case.
"""

from rules import ITEMS, VALUES, field
from tree import NULL, canonical, is_null


class Open(Exception):
    """The pages do not say."""


class Differ:
    """`uneven`: a condition holds for one record only, so one side may lack a rule."""

    def __init__(self, uneven=False):
        self.uneven = uneven
        self.guesses = set()

    def guess(self, why, out):
        self.guesses.add(why)
        return out

    def nodes(self, baseline, canary, path=()):
        """The set of (path, kind) of two nodes of one contract, or of two documents."""
        tags = (baseline[0], canary[0])
        if "ignored" in tags:
            if baseline != canary and not self.uneven:
                raise Open("ignored on one side only")
            return set()
        if "absent" in tags:
            return absent(baseline, canary, path)
        if "unheld" in tags:
            return self.unheld(baseline, canary, path)
        if tags == ("union", "union"):
            if baseline[1] != canary[1]:
                return {(path, "null" if null_once(baseline, canary) else "type")}
            return self.nodes(baseline[2], canary[2], path)
        if tags == ("record", "record"):
            return self.records(baseline[1], canary[1], path)
        if tags == ("array", "array"):
            return self.arrays(baseline, canary, path)
        if tags == ("map", "map"):
            return self.maps(baseline[1], canary[1], path)
        if tags == ("near", "near") and baseline[1] == canary[1]:
            held = baseline[3].holds(baseline[2], canary[2])
            return set() if held else {(path, "value")}
        if self.uneven and sorted(tags) == ["leaf", "near"]:
            return set()
        return words(baseline, canary, path)

    def unheld(self, baseline, canary, path):
        if baseline == canary:
            return self.guess("the same value, not held, on both sides", set())
        if null_once(baseline, canary):
            return self.guess("null where the contract has none", {(path, "null")})
        if baseline[0] == canary[0]:
            return self.guess("two values that are not held", {(path, "type")})
        return {(path, "type")}

    def records(self, baseline, canary, path):
        out = set()
        for name in sorted(set(baseline) | set(canary)):
            below = path + (field(name),)
            if name in baseline and name in canary:
                out |= self.nodes(baseline[name], canary[name], below)
            else:
                out.add((below, "absent"))
        return out

    def arrays(self, baseline, canary, path):
        if len(baseline[1]) != len(canary[1]):
            return {(path, "length")}
        if canonical(baseline) == canonical(canary):
            return set()
        if baseline[2]:
            return {(path + (ITEMS,), "value")}
        if multiset(baseline) == multiset(canary):
            return {(path, "order")}
        out = set()
        for one, other in zip(baseline[1], canary[1]):
            out |= self.nodes(one, other, path + (ITEMS,))
        return out

    def maps(self, baseline, canary, path):
        out = set()
        if set(baseline) != set(canary):
            out.add((path, "length"))
        for key in sorted(set(baseline) & set(canary)):
            out |= self.nodes(baseline[key], canary[key], path + (VALUES,))
        return out


def multiset(array):
    return canonical(("array", array[1], True))


def absent(baseline, canary, path):
    if baseline[0] != canary[0]:
        return {(path, "absent")}
    if baseline != canary:
        raise Open("absent in two forms")
    return set()


def null_once(baseline, canary):
    return is_null(baseline) != is_null(canary)


def words(baseline, canary, path):
    """Values without parts, and those of two types where there is no contract."""
    if canonical(baseline) == canonical(canary):
        return set()
    if NULL in (baseline, canary):
        return {(path, "null")}
    return {(path, "value" if shape(baseline) == shape(canary) else "type")}


def shape(node):
    """The type that a value shows. A symbol outside the contract is still an enum's."""
    if node[0] == "symbol":
        return "enum"
    return node[1] if node[0] in ("leaf", "near") else node[0]
