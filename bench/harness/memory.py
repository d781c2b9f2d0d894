"""What stays resident after a peak, and what is resident beyond the bytes asked for."""

import programs
from report import failures_print, median, mib, short, table

WAYS = ("nothing", "calls", "trim")
WAY_NAMES = {"nothing": "0.95 s later", "calls": "and some calls", "trim": "malloc_trim at once"}
QUICK_WAYS = ("calls",)
SURVIVORS_PER_MILLION = (0, 1000)
OVERHEAD_BYTES = 64


def measure(arguments, allocators, settings, step, progress, failures):
    """Each allocator's results of bench/memory with these arguments, one for each round."""
    command = [programs.program("memory")] + arguments
    results = {allocator.name: [] for allocator in allocators}
    for turn in range(settings.rounds or 1):
        for allocator in allocators:
            progress.show(step, "round %d, %s" % (turn + 1, allocator.name))
            try:
                result = programs.result_of(command, allocator)
                del result["malloc"]
                results[allocator.name].append(result)
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


def return_table(survivors, by_way, allocators, size):
    rows = []
    for allocator in allocators:
        results = [by_way[way][allocator.name] for way in by_way]
        peaks = [result["peak_kib"] for result in results[0]]
        rows.append([allocator.name, short(mib(median(peaks)))] + [after_cell(result) for result in results])
    whom = "all freed" if survivors == 0 else "all freed but %.1f %% at random" % (survivors / 10000)
    title = "%d MiB of 16-512 B blocks, %s: resident MiB and share of the peak" % (size, whom)
    table(title, ["", "peak"] + [WAY_NAMES[way] for way in by_way], rows)


def overhead_table(results, allocators, size):
    rows = []
    for allocator in allocators:
        beyond = [one["resident_kib"] - one["requested_kib"] for one in results[allocator.name]]
        share = [100 * (one["resident_kib"] / one["requested_kib"] - 1) for one in results[allocator.name]]
        shown = "%.2f %%" % median(share) if share else "failed"
        rows.append([allocator.name, short(mib(median(beyond))), shown])
    title = "%d MiB of %d B blocks: resident beyond what was asked for" % (size, OVERHEAD_BYTES)
    table(title, ["", "MiB", "share"], rows)


def fragment_table(results, allocators, size):
    rows = []
    for allocator in allocators:
        after = median([one["after_kib"] for one in results[allocator.name]])
        peak = median([one["peak_kib"] for one in results[allocator.name]])
        share = median([one["after_kib"] / one["live_kib"] for one in results[allocator.name]])
        rows.append([allocator.name, short(mib(peak)), short(mib(after)), short(share)])
    title = (
        "Eight sizes of 24 B-3 KiB one after the other, %d MiB of each, of which an eighth stays: resident MiB" % size
    )
    table(title, ["", "peak", "at the end", "over live"], rows)


def measure_return(settings, allocators, size, progress, failures):
    """By survivors and way, each allocator's results."""
    found = {}
    for survivors in SURVIVORS_PER_MILLION:
        by_way = {}
        for way in QUICK_WAYS if settings.quick else WAYS:
            step = "peak of %d MiB, %d survivors in a million, then %s" % (size, survivors, way)
            arguments = ["return", way, str(survivors), str(size)]
            by_way[way] = measure(arguments, allocators, settings, step, progress, failures)
        progress.clear()
        return_table(survivors, by_way, allocators, size)
        found[str(survivors)] = by_way
    return found


def run(settings, allocators, progress):
    size = settings.mib or (64 if settings.quick else 1024)
    part = max(size // 8, 1)
    failures = []
    found = {"mib": size, "return": measure_return(settings, allocators, size, progress, failures)}
    arguments = ["overhead", str(OVERHEAD_BYTES), str(size)]
    found["overhead"] = measure(arguments, allocators, settings, "overhead", progress, failures)
    found["fragment"] = measure(["fragment", str(part)], allocators, settings, "fragmentation", progress, failures)
    progress.clear()
    overhead_table(found["overhead"], allocators, size)
    fragment_table(found["fragment"], allocators, part)
    failures_print(failures)
    found["failures"] = [[name, what, str(why)] for name, what, why in failures]
    return found
