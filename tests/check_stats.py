"""Checks one JSON stats file of Cairn: the fields are there, and the sums that cairn.h promises hold."""

import json
import sys

FIELDS = (
    "block_count block_bytes free_bytes slack_bytes pool_bytes span_bytes arena_bytes resident_bytes purged_bytes "
    "metadata_bytes peak_used_bytes peak_arena_bytes heap_count budget_bytes"
).split()
CLASS_FIELDS = "block_bytes pools used_blocks free_blocks".split()


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64


def check_fields(stats):
    for field in FIELDS + ["pid"]:
        assert is_count(stats[field]), f"{field} is {stats[field]!r}"
    assert stats["requested_bytes"] is None or is_count(stats["requested_bytes"]), "requested_bytes"
    assert stats["form"] in ("release", "debug"), stats["form"]
    assert stats["version"].count(".") == 2, stats["version"]
    for each in stats["classes"]:
        assert all(is_count(each[field]) for field in CLASS_FIELDS), each
        assert each["pools"] > 0, "a class without pools is listed"


def check_sums(stats):
    classes = stats["classes"]
    used = sum(each["used_blocks"] * each["block_bytes"] for each in classes)
    free = sum(each["free_blocks"] * each["block_bytes"] for each in classes)
    held = stats["pool_bytes"] + stats["span_bytes"]
    assert stats["block_bytes"] == stats["span_bytes"] + used, "block_bytes is not spans and used blocks"
    assert stats["free_bytes"] == free, "free_bytes is not the free blocks"
    assert stats["block_bytes"] + stats["free_bytes"] + stats["slack_bytes"] == held, "blocks, free and slack"
    assert held <= stats["arena_bytes"] <= stats["peak_arena_bytes"], "arenas"
    assert held <= stats["peak_used_bytes"], "peak"
    assert stats["heap_count"] >= 1 or stats["block_count"] == 0, "heaps"


def main(path):
    with open(path, encoding="ascii") as file:
        stats = json.load(file)
    check_fields(stats)
    check_sums(stats)
    print(f"sound: {stats['form']} pid {stats['pid']}, requested {stats['requested_bytes']}")


if __name__ == "__main__":
    main(sys.argv[1])
