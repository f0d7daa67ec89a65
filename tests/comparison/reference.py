"""The reference comparison: one case in, outcome and differing fields out.

An independent second implementation of how two records are compared, written from
docs/comparison.md, docs/canonical-form.md, the rules of comparison of the design and
the page on the surface of `reconcile` alone, without looking at the product. It is
an oracle: slow, plain, and wrong in other places than the product is.

    python3 reference.py < case.json
"""

import json
import sys

import avro_read
import json_read
import schema as schemas
from avro_read import Undecodable
from convert import Converter
from diff import Differ, Open
from document import AsContract, Document
from leaf import whole
from rules import Rules, show_path
from tree import at, canonical


def compare(case):
    """What the tool has to say of a case, without the guesses that led to it."""
    return judge(case)[0]


def judge(case):
    """(what the tool has to say, the set of the guesses that led to it)."""
    contract = contract_of(case)
    document = contract is None
    canary_rules = Rules(case["flags"], document)
    baseline_rules = canary_rules.without_renames()
    sides = []
    for name, rules in (("baseline", baseline_rules), ("canary", canary_rules)):
        try:
            sides.append(Side(case[name], contract, rules))
        except Undecodable as fault:
            return {"outcome": "undecodable", "side": name, "reason": fault.reason}, set()
    uneven = conditions(sides)
    differ = Differ(bool(uneven))
    found = differ.nodes(sides[0].tree, sides[1].tree)
    if uneven - found or uneven and found != Differ().nodes(sides[0].plain, sides[1].plain):
        differ.guesses.add("a condition that only one record meets")
    found |= {(path, kind) for path, kind in uneven if path not in {p for p, _ in found}}
    for path, _ in found:
        if any(path[: len(f)] == f for side in sides for f in side.filled):
            differ.guesses.add("the kind where a default was put in")
    if not found and canonical(sides[0].tree) != canonical(sides[1].tree):
        raise Open("digests differ, no field does")
    fields = sorted([show_path(path), kind] for path, kind in found)
    outcome = "mismatched" if fields else "matched"
    return {"outcome": outcome, "fields": fields}, differ.guesses


def contract_of(case):
    """The contract: the one that is named, else of Avro the baseline's own."""
    if case["contract"] is not None:
        return schemas.parse(case["contract"])
    if case["baseline"]["schema"] is not None:
        return schemas.parse(case["baseline"]["schema"])
    if case["canary"]["schema"] is not None:
        raise Open("no contract is named and only the canary has a schema")
    return None


class Side:
    """A record as a tree, under the rules that hold for it."""

    def __init__(self, side, contract, rules):
        self.schema = None
        self.contract = contract
        self.filled = set()
        if side["schema"] is None:
            self.value = json_read.read(side["json"])
        else:
            self.schema = schemas.parse(side["schema"])
            self.value = avro_read.read(self.schema, bytes.fromhex(side["hex"]))
        self.plain = self.build(rules.bare())
        self.met = {rule for rule in rules.conditional() if meets(self.plain, rule.condition)}
        self.places = {rules.conditional().index(rule) for rule in self.met}
        self.filled = set()
        self.tree = self.build(rules.active(self.met))
        self.rules = rules

    def build(self, rules):
        if self.contract is None:
            return Document(rules).root(self.value)
        if self.schema is None:
            converter = AsContract(rules)
            tree = converter.document(self.value, self.contract)
        else:
            converter = Converter(rules)
            tree = converter.root(self.schema, self.value, self.contract)
        self.filled |= converter.filled
        return tree


def meets(tree, condition):
    """Whether the field is this text, symbol, whole number or boolean."""
    node = at(tree, condition.path)
    if node is None or node[0] != "leaf":
        return False
    kind, value = node[1], node[2]
    if kind in ("string", "enum"):
        return value == condition.value
    if kind == "bytes":
        return value == condition.value.encode("utf-8")
    if kind == "boolean":
        return condition.value == ("true" if value else "false")
    if kind in ("int", "long"):
        return value == whole(condition.value)
    if kind == "number":
        return whole(condition.value) is not None and value == number_form(condition.value)
    return False


def number_form(text):
    return json_read.read(str(whole(text))).form()


def conditions(sides):
    """A pair of which an ignore or a tolerance holds for one record only differs."""
    baseline, canary = sides
    rules = baseline.rules.conditional()
    uneven = (rules[place] for place in baseline.places ^ canary.places)
    return {(r.condition.path, "value") for r in uneven if r not in baseline.rules.maps}


if __name__ == "__main__":
    print(json.dumps(compare(json.load(sys.stdin))))
