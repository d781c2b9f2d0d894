"""Rows: what is run under each allocator in turn, and the tables of the figures that come out."""

import random
import time
from typing import Callable, NamedTuple

import programs
from report import geometric_mean, median, mib, ratio, short, table


class Row(NamedTuple):
    name: str
    what: str
    run: Callable  # takes the allocator; returns a dict with `ns` and `peak_kib`, or raises programs.Failure


class Plan(NamedTuple):
    """How long a kind of measurement may take, and how many rounds each row gets within that."""

    seconds: float
    least: int
    most: int

    def of(self, settings):
        """The same, where the user has not said how many rounds it shall be."""
        if settings.rounds is None:
            return self
        return Plan(float("inf"), settings.rounds, settings.rounds)


class Budget:
    """Deals a plan's time out: each step may take an equal share of what is left."""

    def __init__(self, plan, step_count, clock=time.monotonic):
        self.plan = plan
        self.clock = clock
        self.until = clock() + plan.seconds
        self.steps_left = step_count

    def rounds(self):
        """Counts the rounds of the next step, as long as there is time for one more."""
        began = self.clock()
        step_until = began + (self.until - began) / self.steps_left
        self.steps_left -= 1
        for turn in range(self.plan.most):
            now = self.clock()
            # The round to come takes as long as those before it did.
            if turn >= self.plan.least and now + (now - began) / turn > step_until:
                return
            yield turn


class Measured:
    """Of one row under one allocator, a value for each round."""

    def __init__(self, ns=(), peak_kib=()):
        self.ns = list(ns)
        self.peak_kib = list(peak_kib)

    def add(self, result):
        self.ns.append(result["ns"])
        self.peak_kib.append(result["peak_kib"])

    def cell(self, scale=1):
        if not self.ns:
            return "failed"
        return "%s (%s-%s)" % tuple(short(value / scale) for value in (median(self.ns), min(self.ns), max(self.ns)))


def shuffled(items, turn):
    """The items in another order each round, the same in each run, so that none always follows the same one."""
    return random.Random(turn).sample(items, len(items))


def row_measure(row, allocators, budget, step, progress, failures):
    """All rounds of one row: A B C, C A B, B A C, ..."""
    measured = {allocator.name: Measured() for allocator in allocators}
    failed = set()
    for turn in budget.rounds():
        for allocator in shuffled(allocators, turn):
            if allocator.name in failed:
                continue
            progress.show(step, "round %d, %s" % (turn + 1, allocator.name))
            try:
                measured[allocator.name].add(row.run(allocator))
            except programs.Failure as failure:
                failed.add(allocator.name)
                failures.append((allocator.name, row.name, failure))
                measured[allocator.name] = Measured()
    return measured


def measure(rows, allocators, plan, progress, failures):
    budget = Budget(plan, len(rows))
    results = {}
    for number, row in enumerate(rows):
        step = "[%d of %d] %s" % (number + 1, len(rows), row.name)
        results[row.name] = row_measure(row, allocators, budget, step, progress, failures)
    progress.clear()
    return results


def names_in(only):
    """The names that options like `--only a,b` hold."""
    return [name for text in only or [] for name in text.split(",")]


def rows_named(only, every):
    """Those of the rows that the user has named, in that order; all where none is named."""
    by_name = {row.name: row for row in every}
    return [by_name[name] for name in names_in(only) if name in by_name] if only else every


def described(results, failures):
    """Results as they are written to a file."""
    return {
        "rows": {row: {name: vars(one) for name, one in measured.items()} for row, measured in results.items()},
        "failures": [[name, what, str(why)] for name, what, why in failures],
    }


def restored(found):
    """The opposite of described()."""
    return {row: {name: Measured(**one) for name, one in measured.items()} for row, measured in found["rows"].items()}


# ---- figures ---------------------------------------------------------------------------------------------------------


def medians(measured, field):
    """The median of each allocator that finished the row."""
    values = {name: getattr(one, field) for name, one in measured.items()}
    return {name: median(list_) for name, list_ in values.items() if list_}


def over_best(measured, field, name, peers):
    """The ratio of an allocator to the best of the peers other than itself; None where there is none."""
    values = medians(measured, field)
    best = min([values[peer] for peer in peers if peer in values and peer != name], default=None)
    return values[name] / best if name in values and best is not None else None


def ratios(measured, field, name, others, peers):
    """The ratio of an allocator to each other one, and to the best of the peers; None where one is missing."""
    values = medians(measured, field)
    mine = values.get(name)
    each = [mine / values[other] if mine is not None and other in values else None for other in others]
    return each + [over_best(measured, field, name, peers)]


def known(values):
    return [value for value in values if value is not None]


def verdict(results, field, name, peers):
    """Over all rows: the geometric mean of the ratio to the best peer of each, the worst row, and how many are won."""
    by_row = {row: over_best(measured, field, name, peers) for row, measured in results.items()}
    by_row = {row: value for row, value in by_row.items() if value is not None}
    worst = max(by_row, key=by_row.get, default=None)
    return {
        "mean": geometric_mean(list(by_row.values())),
        "worst": by_row.get(worst),
        "worst_row": worst,
        "won": sum(value <= 1 for value in by_row.values()),
        "rows": len(by_row),
    }


# ---- tables ----------------------------------------------------------------------------------------------------------


def time_table(title, results, names, scale=1):
    rows = [[row] + [measured[name].cell(scale) for name in names] for row, measured in results.items()]
    table(title + ": median (least-most)", ["row"] + names, rows)


def peak_table(results, names):
    rows = []
    for row, measured in results.items():
        values = medians(measured, "peak_kib")
        rows.append([row] + [short(mib(values.get(name))) for name in names])
    table("Peak resident memory, MiB: median", ["row"] + names, rows)


def ratio_table(title, best_word, results, field, name, others, peers):
    rows = []
    columns = [[] for _ in range(len(others) + 1)]
    for row, measured in results.items():
        values = ratios(measured, field, name, others, peers)
        rows.append([row] + [ratio(value) for value in values])
        for column, value in zip(columns, values):
            column.append(value)
    columns = [known(column) for column in columns]
    rows.append(["geometric mean"] + [ratio(geometric_mean(column)) for column in columns])
    rows.append(["worst row"] + [ratio(max(column, default=None)) for column in columns])
    rows.append(["rows won"] + ["%d of %d" % (sum(v <= 1 for v in column), len(column)) for column in columns])
    table(title, ["row"] + others + [best_word], rows)


def verdict_table(title, results, field, names, peers):
    """Every allocator against the best of the other peers."""
    rows = []
    for name in names:
        found = verdict(results, field, name, peers)
        if not found["rows"]:
            continue
        worst = "%s (%s)" % (ratio(found["worst"]), found["worst_row"])
        rows.append([name, ratio(found["mean"]), worst, "%d of %d" % (found["won"], found["rows"])])
    table(title, ["", "geometric mean", "worst row", "rows won"], rows)


def tables(results, allocators, subject, title, scale=1):
    """All tables of a kind whose rows have a time and a peak."""
    names = [allocator.name for allocator in allocators]
    peers = [allocator.name for allocator in allocators if allocator.is_peer]
    others = [name for name in names if name != subject]
    time_table(title, results, names, scale)
    peak_table(results, names)
    if subject in names and others:
        ratio_table("Time of %s against" % subject, "fastest peer", results, "ns", subject, others, peers)
        ratio_table("Peak of %s against" % subject, "leanest peer", results, "peak_kib", subject, others, peers)
    verdict_table("Time over the fastest other peer of each row", results, "ns", names, peers)
    verdict_table("Peak memory over the leanest other peer of each row", results, "peak_kib", names, peers)
