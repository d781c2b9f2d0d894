"""Compares the time and peak memory of the workloads of bench/micro and bench/objects under each allocator."""

import subprocess

import programs
import rows
from report import failures_print

SUITES = ("micro", "objects")
QUICK = rows.Plan(seconds=45, least=1, most=3)
FULL = rows.Plan(seconds=300, least=3, most=9)
QUICK_PERCENT = 5
FULL_PERCENT = 60


def listed(suite):
    """The workloads of one program: name to words."""
    output = subprocess.run([programs.program(suite), "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t", 1) for line in output.splitlines())


def row_of(suite, name, what, percent, threads):
    command = [programs.program(suite), "--json", "--percent", str(percent), "--threads", str(threads), name]
    return rows.Row(name, what, lambda allocator: programs.result_of(command, allocator))


def rows_all(percent=FULL_PERCENT, threads=2):
    return [row_of(suite, name, what, percent, threads) for suite in SUITES for name, what in listed(suite).items()]


def is_bare(row):
    return row.name.startswith("bare-")


def run(settings, allocators, progress):
    percent = settings.percent or (QUICK_PERCENT if settings.quick else FULL_PERCENT)
    every = rows_all(percent, settings.threads)
    # The bare ones are for counting instructions.
    wanted = rows.rows_named(settings.only, every) if settings.only else [row for row in every if not is_bare(row)]
    plan = (QUICK if settings.quick else FULL).of(settings)
    failures = []
    results = rows.measure(wanted, allocators, plan, progress, failures)
    rows.tables(results, allocators, settings.subject, "Time of one operation, ns")
    failures_print(failures)
    return {"settings": {"percent": percent, "threads": settings.threads}, **rows.described(results, failures)}
