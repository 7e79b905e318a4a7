"""The fixture `faults`: one that never fired fails the test itself, as an assertion in it would."""

from __future__ import annotations

import pytest

SUITE = """
import pytest

def quote():
    return 3

def test_never(faults):
    faults.inject("test_suite:quote", "nth(9): error")
    assert quote() == 3

@pytest.mark.xfail(strict=True)
def test_never_as_expected(faults):
    faults.inject("test_suite:quote", "nth(9): error")

def test_fails_by_itself(faults):
    faults.inject("test_suite:quote", "nth(9): error")
    assert quote() == 4

def test_need_not(faults):
    faults.inject("test_suite:quote", "nth(9): error", optional=True)

def test_fires(faults):
    faults.inject("test_suite:quote", "error(KeyError)")
    with pytest.raises(KeyError):
        quote()

@pytest.fixture
def late(faults):
    yield
    faults.inject("test_suite:quote", "error")

def test_late(late):
    pass

def test_healed():
    assert quote() == 3
"""


def test_a_fault_that_never_fired_fails_the_test(pytester: pytest.Pytester):
    """It is a failure of the call, with one message; a test that fails by itself is told of once; all is healed."""
    pytester.makepyfile(test_suite=SUITE)
    result = pytester.runpytest_inprocess("-p", "toolcheck", "-p", "no:asyncio", "-rf", "--toolcheck-log=off")
    result.assert_outcomes(passed=4, failed=2, xfailed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["fault 'nth(9): error*' at test_suite:quote never fired: 1 hit came by test_suite:quote; *"]
    )
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_late*"])
    failed = {line.split(" - ")[0] for line in result.outlines if line.startswith("FAILED")}
    assert failed == {"FAILED test_suite.py::test_never", "FAILED test_suite.py::test_fails_by_itself"}
