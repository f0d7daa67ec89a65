"""What a control takes out, for oracle.py: rule 15 and `docs/comparison.md`, "A control"."""

import collections

DIFFERS = ("mismatched", "missing")
COUNTS = ("windows", "left_out", "matched", "mismatched", "missing", "extra", "compared", "canary_only", "control_only", "both")
# What a window keeps besides: of those in the control only, the missing ones, and the extra ones that excused nothing.
COUNTS += ("missing_only", "extra_only")


class Control:
    """Counts baseline against control, window by window, and says what is noise.

    `left_out` are the begins of the windows that it was left out of, as a worker's database has them; none in a bounded run.
    """

    def __init__(self, window, begin, end, left_out):
        self.window, self.begin, self.end = window, begin, end
        self.left_out = set(left_out or ())
        self.windows = collections.defaultdict(collections.Counter)

    def counted(self, record):
        """The begin of the record's window, if the control has a say in it: no edge, and not left out."""
        at = record.time // self.window * self.window
        return at if at >= self.begin and record.time <= self.end and at not in self.left_out else None

    def noise(self, canary, control):
        """Of one identity's outcomes against the canary and against the control: the baseline records that differ in both,
        and the canary's extra ones that the control excuses."""
        became = [{}, {}]
        extra = [collections.defaultdict(list), collections.defaultdict(list)]
        for index, outcomes in enumerate((canary, control)):
            for outcome, baseline, other in outcomes:
                at = self.counted(baseline or other)
                if at is None:
                    continue
                if baseline:
                    became[index][baseline] = outcome
                elif outcome == "extra":
                    extra[index][at].append(other)
                if index == 1 and outcome in ("matched", "mismatched", "missing", "extra"):
                    self.windows[at][outcome] += 1
        noise = set()
        for baseline, outcome in became[0].items():
            counts, others = self.windows[self.counted(baseline)], became[1][baseline]
            counts["compared"] += outcome in ("matched", *DIFFERS)
            if outcome in DIFFERS and others in DIFFERS:
                counts["both"] += 1
                noise.add(baseline)
            elif outcome in DIFFERS:
                counts["canary_only"] += 1
            elif others in DIFFERS:
                counts["control_only"] += 1
                counts["missing_only"] += others == "missing"
        for at in extra[0].keys() | extra[1].keys():
            # One excuses one, the oldest first.
            excused = sorted(extra[0][at], key=lambda record: record.order())[: len(extra[1][at])]
            noise.update(excused)
            self.windows[at]["both"] += len(excused)
            self.windows[at]["extra_only"] += len(extra[1][at]) - len(excused)
        return noise

    def counts(self, at):
        """What the window that begins at `at` says of the control."""
        left_out = at in self.left_out
        return {**dict.fromkeys(COUNTS, 0), **self.windows[at], "windows": int(not left_out), "left_out": int(left_out)}

    def total(self, windows):
        """The block `control` of a report."""
        sums = collections.Counter()
        for at in windows:
            sums.update(self.counts(at))
        told = {name: sums[name] for name in ("matched", "mismatched", "missing", "extra", "windows", "left_out")}
        return {**told, "noise": {name: sums[name] for name in ("compared", "canary_only", "control_only", "both")}}
