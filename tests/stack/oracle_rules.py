"""The rules that oracle.py settles records by: rules 6, 8, 9 and 14, each to the letter, over whole logs in memory."""

import math
import re

from oracle_log import Record

NEVER = -math.inf


def classify(log, settings, raises):
    """Late, untimely and undecodable are told apart by the log of one partition alone; gives its running maximum."""
    maximum, first, raises = NEVER, None, sorted(raises)
    for record, timestamp in log:
        while raises and raises[0][0] <= record.offset:
            maximum = max(maximum, raises.pop(0)[1])
        record.at = maximum
        if record.bad:
            continue
        ahead = NEVER if record.time is None else record.time - timestamp
        if record.time is None or ahead > settings["skew_max"] or -ahead > settings["age_max"]:
            record.bad = "untimely"
        elif record.time < maximum - settings["lateness"]:
            record.bad = "late"
        else:
            first = record.time if first is None else first
            maximum = max(maximum, record.time)
    return maximum, first


def settle(records, grace, event, has_identity):
    """The outcomes of one identity: (outcome, baseline or None, the other side's or None), by rule 6 to the letter."""
    waiting, settled, out = sorted(records, key=Record.order), [], []
    while waiting:
        r = waiting[0]
        near = [x for x in waiting if x.time <= r.time + grace]
        others = [x for x in near if x.side != r.side]

        def has_equal(x):
            return any(y.side != x.side and y.tree == x.tree for y in near)

        def repeats(x):
            return has_identity and any(
                y.side == x.side and y.tree == x.tree and abs(y.time - x.time) <= grace for y in settled
            )

        partner = next((x for x in others if x.tree == r.tree), None)
        outcome = "matched" if partner else None
        if not outcome and repeats(r):
            outcome = "duplicate"
        if not outcome:
            partner = next(
                (x for x in others if 2 * (x.time - r.time) <= grace and not has_equal(x) and not repeats(x)), None
            )
            outcome = "mismatched" if partner else None
        if not outcome:
            own = [x for x in settled if x.side == r.side and abs(x.time - r.time) <= grace]
            own += [x for x in near if x is not r and x.side == r.side and has_equal(x)]
            if event and has_identity and any(x.tree != r.tree for x in own):
                outcome = "conflict"
            else:
                outcome = "missing" if r.side == "baseline" else "extra"
        pair = {x.side == "baseline": x for x in (r, partner) if x}
        for x in pair.values():
            waiting.remove(x)
            settled.append(x)
        out.append((outcome, pair.get(True), pair.get(False)))
    return out


def share(baseline, canary, reach):
    """Which of the canary's bad records the baseline has too: each takes the oldest that is not taken."""
    place = lambda record: (record.at, record.partition, record.offset)
    free = sorted(baseline, key=place)
    for record in sorted(canary, key=place):
        known = next((x for x in free if x.raw == record.raw and x.at <= record.at + reach), None)
        if known:
            free.remove(known)
        yield record, known


DURATION = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", str(text)).groups()
    return int(number) * DURATION[unit]


def settings_of(stream, bounded):
    limits = stream.get("limits", {})
    given = {"window": duration(stream.get("window", "30s"))}
    for name, default in (("lateness", "1m"), ("grace", "30s")):
        given[name] = math.inf if bounded and name not in stream else duration(stream.get(name, default))
    for name, default in (("skew_max", "10m"), ("age_max", "7d")):
        given[name] = math.inf if bounded and name not in limits else duration(limits.get(name, default))
    return given


def raises_of(partition):
    """Idle partitions follow the others; where one woke, and at what value, only the database knows."""
    return [tuple(entry.values()) if isinstance(entry, dict) else tuple(entry) for entry in partition["raised"]]
