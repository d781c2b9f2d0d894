"""Resident memory over a program's life, through a peak and after."""

import programs
import rows
from report import failures_print, median, short, table

QUICK = rows.Plan(seconds=12, least=1, most=1)
FULL = rows.Plan(seconds=50, least=1, most=3)
LIVE = "(live)"


def sample_all(settings, allocators, progress, failures):
    size = settings.mib or (64 if settings.quick else 256)
    idle_ms = 300 if settings.quick else 1200
    command = [programs.program("timeline"), "--mib", str(size), "--idle-ms", str(idle_ms)]
    found = {allocator.name: [] for allocator in allocators}
    for turn in rows.Budget((QUICK if settings.quick else FULL).of(settings), 1).rounds():
        for allocator in rows.shuffled(allocators, turn):
            progress.show("memory over time", "round %d, %s" % (turn + 1, allocator.name))
            try:
                result = programs.result_of(command, allocator)
                del result["malloc"]
                found[allocator.name].append(result)
            except programs.Failure as failure:
                failures.append((allocator.name, "timeline", failure))
    return found


def curve(samples, field="resident_kib"):
    """The medians over the rounds, in MiB, one for each place of the life."""
    return [median(values) / 1024 for values in zip(*(sample[field] for sample in samples))]


def phases_of(found):
    """The names of the phases, as the first run that went well gives them."""
    return next((samples[0]["phases"] for samples in found.values() if samples), [])


def curves(found):
    """Name to curve, what was live among them."""
    by_name = {name: curve(samples) for name, samples in found.items() if samples}
    any_samples = next((samples for samples in found.values() if samples), None)
    if any_samples is not None:
        by_name[LIVE] = curve(any_samples, "live_kib")
    return by_name


def phase_table(found):
    """What is resident at the end of each phase."""
    phases = phases_of(found)
    lines = []
    for name, points in curves(found).items():
        per_phase = len(points) // len(phases)
        lines.append([name] + [short(points[(i + 1) * per_phase - 1]) for i in range(len(phases))])
    table("Resident MiB at the end of each phase of a life (bench/timeline.c says what they are)", [""] + phases, lines)


def run(settings, allocators, progress):
    failures = []
    found = sample_all(settings, allocators, progress, failures)
    progress.clear()
    phase_table(found)
    failures_print(failures)
    return {"lives": found, "failures": [[name, what, str(why)] for name, what, why in failures]}
