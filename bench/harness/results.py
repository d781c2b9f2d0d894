"""What a run has found, as files: all samples as JSON, a line for each figure as CSV."""

import csv
import json
import os

import latency
import rows
import timeline
from report import median

HEADS = ["kind", "row", "allocator", "figure", "median", "least", "most", "samples"]


def line(kind, row, allocator, figure, samples):
    return [
        kind,
        row,
        allocator,
        figure,
        "%.6g" % median(samples),
        "%.6g" % min(samples),
        "%.6g" % max(samples),
        len(samples),
    ]


def lines_of_rows(kind, found):
    for row, measured in rows.restored(found).items():
        for name, one in measured.items():
            if one.ns:
                yield line(kind, row, name, "ns", one.ns)
                yield line(kind, row, name, "peak_kib", one.peak_kib)


def lines_of_latency(found):
    for condition, by_allocator in [*found["threads"].items(), ("fall", found["fall"])]:
        for name, samples in by_allocator.items():
            for call, word in latency.CALLS.items():
                each = [latency.figures([sample], call) for sample in samples]
                for figure in each[0] if each else []:
                    yield line(
                        "latency", "%s/%s" % (word, condition), name, figure + "_ns", [one[figure] for one in each]
                    )


def lines_of_lives(found):
    for name, points in timeline.curves(found["lives"]).items():
        phases = timeline.phases_of(found["lives"])
        per_phase = len(points) // len(phases)
        for i, phase in enumerate(phases):
            yield line("timeline", phase, name, "resident_mib", [points[(i + 1) * per_phase - 1]])


def lines_of_memory(found):
    groups = [("overhead", found["overhead"]), ("fragment", found["fragment"])]
    for survivors, by_way in found["return"].items():
        groups += [("return-%s-%s" % (way, survivors), by_name) for way, by_name in by_way.items()]
    for row, by_name in groups:
        for name, samples in by_name.items():
            for figure in samples[0] if samples else []:
                yield line("memory", row, name, figure, [sample[figure] for sample in samples])


def lines_of_startup(found):
    for name, one in found.items():
        for figure, samples in one.items():
            yield line("startup", "true", name, figure, samples)


def lines_of_instructions(found):
    for name, by_row in found["rows"].items():
        for row, count in by_row.items():
            yield line("instructions", row, name, "instructions", [count])


def lines_of_price(found):
    yield from lines_of_rows("price", found["speed"])
    yield from (["price", *rest] for _, *rest in lines_of_instructions(found["instructions"]))


LINES = {
    "speed": lambda found: lines_of_rows("speed", found),
    "programs": lambda found: lines_of_rows("programs", found),
    "scaling": lambda found: lines_of_rows("scaling", found),
    "latency": lines_of_latency,
    "timeline": lines_of_lives,
    "memory": lines_of_memory,
    "startup": lines_of_startup,
    "instructions": lines_of_instructions,
    "price": lines_of_price,
    "debug": lambda found: lines_of_rows("debug", found),
}


def csv_write(found, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADS)
        for kind, lines in LINES.items():
            if kind in found:
                writer.writerows(lines(found[kind]))


def json_write(found, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, separators=(",", ":"))
        file.write("\n")


def write(found, folder):
    os.makedirs(folder, exist_ok=True)
    json_write(found, os.path.join(folder, "results.json"))
    csv_write(found, os.path.join(folder, "results.csv"))


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
