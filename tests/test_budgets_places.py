"""Which budget marker of a test is the closest, and the line that an impossible one stands on."""

from __future__ import annotations

import re

import pytest

from .specs import run

SUITE = """
import pytest

pytestmark = [
    pytest.mark.latency_budget(max="1h"),
]
lent = pytest.mark.cpu_budget(time="7 pears")


class TestAssigned:
    pytestmark = pytest.mark.cpu_budget(time="1 apple")

    def test_in_class(self): pass


@pytest.mark.usefixtures("tmp_path")
@pytest.mark.cpu_budget(
    time="2 apples",
)
class TestDecorated:
    def test_it(self): pass

    class TestInner:
        def test_inner(self): pass


class TestDerived(TestAssigned):
    def test_derived(self): pass


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(1, marks=pytest.mark.cpu_budget(time="3 apples")),
        pytest.param(2, marks=[pytest.mark.cpu_budget(time="4 apples")]),
    ],
)
@pytest.mark.usefixtures("tmp_path")
def test_parameters(number): pass


@pytest.mark.cpu_budget(time="1s")
@pytest.mark.cpu_budget(tiem="5s")
@pytest.mark.memory_budget(peak="1MiB", rounds=2)
async def test_one_of_several(): pass


@lent
def test_made_elsewhere(): pass


@pytest.mark.token_budget(most=3)
@pytest.mark.latency_budget
def test_of_others(): pass
"""


def test_the_line_is_that_of_the_marker(pytester: pytest.Pytester):
    """Also where it stands far below the first decorator, in a list of parameters or in a class; other plugins' are left alone."""
    pytester.makepyfile(test_marked=SUITE)
    found = run(pytester, "--toolcheck-log=off", "test_marked.py", "-W", "ignore").outlines
    source = SUITE.strip().splitlines()
    named = {
        source[int(line) - 1].strip(): said
        for line, said in re.findall(r"^test_marked.py:(\d+): (.*)", "\n".join(found), re.MULTILINE)
    }
    assert {said.partition(":")[0] for said in named.values()} >= {
        "cpu_budget(time='1 apple')",
        "cpu_budget(time='2 apples')",
        "cpu_budget(time='3 apples')",
        "cpu_budget(time='4 apples')",
        "cpu_budget(time='7 pears')",
    }
    for line, said in named.items():
        wrong = re.search(r"time='(.*?)'|tiem|latency_budget", said)
        assert wrong, (line, said)
        assert (wrong[1] or wrong[0]) in line or line in ("@pytest.mark.cpu_budget(", "@lent"), (line, said)


PRECEDENCE = """
import pytest

pytestmark = pytest.mark.memory_budget(peak="1KiB")

@pytest.mark.memory_budget(peak="1KiB")
@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.memory_budget(peak="8MiB")), 2])
def test_parameters(size): bytearray(2**20)
"""


def test_the_marker_of_a_parameter_set_is_closer_than_the_functions(pytester: pytest.Pytester):
    """It stands there to say otherwise of just this one."""
    pytester.makepyfile(test_marked=PRECEDENCE)
    result = run(pytester, "--toolcheck-log=off", "test_marked.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*FAILED test_marked.py::test_parameters[[]2[]]*"])
