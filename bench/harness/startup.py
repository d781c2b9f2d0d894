"""What starting /bin/true costs under each preload."""

import programs
from allocators import Problem
from report import median, short, table

PROGRAM = "/bin/true"


def samples(settings, allocators, progress):
    """For each allocator, after a start without any preload: the wall times in ns and the peaks in KiB."""
    preloads = ["-"] + [allocator.path or "-" for allocator in allocators]
    progress.show("%d starts of %s under each" % (settings.rounds, PROGRAM), "")
    command = [programs.program("startup"), str(settings.rounds), PROGRAM] + preloads
    try:
        output, said = programs.output_of(command, {})
    except programs.Failure as failure:
        raise Problem("the start-up program failed: %s" % failure)
    if said:
        raise Problem("a preload did not take: %s" % said.splitlines()[0])
    found = [([], []) for _ in preloads]
    for line in output.splitlines():
        number, ns, kib = (int(word) for word in line.split())
        found[number][0].append(ns)
        found[number][1].append(kib)
    return found


def run(settings, allocators, progress):
    settings.rounds = settings.rounds or (60 if settings.quick else 1000)
    others = [allocator for allocator in allocators if allocator.path is not None]
    found = samples(settings, others, progress)
    progress.clear()
    base_ns, base_kib = found[0]
    rows = []
    for name, (ns, kib) in zip(["none"] + [other.name for other in others], found):
        cells = [name, "%.3f" % (min(ns) / 1e6), "%.3f" % (median(ns) / 1e6)]
        cells += ["%+.3f" % ((min(ns) - min(base_ns)) / 1e6), "%+.3f" % ((median(ns) - median(base_ns)) / 1e6)]
        cells += [short(median(kib) / 1024), "%+.2f" % ((median(kib) - median(base_kib)) / 1024)]
        rows.append(cells)
    title = "%s, %d starts under each preload: ms and resident MiB, and what the preload adds" % (
        PROGRAM,
        settings.rounds,
    )
    table(title, ["preload", "least", "median", "least +", "median +", "resident", "resident +"], rows)
    names = ["none"] + [other.name for other in others]
    return {name: {"ns": ns, "peak_kib": kib} for name, (ns, kib) in zip(names, found)}
