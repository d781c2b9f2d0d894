"""What stays resident after a peak, and what is resident beyond the bytes asked for."""

import programs
from report import failures_print, median, mib, short, table

WAYS = ("nothing", "calls", "trim")
SURVIVORS_PER_MILLION = (0, 1000)
OVERHEAD_BYTES = 64


def measure(arguments, allocators, settings, step, progress, failures):
    """Each allocator's results of bench/memory with these arguments, one for each round."""
    command = [programs.program("memory")] + arguments + [str(settings.mib)]
    results = {allocator.name: [] for allocator in allocators}
    for turn in range(settings.rounds):
        for allocator in allocators:
            progress.show(step, "round %d of %d, %s" % (turn + 1, settings.rounds, allocator.name))
            try:
                results[allocator.name].append(programs.result_of(command, allocator))
            except programs.Failure as failure:
                failures.append((allocator.name, " ".join(arguments), failure))
    return results


def after_cell(results):
    """Resident after the peak in MiB, its share of the peak, and what of it is only marked as free."""
    if not results:
        return "failed"
    after = median([result["after_kib"] for result in results])
    share = median([result["after_kib"] / result["peak_kib"] for result in results])
    lazy = median([result["lazy_kib"] for result in results])
    marked = ", %s lazy" % short(mib(lazy)) if lazy * 50 > after else ""
    return "%s = %.1f %%%s" % (short(mib(after)), 100 * share, marked)


def return_table(survivors, by_way, allocators, settings):
    rows = []
    for allocator in allocators:
        results = [by_way[way][allocator.name] for way in WAYS]
        peaks = [result["peak_kib"] for result in results[0]]
        rows.append([allocator.name, short(mib(median(peaks)))] + [after_cell(result) for result in results])
    whom = "all freed" if survivors == 0 else "all freed but %.1f %% at random" % (survivors / 10000)
    title = "%d MiB of 16-512 B blocks, %s: resident MiB and share of the peak" % (settings.mib, whom)
    table(title, ["", "peak", "0.95 s later", "and some calls", "malloc_trim at once"], rows)


def overhead_table(results, allocators, settings):
    rows = []
    for allocator in allocators:
        beyond = [one["resident_kib"] - one["requested_kib"] for one in results[allocator.name]]
        share = [100 * (one["resident_kib"] / one["requested_kib"] - 1) for one in results[allocator.name]]
        shown = "%.2f %%" % median(share) if share else "failed"
        rows.append([allocator.name, short(mib(median(beyond))), shown])
    title = "%d MiB of %d B blocks: resident beyond what was asked for" % (settings.mib, OVERHEAD_BYTES)
    table(title, ["", "MiB", "share"], rows)


def run(settings, allocators, progress):
    settings.rounds = settings.rounds or 1
    settings.mib = settings.mib or (128 if settings.quick else 1024)
    failures = []
    found = {"return": {}, "mib": settings.mib}
    for survivors in SURVIVORS_PER_MILLION:
        by_way = {}
        for way in WAYS:
            step = "peak of %d MiB, %d survivors in a million, then %s" % (settings.mib, survivors, way)
            arguments = ["return", way, str(survivors)]
            by_way[way] = measure(arguments, allocators, settings, step, progress, failures)
        progress.clear()
        return_table(survivors, by_way, allocators, settings)
        found["return"][str(survivors)] = by_way
    arguments = ["overhead", str(OVERHEAD_BYTES)]
    found["overhead"] = measure(arguments, allocators, settings, "overhead", progress, failures)
    progress.clear()
    overhead_table(found["overhead"], allocators, settings)
    failures_print(failures)
    found["failures"] = [[name, what, str(why)] for name, what, why in failures]
    return found
