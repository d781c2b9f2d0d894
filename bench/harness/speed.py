"""Compares the time and peak memory of the workloads of bench/micro under each allocator."""

import subprocess

import programs
from allocators import Problem
from report import failures_print, geometric_mean, median, mib, ratio, short, table

QUICK = {"rounds": 3, "percent": 25}
FULL = {"rounds": 9, "percent": 100}


def rows_all():
    listed = subprocess.run([programs.program("micro"), "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t", 1) for line in listed.splitlines())


def rows_wanted(only):
    rows = rows_all()
    if not only:
        return [row for row in rows if not row.startswith("bare-")]
    wanted = [name for text in only for name in text.split(",")]
    for name in wanted:
        if name not in rows:
            raise Problem("there is no row '%s'; tools/bench list names them" % name)
    return wanted


def row_list():
    for name, what in rows_all().items():
        print("%-14s %s" % (name, what))


def rotated(items, by):
    """The items in turn, starting with another one each round, so that none always follows the same one."""
    by %= len(items)
    return items[by:] + items[:by]


class Measured:
    """Of one row under one allocator, a value for each round."""

    def __init__(self):
        self.ns = []
        self.peak_kib = []

    def add(self, result):
        self.ns.append(result["ns"])
        self.peak_kib.append(result["peak_kib"])

    def cell(self):
        if not self.ns:
            return "failed"
        return "%s (%s-%s)" % (short(median(self.ns)), short(min(self.ns)), short(max(self.ns)))


def row_measure(row, allocators, settings, step, progress, failures):
    """All rounds of one row: A B C, B C A, ..."""
    command = [programs.program("micro"), "--json", "--percent", str(settings.percent)]
    command += ["--threads", str(settings.threads), row]
    measured = {allocator.name: Measured() for allocator in allocators}
    failed = set()
    for turn in range(settings.rounds):
        for allocator in rotated(allocators, turn):
            if allocator.name in failed:
                continue
            progress.show(step, "round %d of %d, %s" % (turn + 1, settings.rounds, allocator.name))
            try:
                measured[allocator.name].add(programs.result_of(command, allocator))
            except programs.Failure as failure:
                failed.add(allocator.name)
                failures.append((allocator.name, row, failure))
                measured[allocator.name] = Measured()
    return measured


def medians(measured, field):
    """The median of each allocator that finished the row."""
    values = {name: getattr(one, field) for name, one in measured.items()}
    return {name: median(list_) for name, list_ in values.items() if list_}


def ratios(measured, field, name, others):
    """The ratio of an allocator to each other one and to the best of them; None where one is missing."""
    values = medians(measured, field)
    mine = values.get(name)
    theirs = [values.get(other) for other in others]
    best = min([value for value in theirs if value is not None], default=None)
    return [mine / value if mine is not None and value is not None else None for value in theirs + [best]]


def ratio_table(title, best_word, results, field, name, others):
    rows = []
    columns = [[] for _ in range(len(others) + 1)]
    for row, measured in results.items():
        values = ratios(measured, field, name, others)
        rows.append([row] + [ratio(value) for value in values])
        for column, value in zip(columns, values):
            column.append(value)
    known = [[value for value in column if value is not None] for column in columns]
    rows.append(["geometric mean"] + [ratio(geometric_mean(column)) for column in known])
    rows.append(["worst row"] + [ratio(max(column, default=None)) for column in known])
    rows.append(["rows won"] + ["%d of %d" % (sum(v <= 1 for v in column), len(column)) for column in known])
    table(title, ["row"] + others + [best_word], rows)


def time_table(results, names):
    rows = [[row] + [measured[name].cell() for name in names] for row, measured in results.items()]
    table("Time of one operation, ns: median (least-most)", ["row"] + names, rows)


def peak_table(results, names):
    rows = []
    for row, measured in results.items():
        values = medians(measured, "peak_kib")
        rows.append([row] + [short(mib(values.get(name))) for name in names])
    table("Peak resident memory, MiB: median", ["row"] + names, rows)


def mean_table(results, names):
    """Geometric means over the rows that all have finished, against the first allocator."""
    whole = [measured for measured in results.values() if all(measured[name].ns for name in names)]
    rows = []
    for word, field in (("time", "ns"), ("peak memory", "peak_kib")):
        means = {name: geometric_mean([medians(measured, field)[name] for measured in whole]) for name in names}
        rows.append([word] + [ratio(means[name] / means[names[0]]) if whole else "-" for name in names])
    table("Geometric mean against %s, over the %d rows that all finished" % (names[0], len(whole)), [""] + names, rows)


def run(settings, allocators, progress):
    for key, value in (QUICK if settings.quick else FULL).items():
        if getattr(settings, key) is None:
            setattr(settings, key, value)
    rows = rows_wanted(settings.only)
    failures = []
    results = {}
    for number, row in enumerate(rows):
        step = "[%d of %d] %s" % (number + 1, len(rows), row)
        results[row] = row_measure(row, allocators, settings, step, progress, failures)
    progress.clear()
    names = [allocator.name for allocator in allocators]
    time_table(results, names)
    peak_table(results, names)
    mean_table(results, names)
    others = [name for name in names if name != settings.subject]
    if settings.subject in names and others:
        ratio_table("Time of %s against" % settings.subject, "fastest", results, "ns", settings.subject, others)
        ratio_table(
            "Peak memory of %s against" % settings.subject, "leanest", results, "peak_kib", settings.subject, others
        )
    failures_print(failures)
    return {
        "settings": {"rounds": settings.rounds, "percent": settings.percent, "threads": settings.threads},
        "rows": {row: {name: vars(one) for name, one in measured.items()} for row, measured in results.items()},
        "failures": [[name, what, str(why)] for name, what, why in failures],
    }
