"""How long single calls take, under churn and while a peak falls: percentiles of malloc and of free, and the longest."""

import programs
import rows
from report import failures_print, median, ratio, short, table

QUICK = rows.Plan(seconds=8, least=1, most=3)
FULL = rows.Plan(seconds=60, least=3, most=9)
QUICK_COUNT = 300000
FULL_COUNT = 2000000
QUICK_FALL_MIB = 32
FULL_FALL_MIB = 512
CALLS = {"taking": "malloc", "giving": "free"}
# One call of so many takes longer than what is shown.
SHOWN = {2: "p50", 100: "p99", 1000: "p99.9", 10000: "p99.99"}


def sample_all(command, allocators, budget, step, progress, failures):
    """Each allocator's results, one for each round."""
    found = {allocator.name: [] for allocator in allocators}
    failed = set()
    for turn in budget.rounds():
        for allocator in rows.shuffled(allocators, turn):
            if allocator.name in failed:
                continue
            progress.show(step, "round %d, %s" % (turn + 1, allocator.name))
            try:
                result = programs.result_of(command, allocator)
                found[allocator.name].append({key: result[key] for key in [*CALLS, "interrupted"]})
            except programs.Failure as failure:
                failed.add(allocator.name)
                found[allocator.name] = []
                failures.append((allocator.name, "latency", failure))
    return found


def curve(samples, call):
    """The medians over the rounds: a list of [one of so many, ns], the last being the longest call of all."""
    return [
        [points[0][0], median([ns for _, ns in points])]
        for points in zip(*(sample[call]["curve"] for sample in samples))
    ]


def figures(samples, call):
    """Percentile by name, in ns, and the longest."""
    if not samples:
        return {}
    points = curve(samples, call)
    by_name = {SHOWN[one_of]: ns for one_of, ns in points[:-1] if one_of in SHOWN}
    return {**by_name, "max": points[-1][1]}


def against_best(by_allocator, name, figure, peers):
    mine = by_allocator[name].get(figure)
    theirs = rows.known([by_allocator[peer].get(figure) for peer in peers if peer != name])
    # A clock of 10 ns may read nothing at all.
    return mine / min(theirs) if mine is not None and theirs and min(theirs) > 0 else None


def latency_table(title, found, call, allocators):
    by_allocator = {name: figures(samples, call) for name, samples in found.items()}
    peers = [allocator.name for allocator in allocators if allocator.is_peer]
    heads = [*SHOWN.values(), "max"]
    left_out = {name: median([sample["interrupted"] for sample in samples]) for name, samples in found.items() if samples}
    compared = ["p99.9", "max"]
    lines = []
    for name, values in by_allocator.items():
        line = [name] + [short(values.get(head)) for head in heads]
        line += [ratio(against_best(by_allocator, name, figure, peers)) for figure in compared]
        lines.append(line + ["%d" % left_out[name] if name in left_out else "-"])
    table(title, [""] + heads + [figure + " / best peer" for figure in compared] + ["left out"], lines)


def run(settings, allocators, progress):
    count, fall_mib = (QUICK_COUNT, QUICK_FALL_MIB) if settings.quick else (FULL_COUNT, FULL_FALL_MIB)
    threads = [1] if settings.quick else sorted({1, settings.threads})
    budget = rows.Budget((QUICK if settings.quick else FULL).of(settings), len(threads) + 1)
    failures = []

    def measured(step, arguments, calls):
        command = [programs.program("latency"), *map(str, arguments)]
        found = sample_all(command, allocators, budget, step, progress, failures)
        progress.clear()
        for call in calls:
            latency_table("%s, ns: %s" % (step, CALLS[call]), found, call, allocators)
        return found

    found = {}
    for number in threads:
        step = "latency of single calls, %d thread%s" % (number, "" if number == 1 else "s")
        found[str(number)] = measured(step, ["--count", count, "--threads", number], CALLS)
    fall = measured("latency while a peak of %d MiB falls" % fall_mib, ["--fall", fall_mib], ["giving"])
    failures_print(failures)
    return {
        "threads": found,
        "fall": fall,
        "failures": [[name, what, str(why)] for name, what, why in failures],
    }
