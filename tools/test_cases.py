"""Counts test cases: reads what Bazel says of its targets (the build event file) and what the tests say in TAP."""

import json
import re
import urllib.parse

PLAN = re.compile(r"^1\.\.(\d+)")
CASE = re.compile(r"^(ok|not ok)\b\s*\d*\s*(.*)$")
SKIP = re.compile(r"#\s*skip\b", re.IGNORECASE)
GOOD = ("PASSED", "FLAKY")
# What Bazel says whether or not something fails.
CHATTER = re.compile(r"^(\[|Loading|Analyzing|INFO|FAIL|WARNING: option|Use --|Target |//| *$)")


class Tally:
    """Cases passed and skipped as counts; failed ones as (name, output) pairs."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failures = []

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures

    def total(self):
        return self.passed + self.skipped + len(self.failures)

    def __str__(self):
        line = f"{self.passed} passed, {len(self.failures)} failed"
        return line + (f", {self.skipped} skipped" if self.skipped else "")


def read_tap(name, text, succeeded):
    """The cases in one test's output. A test that ends early, or says less than it planned, has failed for it."""
    tally = Tally()
    planned = seen = 0
    for line in text.splitlines():
        if plan := PLAN.match(line):
            planned += int(plan[1])
        if not (case := CASE.match(line)):
            continue
        seen += 1
        verdict, title = case[1], case[2].lstrip("- ")
        if SKIP.search(title):
            tally.skipped += 1
        elif verdict == "ok":
            tally.passed += 1
        else:
            tally.failures.append((f"{name}: {title}", text))
    for _ in range(planned - seen):
        tally.failures.append((f"{name}: a case did not run to its end", text))
    if not tally.failures and not succeeded:
        tally.failures.append((f"{name}: the test did not end well", text))
    if tally.total() == 0:
        tally.failures.append((f"{name}: ran no case", text))
    return tally


def read_events(path):
    with open(path, encoding="utf-8") as events:
        return [json.loads(line) for line in events if line.strip()]


def read_log(uri):
    """What the test said, without the lines that Bazel puts before it."""
    try:
        with open(urllib.parse.unquote(uri.removeprefix("file://")), encoding="utf-8", errors="replace") as log:
            text = log.read()
    except OSError as error:
        return str(error)
    return re.sub(r"\Aexec .*\nExecuting tests from .*\n-+\n", "", text)


def test_logs(events):
    """{label: [(status, output)]} with one entry a shard and run; of several attempts the last counts."""
    last = {}
    for event in events:
        if "testResult" not in event or "testResult" not in event["id"]:
            continue
        key = event["id"]["testResult"]
        result = event["testResult"]
        output = "".join(
            read_log(file["uri"]) for file in result.get("testActionOutput", []) if file["name"] == "test.log"
        )
        last[key["label"], key.get("run"), key.get("shard")] = (result.get("status", "NO_STATUS"), output)
    logs = {}
    for (label, _, _), result in last.items():
        logs.setdefault(label, []).append(result)
    return logs


def failed_builds(events):
    """Labels of targets that did not build."""
    return [
        event["id"]["targetCompleted"]["label"]
        for event in events
        if "targetCompleted" in event["id"] and not event.get("completed", {}).get("success")
    ]


def read_pass(events, exit_code, bazel_output):
    """All cases of one run of `bazel test`."""
    tally = Tally()
    logs = test_logs(events)
    complaints = "\n".join(line for line in bazel_output.splitlines() if not CHATTER.match(line))
    for label, results in sorted(logs.items()):
        for status, output in results:
            tally.add(read_tap(label, output, status in GOOD))
    for label in failed_builds(events):
        if label not in logs:
            tally.failures.append((f"{label}: does not build", complaints))
    if exit_code != 0 and not tally.failures:
        tally.failures.append((f"bazel ended with exit code {exit_code}", bazel_output))
    return tally
