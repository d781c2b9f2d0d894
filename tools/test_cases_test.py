#!/usr/bin/env python3
"""Tests of test_cases.py, in TAP."""

import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_cases  # the path is set above


def counts(text, succeeded=True):
    tally = test_cases.read_tap("t", text, succeeded)
    return tally.passed, len(tally.failures), tally.skipped


def cases_are_counted_by_their_verdict():
    assert counts("1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no d\n", False) == (1, 1, 1)


def a_skipped_case_of_cmocka_is_no_failure():
    assert counts("1..1\nnot ok 1 # SKIP a\n") == (0, 0, 1)


def several_groups_in_one_test_add_up():
    assert counts("1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n") == (3, 0, 0)


def a_comment_is_no_case():
    assert counts("1..1\nok 1 - a\n# ok - tests\n") == (1, 0, 0)


def a_test_that_dies_half_way_fails_for_each_case_it_owes():
    assert counts("1..4\nok 1 - a\nok 2 - b\n", False) == (2, 2, 0)


def a_test_that_ends_early_fails_though_its_exit_code_is_good():
    assert counts("1..2\nok 1 - a\n") == (1, 1, 0)


def a_test_that_fails_after_its_last_case_fails():
    assert counts("1..1\nok 1 - a\n", False) == (1, 1, 0)


def a_test_that_says_nothing_fails():
    assert counts("") == (0, 1, 0)


def the_last_line_leaves_skipped_out_where_there_are_none():
    tally = test_cases.Tally()
    tally.passed = 2
    assert str(tally) == "2 passed, 0 failed"
    tally.skipped = 1
    assert str(tally) == "2 passed, 0 failed, 1 skipped"


def target_that_does_not_build_fails():
    events = [{"id": {"targetCompleted": {"label": "//a:b"}}, "completed": {}}]
    tally = test_cases.read_pass(events, 1, "INFO: x\nb.c:1: error")
    assert tally.failures == [("//a:b: does not build", "b.c:1: error")]


def a_bazel_that_fails_without_a_word_fails():
    assert len(test_cases.read_pass([], 37, "").failures) == 1


def of_several_attempts_the_last_counts():
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        log.write("1..1\nok 1 - a\n")
        log.flush()
        output = [{"name": "test.log", "uri": "file://" + log.name}]
        events = [
            {"id": {"testResult": {"label": "//a:b"}}, "testResult": {"status": "FAILED"}},
            {"id": {"testResult": {"label": "//a:b"}}, "testResult": {"status": "PASSED", "testActionOutput": output}},
        ]
        tally = test_cases.read_pass(events, 0, "")
    assert (tally.passed, tally.failures) == (1, [])


CASES = [
    cases_are_counted_by_their_verdict,
    a_skipped_case_of_cmocka_is_no_failure,
    several_groups_in_one_test_add_up,
    a_comment_is_no_case,
    a_test_that_dies_half_way_fails_for_each_case_it_owes,
    a_test_that_ends_early_fails_though_its_exit_code_is_good,
    a_test_that_fails_after_its_last_case_fails,
    a_test_that_says_nothing_fails,
    the_last_line_leaves_skipped_out_where_there_are_none,
    target_that_does_not_build_fails,
    a_bazel_that_fails_without_a_word_fails,
    of_several_attempts_the_last_counts,
]


def main():
    print(f"1..{len(CASES)}")
    failed = False
    for number, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}")
        except AssertionError:
            failed = True
            print(f"not ok {number} - {case.__name__}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
