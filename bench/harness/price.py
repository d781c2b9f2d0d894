"""The price of the checks: Cairn as it is shipped beside a build of the same tree whose frees do not look whether the
block is live. That build is for this comparison alone."""

import argparse

import instructions
import speed
from allocators import Allocator, built_library, cairn_path, library_kept
from report import geometric_mean, median, ratio

ROWS = "pair-64,pair-mixed,batch-lifo,batch-random,replace-10k,replace-300k,binary-trees,hand-over"
UNCHECKED = "unchecked"


def times_ratio(rows):
    """Geometric mean of the checked form's time over the other's."""
    known = [row for row in rows.values() if row["cairn"]["ns"] and row[UNCHECKED]["ns"]]
    return geometric_mean([median(row["cairn"]["ns"]) / median(row[UNCHECKED]["ns"]) for row in known])


def run(settings, allocators, progress):
    del allocators  # the peers have no part in this
    progress.show("building Cairn with and without its checks", "")
    given = library_kept(cairn_path(settings.cairn), "libcairn-given.so") if settings.cairn is not None else None
    try:
        unchecked = built_library(["--define", "checks=off"], "libcairn.so", "libcairn-unchecked.so")
    finally:  # what Bazel leaves in its folder is the tree's library again
        checked = built_library([], "libcairn.so", "libcairn-checked.so")
    pair = [Allocator("cairn", given or checked, "this tree"), Allocator(UNCHECKED, unchecked, "this tree")]
    counted = instructions.run(settings, pair, progress)
    settings = argparse.Namespace(**vars(settings))
    settings.only = settings.only or [ROWS]
    timed = speed.run(settings, pair, progress)
    print("\nprice of the checks: %s of the time without them" % ratio(times_ratio(timed["rows"])))
    return {"instructions": counted, "speed": timed, "failures": counted["failures"] + timed["failures"]}
