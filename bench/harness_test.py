#!/usr/bin/python3
"""The arithmetic of tools/bench and its care about what it measures. Speaks TAP."""

import itertools
import os
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness"))

import allocators  # noqa: E402
import applications  # noqa: E402
import instructions  # noqa: E402
import latency  # noqa: E402
import plots  # noqa: E402
import programs  # noqa: E402
import record  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import rows  # noqa: E402
import timeline  # noqa: E402


def measured(*ns):
    return rows.Measured(ns, [1000 * value for value in ns])


def allocators_of(*names):
    return [allocators.Allocator(name, "/lib/lib%s.so" % name, "1.0") for name in names]


class Clock:
    """Time that passes only as it is told to."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


def rounds_taken(budget, clock, seconds_each):
    count = 0
    for _ in budget.rounds():
        clock.now += seconds_each
        count += 1
    return count


def call_times(*curve):
    return {"curve": list(curve), "calls": 1000, "max": curve[-1][1]}


def small_run():
    """What a run finds, in small: two allocators, one row or sample of each kind."""
    life = {"phases": ["rise", "fall"], "resident_kib": [1024, 2048, 3072, 2048], "live_kib": [512, 1024, 512, 0]}
    sample = {"taking": call_times([2, 10.0], [1000, 90.0], [1000, 700.0]), "giving": call_times([2, 8.0], [1000, 9.0])}
    facts = dict.fromkeys(["date", "cpu", "memory", "system", "kernel", "libc", "huge_pages"], "?")
    two = {"glibc": vars(measured(4, 5, 6)), "cairn": vars(measured(2, 3, 10))}
    return {
        "machine": {**facts, "cores": 2, "is_busy": False},
        "quick": False,
        "allocators": [one.described() for one in allocators_of("glibc", "cairn")],
        "speed": {"rows": {"pair": two}, "failures": []},
        "programs": {"rows": {"lua": two}, "failures": []},
        "scaling": {
            "workloads": ["churn"],
            "threads": [1, 2],
            "rows": {"churn/1": two, "churn/2": two},
            "failures": [],
        },
        "latency": {
            "threads": {"1": {"glibc": [sample], "cairn": [sample]}},
            "fall": {"cairn": [sample]},
            "failures": [],
        },
        "timeline": {"lives": {"glibc": [life], "cairn": [life]}, "failures": []},
        "price": {"speed": {"rows": {"pair": two}, "failures": []}, "instructions": {"rows": {"cairn": {"pair": 70}}}},
    }


def prints(text, origin="/lib/libc.so.6"):
    """A command that prints a result as bench/micro does."""
    return ["/bin/sh", "-c", 'echo \'{"malloc":"%s"%s}\'' % (origin, text)]


GLIBC = allocators.Allocator("glibc", None, "?")


class HarnessTest(unittest.TestCase):
    def test_ratio_is_against_each_and_against_the_best(self):
        one = {"cairn": measured(4, 2, 3), "slow": measured(6), "fast": measured(2)}
        self.assertEqual(rows.ratios(one, "ns", "cairn", ["slow", "fast"], ["slow", "fast"]), [0.5, 1.5, 1.5])

    def test_allocator_that_failed_has_no_ratio_and_is_not_the_best(self):
        one = {"cairn": measured(3), "broken": measured(), "other": measured(2)}
        both = ["broken", "other"]
        self.assertEqual(rows.ratios(one, "ns", "cairn", both, both), [None, 1.5, 1.5])

    def test_failed_subject_has_no_ratio(self):
        one = {"cairn": measured(), "a": measured(1)}
        self.assertEqual(rows.ratios(one, "ns", "cairn", ["a"], ["a"]), [None, None])

    def test_other_build_of_cairn_is_compared_and_is_no_peer(self):
        self.assertEqual(
            [one.is_peer for one in allocators_of("glibc", "cairn", "cairn-unchecked")], [True, False, False]
        )
        one = {"cairn": measured(3), "cairn-unchecked": measured(1), "a": measured(2)}
        self.assertEqual(rows.ratios(one, "ns", "cairn", ["cairn-unchecked", "a"], ["a"]), [3, 1.5, 1.5])

    def test_verdict_is_over_the_fastest_other_peer_of_each_row(self):
        found = {
            "one": {"a": measured(1), "b": measured(4), "cairn": measured(2)},
            "two": {"a": measured(4), "b": measured(2), "cairn": measured(1)},
        }
        verdict = rows.verdict(found, "ns", "cairn", ["a", "b"])
        self.assertAlmostEqual(verdict["mean"], 1)
        self.assertEqual((verdict["worst"], verdict["worst_row"], verdict["won"], verdict["rows"]), (2, "one", 1, 2))
        self.assertAlmostEqual(rows.verdict(found, "ns", "a", ["a", "b"])["mean"], (0.25 * 2) ** 0.5)

    def test_row_takes_no_more_rounds_than_its_share_of_the_time_allows(self):
        clock = Clock()
        budget = rows.Budget(rows.Plan(seconds=20, least=1, most=9), 2, clock)
        self.assertEqual(rounds_taken(budget, clock, 3), 3)
        # The second row has what the first one left: 11 seconds.
        self.assertEqual(rounds_taken(budget, clock, 2), 5)

    def test_row_takes_its_least_rounds_also_when_time_is_up(self):
        clock = Clock()
        budget = rows.Budget(rows.Plan(seconds=1, least=3, most=9), 1, clock)
        self.assertEqual(rounds_taken(budget, clock, 5), 3)

    def test_row_takes_no_more_than_its_most_rounds(self):
        clock = Clock()
        self.assertEqual(rounds_taken(rows.Budget(rows.Plan(seconds=99, least=1, most=4), 1, clock), clock, 1), 4)

    def test_rounds_that_the_user_asks_for_are_taken(self):
        settings = types.SimpleNamespace(rounds=7)
        clock = Clock()
        plan = rows.Plan(seconds=1, least=1, most=2).of(settings)
        self.assertEqual(rounds_taken(rows.Budget(plan, 1, clock), clock, 100), 7)

    def test_geometric_mean_of_reciprocals_is_one(self):
        self.assertAlmostEqual(report.geometric_mean([4, 0.25, 10, 0.1]), 1)

    def test_each_round_has_an_order_of_its_own(self):
        orders = [rows.shuffled(["a", "b", "c"], turn) for turn in range(30)]
        self.assertTrue(all(sorted(order) == ["a", "b", "c"] for order in orders))
        self.assertEqual(orders, [rows.shuffled(["a", "b", "c"], turn) for turn in range(30)])
        for pair in itertools.permutations("abc", 2):
            self.assertTrue(any("".join(pair) in "".join(order) for order in orders), pair)

    def test_figures_keep_three_digits(self):
        self.assertEqual([report.short(v) for v in (1.234, 12.34, 123.4, None)], ["1.23", "12.3", "123", "-"])

    def test_result_of_the_right_malloc_is_taken(self):
        self.assertEqual(programs.result_of(prints(',"ns":5'), GLIBC)["ns"], 5)

    def test_preload_that_did_not_take_is_a_failure(self):
        other = allocators.Allocator("other", "/nowhere/libother.so", "?")
        with self.assertRaisesRegex(programs.Failure, "did not take"):
            programs.result_of(prints(""), other)

    def test_program_that_fails_is_a_failure_with_its_words(self):
        with self.assertRaisesRegex(programs.Failure, "exit status 3: went wrong"):
            programs.result_of(["/bin/sh", "-c", "echo went wrong >&2; exit 3"], GLIBC)

    def test_program_that_is_killed_is_a_failure_with_the_signal(self):
        with self.assertRaisesRegex(programs.Failure, "SIGABRT"):
            programs.result_of(["/bin/sh", "-c", "kill -ABRT $$"], GLIBC)

    def test_tuning_variables_do_not_reach_the_programs(self):
        os.environ["MALLOC_ARENA_MAX"] = "1"
        self.addCleanup(os.environ.pop, "MALLOC_ARENA_MAX")
        library = allocators.Allocator("x", "/x.so", "?")
        self.assertNotIn("MALLOC_ARENA_MAX", library.environment())
        self.assertEqual(library.environment()["LD_PRELOAD"], "/x.so")

    def test_library_by_name_must_be_there(self):
        with self.assertRaises(allocators.Problem):
            allocators.named_allocator("x=/nowhere/libx.so")
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            self.assertEqual(allocators.named_allocator("x=" + file.name).path, file.name)

    def test_unknown_peer_is_named(self):
        settings = types.SimpleNamespace(install=False, peers="glibc,nosuch", others=[], with_cairn=False)
        with self.assertRaisesRegex(allocators.Problem, "nosuch"):
            allocators.allocators_of(settings, print)

    def test_two_allocators_of_one_name_are_refused(self):
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            settings = types.SimpleNamespace(install=False, peers="glibc", others=["glibc=" + file.name], with_cairn=False)
            with self.assertRaisesRegex(allocators.Problem, "glibc"):
                allocators.allocators_of(settings, print)

    def test_malloc_bound_elsewhere_is_found_in_what_the_linker_says(self):
        said = """
           31:\tbinding file redis-server [0] to /lib/libjemalloc.so.2 [0]: normal symbol `malloc' [GLIBC_2.2.5]
           31:\tbinding file redis-server [0] to /lib/libc.so.6 [0]: normal symbol `mallopt' [GLIBC_2.2.5]
        """
        self.assertEqual(applications.BINDING.findall(said), [("redis-server", "/lib/libjemalloc.so.2")])

    def test_real_program_on_another_malloc_is_a_failure(self):
        nowhere = allocators.Allocator("nowhere", "/nowhere/libnowhere.so", "?")
        program = applications.Application("sh", "", "sh -c true", (1, 1), "sh -c true")
        with self.assertRaisesRegex(programs.Failure, "did not take"):
            applications.binding_check(program, nowhere)
        applications.binding_check(program, GLIBC)

    def test_program_that_puts_out_something_else_fails_its_row(self):
        program = applications.Application("talker", "", "", (1, 1), "")
        with tempfile.TemporaryDirectory() as folder:
            applications.output_check(program, b"one", folder)
            applications.output_check(program, b"one", folder)
            with self.assertRaisesRegex(programs.Failure, "something else"):
                applications.output_check(program, b"two", folder)

    def test_run_that_failed_is_no_time(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write('{"ns":5,"peak_kib":7,"status":139}')
            file.flush()
            with self.assertRaisesRegex(programs.Failure, "139"):
                applications.took_of(file.name)

    def test_more_instructions_by_three_per_cent_are_worse(self):
        self.assertTrue(instructions.is_worse(103, 100))
        self.assertFalse(instructions.is_worse(102, 100))
        self.assertTrue(instructions.is_better(97, 100))

    def test_instructions_are_read_as_they_were_kept(self):
        kept = {("gcc-12", "bare-pair-64"): 76.25, ("clang-14", "bare-batch"): 99.0}
        with tempfile.NamedTemporaryFile("w") as file:
            instructions.kept_write(kept, file.name)
            self.assertEqual(instructions.kept_read(file.name), kept)

    def test_percentiles_are_medians_over_the_rounds(self):
        samples = [{"taking": call_times([2, ns], [1000, 10 * ns], [5000, 100 * ns])} for ns in (3, 1, 2)]
        self.assertEqual(latency.figures(samples, "taking"), {"p50": 2, "p99.9": 20, "max": 200})

    def test_life_is_shown_beside_what_was_live(self):
        curves = timeline.curves(small_run()["timeline"]["lives"])
        self.assertEqual(curves["cairn"], [1, 2, 3, 2])
        self.assertEqual(curves[timeline.LIVE], [0.5, 1, 0.5, 0])

    def test_table_of_figures_has_a_line_for_each(self):
        with tempfile.TemporaryDirectory() as folder:
            results.write(small_run(), folder)
            with open(os.path.join(folder, "results.csv"), encoding="utf-8") as file:
                lines = file.read().splitlines()
            self.assertIn("speed,pair,cairn,ns,3,2,10,3", lines)
            self.assertIn("timeline,fall,cairn,resident_mib,2,2,2,1", lines)
            self.assertIn("price,pair,cairn,instructions,70,70,70,1", lines)
            self.assertIn("latency,malloc/1,glibc,p99.9_ns,90,90,90,1", lines)
            self.assertIn("latency,free/fall,cairn,max_ns,9,9,9,1", lines)
            self.assertEqual(results.read(os.path.join(folder, "results.json")), small_run())

    def test_bars_are_over_the_best_peer(self):
        found = {"pair": {"glibc": measured(4), "other": measured(2), "cairn": measured(3)}}
        lines = plots.bar_lines(found, "ns", ["glibc", "other", "cairn"], ["glibc", "other"])
        self.assertEqual(lines, [['"pair"', "2.0000", "1.0000", "1.5000"]])

    def test_every_kind_of_figure_is_drawn_in_both_formats(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = plots.write(small_run(), "cairn", folder)
            if drawn is None:
                self.skipTest("gnuplot is not installed")
            self.assertEqual(drawn, ["time", "memory", "latency-malloc", "latency-free", "timeline", "threads"])
            for name in drawn:
                for ending in ("svg", "png"):
                    self.assertGreater(os.path.getsize(os.path.join(folder, "%s.%s" % (name, ending))), 1000)

    def test_section_of_readme_names_machine_versions_and_means(self):
        section = record.section(small_run())
        self.assertIn("2 cores", section)
        self.assertIn("glibc 1.0, cairn 1.0", section)
        self.assertIn("at least 3 rounds", section)
        self.assertNotIn("busy", section)
        self.assertIn("| cairn |            0.60 | 1 of 1 |", section)

    def test_readme_is_filled_between_its_marks_only(self):
        readme = "before\n%s\nold\n%s\nafter\n" % (record.BEGIN, record.END)
        self.assertEqual(record.filled(readme, "new"), "before\n%s\n\nnew\n\n%s\nafter\n" % (record.BEGIN, record.END))
        with self.assertRaises(allocators.Problem):
            record.filled("no marks", "new")

    def test_section_of_readme_says_that_the_machine_was_busy(self):
        busy = small_run()
        busy["machine"]["is_busy"] = True
        self.assertIn("busy", record.section(busy))

    def test_setting_of_the_kernel_is_the_word_in_brackets(self):
        self.assertEqual(report.chosen_in("always [madvise] never"), "madvise")
        self.assertEqual(report.memory_text("2097152 kB"), "2.0 GiB")

    def test_busy_run_is_not_recorded(self):
        busy = small_run()
        busy["machine"]["is_busy"] = True
        with tempfile.TemporaryDirectory() as folder:
            results.write(busy, folder)
            with self.assertRaisesRegex(allocators.Problem, "busy"):
                record.record(os.path.join(folder, "results.json"), "cairn", also_busy=False)

    def test_readme_shows_the_recorded_run(self):
        with open(record.README, encoding="utf-8") as file:
            readme = file.read()
        self.assertEqual(record.filled(readme, record.section(record.recorded())), readme)


class TapResult(unittest.TestResult):
    def tell(self, verdict, test):
        print("%s %d - %s" % (verdict, self.testsRun, test.id().partition("test_")[2]))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("ok %d - %s # SKIP %s" % (self.testsRun, test.id().partition("test_")[2], reason))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell("not ok", test)

    def addError(self, test, error):
        super().addError(test, error)
        self.tell("not ok", test)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(HarnessTest)
    print("1..%d" % suite.countTestCases())
    result = suite.run(TapResult())
    for _, said in result.failures + result.errors:
        print("# " + said.replace("\n", "\n# "))
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
