"""The recorded run: bench/results holds one run, and README.md shows it between two marks.

`tools/bench record` takes a run over; what README.md shows is never written by hand, and a test compares it with what
the recorded run says.
"""

import os
import shutil

import latency
import plots
import results
import rows
from allocators import ROOT, Problem
from report import ratio, short, table_text

RECORDED = os.path.join(ROOT, "bench", "results")
README = os.path.join(ROOT, "README.md")
BEGIN = "<!-- measured: written by `tools/bench record` -->"
END = "<!-- end of measured -->"
SHOWN = ("p50", "p99", "p99.9", "max")
LATENCY_CAPTION = (
    "Single calls of one thread that replaces its 50,000 blocks at random, a tenth of them at once from time to time; and frees "
    "while a peak of many small blocks falls, in random order:"
)
NOTHING_YET = "No run of this version is recorded yet: `tools/bench`, then `tools/bench record`, puts one here."

PICTURES = {
    "time": "time of each row over the fastest peer's",
    "memory": "peak memory of each row over the leanest peer's",
    "latency-malloc": "how long single calls of malloc take",
    "latency-free": "how long single calls of free take",
    "timeline": "resident memory over a program's life",
    "threads": "throughput against the number of threads",
}


def least_rounds(found):
    """The fewest samples that any median of workloads and programs is of; 0 where there are none."""
    by_row = [measured for kind in ("speed", "programs") if kind in found for measured in found[kind]["rows"].values()]
    return min([len(one["ns"]) for measured in by_row for one in measured.values() if one["ns"]], default=0)


def machine_text(found):
    facts = found["machine"]
    versions = ", ".join("%s %s" % (one["name"], one["version"]) for one in found["allocators"])
    where = (
        "%(cpu)s, %(cores)d cores, %(memory)s; %(system)s, Linux %(kernel)s, %(libc)s, huge pages: %(huge_pages)s"
        % facts
    )
    busy = " Other programs kept the machine busy." if facts["is_busy"] else ""
    return "Measured on %s: %s. Times are medians of at least %d rounds of `%s`.%s Allocators: %s." % (
        facts["date"],
        where,
        least_rounds(found),
        "tools/bench --quick" if found["quick"] else "tools/bench",
        busy,
        versions,
    )


def verdict_cells(measured, field, name, peers):
    verdict = rows.verdict(measured, field, name, peers)
    if verdict["mean"] is None:
        return ["-", "-"]
    return [ratio(verdict["mean"]), "%d of %d" % (verdict["won"], verdict["rows"])]


def summary_table(found):
    """Each allocator over the best of the other peers: geometric means, and how many rows it wins."""
    kinds = [(kind, words) for kind, words in (("speed", "workloads"), ("programs", "programs")) if kind in found]
    peers = [one["name"] for one in found["allocators"] if one["is_peer"]]
    heads = [""]
    for _, words in kinds:
        heads += ["%s, time" % words, "won", "%s, peak memory" % words, "won"]
    lines = []
    for name in [one["name"] for one in found["allocators"]]:
        line = [name]
        for kind, _ in kinds:
            measured = rows.restored(found[kind])
            line += verdict_cells(measured, "ns", name, peers) + verdict_cells(measured, "peak_kib", name, peers)
        lines.append(line)
    return table_text(heads, lines) if kinds else ""


def latency_text(found):
    if "latency" not in found:
        return ""
    lines = []
    for name, samples in found["latency"]["threads"]["1"].items():
        cells = [latency.figures(samples, call).get(figure) for call in latency.CALLS for figure in SHOWN]
        falling = latency.figures(found["latency"]["fall"].get(name, []), "giving")
        lines.append([name] + [short(cell) for cell in cells + [falling.get("p99.9"), falling.get("max")]])
    heads = ["ns"] + ["%s %s" % (word, figure) for word in latency.CALLS.values() for figure in SHOWN]
    heads += ["free in a fall p99.9", "free in a fall max"]
    return LATENCY_CAPTION + "\n\n" + table_text(heads, lines)


def section(found):
    """What README.md shows of a run."""
    if found is None:
        return NOTHING_YET
    parts = [machine_text(found)]
    parts.append("Geometric means over the best of the others in each row, and the rows won; the peers are compared without Cairn:")
    parts.append(summary_table(found))
    parts.append(latency_text(found))
    drawn = [name for name in PICTURES if os.path.exists(os.path.join(RECORDED, name + ".svg"))]
    parts += ["![%s](bench/results/%s.svg)" % (PICTURES[name], name) for name in drawn]
    parts.append("All figures, the losing rows with them, are in [bench/results](bench/results).")
    return "\n\n".join(part for part in parts if part)


def recorded(folder=RECORDED):
    """The run that is recorded, or None."""
    path = os.path.join(folder, "results.json")
    return results.read(path) if os.path.exists(path) else None


def filled(readme, text):
    """README's text with the section in its place."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Problem("README.md has not the lines %s and %s" % (BEGIN, END))
    return before + BEGIN + "\n\n" + text + "\n\n" + END + after


def readme_fill():
    with open(README, encoding="utf-8") as file:
        readme = file.read()
    text = filled(readme, section(recorded()))
    with open(README, "w", encoding="utf-8") as file:
        file.write(text)


def record(path, subject, also_busy):
    """Takes the run in the file `path` over as the one that README.md shows."""
    if not os.path.exists(path):
        raise Problem("there is no run at %s; `tools/bench` leaves one in out/bench/results" % path)
    found = results.read(path)
    if found["machine"]["is_busy"] and not also_busy:
        raise Problem("the machine was busy when that run began; measure again, or record it with --busy")
    shutil.rmtree(RECORDED, ignore_errors=True)
    results.write(found, RECORDED)
    if plots.write(found, subject, RECORDED) is None:
        raise Problem("gnuplot is not installed: apt-get install gnuplot-nox")
    readme_fill()
