"""Plots of what a run has found, drawn by gnuplot as SVG and PNG."""

import os
import shutil
import subprocess
import tempfile

import latency
import rows
import scaling
import timeline
from allocators import Problem

# Colours that people who see fewer of them can tell apart, too; Cairn's is the strongest.
COLOURS = ["#999999", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#8c6d31", "#000000"]
SUBJECT_COLOUR = "#d55e00"
LONGEST_BAR = 4  # times the fastest peer; what is longer ends there
TERMINALS = {
    "svg": "svg size {size} dynamic background '#ffffff' font 'sans,11'",
    "png": "pngcairo size {size} font 'sans,10'",
}


def colours(names, subject):
    rest = iter(COLOURS * len(names))
    return [SUBJECT_COLOUR if name == subject else next(rest) for name in names]


def quoted(text):
    return '"%s"' % text.replace('"', "'")


def block(name, lines):
    """Data within a script of gnuplot."""
    return ["$%s << END" % name] + [" ".join(map(str, line)) for line in lines] + ["END"]


def draw(script, path, size):
    """Draws a script's picture in each format."""
    for ending, terminal in TERMINALS.items():
        head = [
            "set terminal " + terminal.format(size="%d,%d" % size),
            "set output %s" % quoted("%s.%s" % (path, ending)),
        ]
        head += ["set encoding utf8", "set key outside top center horizontal", "set grid ytics lc rgb '#dddddd'"]
        head += ["set rmargin 6", "set xtics nomirror"]
        with tempfile.NamedTemporaryFile("w", suffix=".gp", encoding="utf-8") as file:
            file.write("\n".join(head + script) + "\n")
            file.flush()
            done = subprocess.run(["gnuplot", file.name], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem("gnuplot failed on %s:\n%s" % (os.path.basename(path), done.stderr))


# ---- bars ------------------------------------------------------------------------------------------------------------


def bar_lines(results, field, names, peers):
    """For each row, each allocator's figure over the best peer's of that row; the best peer itself is at 1."""
    lines = []
    for row, measured in results.items():
        values = rows.medians(measured, field)
        best = min([values[peer] for peer in peers if peer in values], default=None)
        shown = ["%.4f" % (values[name] / best) if name in values and best else "NaN" for name in names]
        lines.append([quoted(row)] + shown)
    return lines


def bars(results, field, title, names, peers, subject):
    script = block("bars", bar_lines(results, field, names, peers))
    script += ["set title %s" % quoted(title), "set style data histograms", "set style histogram clustered gap 1"]
    script += ["set style fill solid noborder", "set boxwidth 0.95", "set xtics rotate by -50 left noenhanced"]
    script += [
        "set yrange [0:%d]" % LONGEST_BAR,
        "set rmargin 8",
        "set arrow from graph 0, first 1 to graph 1, first 1 nohead",
    ]
    parts = [
        "$bars using %d:xtic(1) title %s noenhanced lc rgb '%s'" % (i + 2, quoted(name), colour)
        for i, (name, colour) in enumerate(zip(names, colours(names, subject)))
    ]
    return script + ["plot " + ", ".join(parts)]


def bar_results(found):
    """The rows of the workloads, then the programs."""
    results = {}
    for kind in ("speed", "programs"):
        if kind in found:
            results.update(rows.restored(found[kind]))
    return results


# ---- curves ----------------------------------------------------------------------------------------------------------


def lines_plot(curves, names, subject):
    """A line for each name: curves are lists of (x, y)."""
    script = []
    parts = []
    for i, (name, colour) in enumerate(zip(names, colours(names, subject))):
        if name in curves:
            script += block("line%d" % i, curves[name])
            width = 3 if name == subject else 1.5
            parts.append("$line%d with lines lw %s lc rgb '%s' title %s noenhanced" % (i, width, colour, quoted(name)))
    return script, "plot " + ", ".join(parts)


def latency_plot(by_allocator, call, names, subject):
    curves = {}
    for name, samples in by_allocator.items():
        if samples:
            curves[name] = [(one_of, max(ns, 1)) for one_of, ns in latency.curve(samples, call)[:-1]]
    script, plot = lines_plot(curves, names, subject)
    tics = "('50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, '99.99 %%' 10000, '99.999 %%' 100000)"
    title = "Time within which so many calls of %s end, under churn" % latency.CALLS[call]
    script += ["set title %s" % quoted(title), "set logscale xy", "set xtics %s" % tics, "set ylabel 'ns'"]
    return script + [plot]


def timeline_plot(lives, names, subject):
    curves = {name: list(enumerate(points)) for name, points in timeline.curves(lives).items()}
    phases = timeline.phases_of(lives)
    per_phase = len(next(iter(curves.values()))) // len(phases)
    script, plot = lines_plot(curves, names + [timeline.LIVE], subject)
    tics = ", ".join("%s %d" % (quoted(phase), i * per_phase + per_phase // 2) for i, phase in enumerate(phases))
    script += [
        "set title 'Resident memory over a life'",
        "set ylabel 'MiB'",
        "set yrange [0:*]",
        "set xtics (%s)" % tics,
    ]
    for i in range(1, len(phases)):
        script.append(
            "set arrow from %d, graph 0 to %d, graph 1 nohead lc rgb '#dddddd'" % (i * per_phase, i * per_phase)
        )
    return script + [plot]


def scaling_plot(found, workload, names, subject):
    results = rows.restored(found)
    curves = {}
    for name in names:
        points = [
            (threads, scaling.throughput(results["%s/%d" % (workload, threads)], name)) for threads in found["threads"]
        ]
        curves[name] = [(threads, value) for threads, value in points if value is not None]
    curves = {name: points for name, points in curves.items() if points}
    script, plot = lines_plot(curves, names, subject)
    tics = ", ".join("'%d' %d" % (threads, threads) for threads in found["threads"])
    script += ["set title 'Throughput of %s against the number of threads'" % workload, "set logscale x 2"]
    script += ["set xrange [%g:%g]" % (found["threads"][0] / 1.1, found["threads"][-1] * 1.1)]
    return script + ["set xtics (%s)" % tics, "set ylabel 'million operations a second'", "set yrange [0:*]", plot]


# ---- all -------------------------------------------------------------------------------------------------------------

WIDE = (1500, 520)
USUAL = (900, 480)


def scripts_of(found, subject):
    """Name, script and size of each picture that can be drawn of what was found."""
    names = [allocator["name"] for allocator in found["allocators"]]
    peers = [allocator["name"] for allocator in found["allocators"] if allocator["is_peer"]]
    results = bar_results(found)
    if results:
        time_title = "Time over the fastest peer's of each row (shorter is better; cut off at %d)" % LONGEST_BAR
        peak_title = "Peak memory over the leanest peer's of each row (shorter is better; cut off at %d)" % LONGEST_BAR
        yield "time", bars(results, "ns", time_title, names, peers, subject), WIDE
        yield "memory", bars(results, "peak_kib", peak_title, names, peers, subject), WIDE
    if "latency" in found:
        for call, word in latency.CALLS.items():
            yield "latency-" + word, latency_plot(found["latency"]["threads"]["1"], call, names, subject), USUAL
    if "timeline" in found and timeline.curves(found["timeline"]["lives"]):
        yield "timeline", timeline_plot(found["timeline"]["lives"], names, subject), USUAL
    if "scaling" in found:
        yield "threads", scaling_plot(found["scaling"], found["scaling"]["workloads"][0], names, subject), USUAL


def write(found, subject, folder):
    """Draws all pictures; returns their names, or None where gnuplot is missing."""
    if shutil.which("gnuplot") is None:
        return None
    drawn = []
    for name, script, size in scripts_of(found, subject):
        draw(script, os.path.join(folder, name), size)
        drawn.append(name)
    return drawn
