"""The tree that a record becomes, and when two of them are equal.

Written from docs/canonical-form.md (sections 3 to 5) alone, without looking at the
product. What the page writes in bytes is a tuple here; two records have the same
tuple where they would have the same bytes.

Nodes:
    ("leaf", kind, value)         held
    ("near", kind, number, tolerance)  held, under a tolerance
    ("null",)
    ("record", {name: node})      also an object without a contract
    ("array", [node], unordered)
    ("map", {key: node})
    ("union", index, node)
    ("absent", form)              form: "key" or "place" (cases 3 and 4)
    ("unheld", type text, canonical value)
    ("symbol", text)              an enum symbol outside the contract
    ("ignored",)
"""

NULL = ("null",)
IGNORED = ("ignored",)


def canonical(node):
    """What is digested: without the number of a tolerant value, multisets sorted."""
    tag = node[0]
    if tag == "near":
        return ("near", node[1])
    if tag == "record":
        return ("record", tuple((name, canonical(n)) for name, n in sorted(node[1].items())))
    if tag == "array":
        items = [canonical(item) for item in node[1]]
        return ("array", tuple(sorted(items, key=repr) if node[2] else items))
    if tag == "map":
        return ("map", tuple((key, canonical(n)) for key, n in sorted(node[1].items())))
    if tag == "union":
        return ("union", node[1], canonical(node[2]))
    return node


def at(node, path):
    """The value at a path of fields, through unions; None if there is none."""
    node = inside(node)
    for step in path:
        if node[0] != "record" or step[0] != "field" or step[1] not in node[1]:
            return None
        node = inside(node[1][step[1]])
    return node


def inside(node):
    """The value of a union's branch."""
    return node[2] if node[0] == "union" else node


def is_null(node):
    """Null as a value, also where the contract has no null."""
    return inside(node) == NULL or (node[0] == "unheld" and node[1] == '"null"')
