"""The cost against the number of threads, up to 64 on however few cores there are."""

import programs
import rows
from report import failures_print, ratio, short, table

WORKLOADS = ("churn", "server", "phases")
THREADS = (1, 2, 4, 8, 16, 32, 64)
QUICK_THREADS = (1, 2, 16, 64)
QUICK = rows.Plan(seconds=8, least=1, most=2)
FULL = rows.Plan(seconds=60, least=3, most=5)
QUICK_COUNT = 800000
FULL_COUNT = 4000000
MANY = 64  # threads, whose throughput is compared with that of two


def row_of(workload, threads, count):
    command = [programs.program("micro"), "--json", "--count", str(count), "--threads", str(threads), workload]
    return rows.Row("%s/%d" % (workload, threads), "", lambda allocator: programs.result_of(command, allocator))


def throughput(measured, name):
    """Million operations a second of all threads together; None where the run failed."""
    ns = rows.medians(measured, "ns").get(name)
    return 1000 / ns if ns else None


def throughput_table(workload, results, names, threads):
    lines = []
    for count in threads:
        measured = results["%s/%d" % (workload, count)]
        lines.append([str(count)] + [short(throughput(measured, name)) for name in names])
    first, last = results["%s/2" % workload], results["%s/%d" % (workload, MANY)]
    shares = []
    for name in names:
        two, many = throughput(first, name), throughput(last, name)
        shares.append(ratio(many / two if two and many else None))
    lines.append(["64 over 2"] + shares)
    table("%s: million operations a second against the number of threads" % workload, ["threads"] + names, lines)


def run(settings, allocators, progress):
    threads = QUICK_THREADS if settings.quick else THREADS
    workloads = WORKLOADS[:1] if settings.quick else WORKLOADS
    count = QUICK_COUNT if settings.quick else FULL_COUNT
    wanted = [row_of(workload, number, count) for workload in workloads for number in threads]
    failures = []
    results = rows.measure(wanted, allocators, (QUICK if settings.quick else FULL).of(settings), progress, failures)
    names = [allocator.name for allocator in allocators]
    for workload in workloads:
        throughput_table(workload, results, names, threads)
    failures_print(failures)
    return {"workloads": workloads, "threads": threads, **rows.described(results, failures)}
