#!/usr/bin/python3
"""The arithmetic of tools/bench and its care about what it measures. Speaks TAP."""

import os
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness"))

import allocators  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import speed  # noqa: E402


def measured(*ns):
    one = speed.Measured()
    for value in ns:
        one.add({"ns": value, "peak_kib": 1000 * value})
    return one


def prints(text, origin="/lib/libc.so.6"):
    """A command that prints a result as bench/micro does."""
    return ["/bin/sh", "-c", 'echo \'{"malloc":"%s"%s}\'' % (origin, text)]


GLIBC = allocators.Allocator("glibc", None, "?")


class HarnessTest(unittest.TestCase):
    def test_ratio_is_against_each_and_against_the_best(self):
        results = {"cairn": measured(4, 2, 3), "slow": measured(6), "fast": measured(2)}
        self.assertEqual(speed.ratios(results, "ns", "cairn", ["slow", "fast"]), [0.5, 1.5, 1.5])

    def test_allocator_that_failed_has_no_ratio_and_is_not_the_best(self):
        results = {"cairn": measured(3), "broken": measured(), "other": measured(2)}
        self.assertEqual(speed.ratios(results, "ns", "cairn", ["broken", "other"]), [None, 1.5, 1.5])

    def test_failed_subject_has_no_ratio(self):
        self.assertEqual(speed.ratios({"cairn": measured(), "a": measured(1)}, "ns", "cairn", ["a"]), [None, None])

    def test_geometric_mean_of_reciprocals_is_one(self):
        self.assertAlmostEqual(report.geometric_mean([4, 0.25, 10, 0.1]), 1)

    def test_each_round_starts_with_another_allocator(self):
        self.assertEqual([speed.rotated(["a", "b", "c"], i)[0] for i in range(4)], ["a", "b", "c", "a"])
        self.assertEqual(sorted(speed.rotated(["a", "b", "c"], 2)), ["a", "b", "c"])

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


class TapResult(unittest.TestResult):
    def tell(self, verdict, test):
        print("%s %d - %s" % (verdict, self.testsRun, test.id().partition("test_")[2]))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell("ok", test)

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
