"""Budget markers in a run: whose calls they judge, what breaks them, and what is refused when tests are collected."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets.subjects import Caller, ToolCall, sized, subject_of
from pytest_toolcheck.spec.model import Budgets, HttpTarget
from pytest_toolcheck.targets.base import CallError, Outcome

from .specs import PLUGINS
from .test_budgets_scenarios import MS, FakeSession, accepted, plan_of

TOOLS = """
def hold(n: int) -> int:
    return len(bytearray(n * 2**20))

def square(items: list[int]) -> int:
    return len(bytearray(len(items) ** 2))

made = []
def tired(n: int) -> int:
    made.append(n)
    if len(made) > 3:
        raise ZeroDivisionError("out of breath")
    return n
"""


@pytest.fixture
def suite(pytester: pytest.Pytester):
    """Writes a test module beside a module of tools and its spec; runs it here."""
    pytester.makepyfile(lab=TOOLS)
    pytester.makefile(".tool.yaml", lab="toolcheck: 1\ntarget: {python: lab}\n")

    def run(text: str, *args: str):
        pytester.makepyfile(test_lab="import pytest\nspec = pytest.mark.tool_spec\n" + text)
        return pytester.runpytest(*PLUGINS, "--toolcheck-log=off", "test_lab.py", *args)

    return run


def test_markers_judge_the_calls_of_tools_and_what_fails_them_is_said(suite):
    """`tool` and `tools` count, growth varies the input, a tool that fails its calls fails by that, xfail holds."""
    result = suite("""
@spec("lab.tool.yaml", tool="hold")
@pytest.mark.memory_budget(peak="2MiB")
class TestPeak:
    def test_kept(self, tool): tool(n=1)
    def test_broken(self, tool): tool(n=1); tool(n=3)
    @pytest.mark.xfail(strict=True)
    def test_excused(self, tool): tool(n=3)
    @pytest.mark.memory_budget(peak="4MiB")
    def test_raised(self, tool): tool(n=3)

@spec("lab.tool.yaml")
@pytest.mark.memory_budget(peak="2MiB")
def test_one_of_many(tools): tools["hold"](n=3)

@spec("lab.tool.yaml", tool="square")
@pytest.mark.growth_budget(over="items", memory="n")
def test_growth(tool): tool(items=[1])

@spec("lab.tool.yaml", tool="square")
@pytest.mark.growth_budget(over="weight", memory="n")
def test_growth_of_nothing(tool): tool(items=[1])

@spec("lab.tool.yaml", tool="tired")
@pytest.mark.latency_budget(p50="10s")
def test_tired(tool): tool(n=1)

@spec("lab.tool.yaml", tool="hold")
@pytest.mark.latency_budget(p50="10s")
def test_refusal(tool): assert tool.call({"n": "x"}).kind != "accepted"
""")
    result.assert_outcomes(passed=3, failed=5, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [
            "*BudgetExceeded: memory peak 3* MiB, budget 2 MiB, over in * of 3 calls",
            "*BudgetExceeded: growth of memory items^*",
            "*growth over 'weight': the input schema has no such parameter; it has: items*",
            "*ToolCallFailed: tired was crashed in call 3 for its budgets: ZeroDivisionError: out of breath",
            "FAILED test_lab.py::test_one_of_many - BudgetExceeded: memory peak 3* MiB, budget 2 MiB*",
        ]
    )


WRONG = """
def test_fine(): pass
@pytest.mark.latency_budget(p95="50ms", max="10ms")
def test_crossed(): pass
@pytest.mark.memory_budget(peak="10 apples")
def test_apples(): pass
@pytest.mark.memory_budget(peak="10MB")
def test_megabytes(): pass
@pytest.mark.latency_budget(p95="5ms")
def test_percentile(): pass
"""


@pytest.mark.parametrize("how", [(), ("--collect-only",), ("-n", "1", "-p", "no:rerunfailures")])
def test_an_impossible_budget_is_an_error_of_collection_with_its_line(suite, how):
    """All are named at once, whoever collects: alone, only collecting, or in a worker."""
    result = suite(WRONG, *how)
    assert result.ret not in (0, 3)
    assert result.parseoutcomes()["errors"] == 3
    result.stdout.fnmatch_lines_random(
        [
            "test_lab.py:5: latency p95 of 50 ms lies above max of 10 ms*",
            "test_lab.py:7: memory_budget(peak='10 apples'): unknown unit 'apples'*",
            "test_lab.py:11: latency p95 of a test's own body needs rounds=126 at least (found no rounds=)*",
        ]
    )
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def no_failure(name, outcome, which):
    return LookupError(f"{name} {outcome.kind} {which}")


def test_calls_are_made_again_in_turn_in_the_processes_that_serve_them():
    """A server's own processes are measured; of a remote one only the latency; each input has its turn and its label."""
    plan = plan_of(Budgets(latency={"p50": MS}))
    session = FakeSession(accepted(), (4711,))
    subject = subject_of([ToolCall(plan, {"n": n}) for n in (1, 2)], session, Caller(session, "", no_failure))
    made = [subject.call() for _ in range(4)]
    assert [request.arguments["n"] for request in session.requests] == [1, 2, 1, 2]
    assert (subject.process_ids, subject.remote) == ((4711,), "")
    assert [subject.effort.label_of(one) for one in made[:2]] == ['{"n": 1}', '{"n": 2}']
    assert subject.duration_of(made[0]) == MS
    far = plan_of(Budgets(latency={"p50": MS}), HttpTarget("http://example.org"))
    session = FakeSession(accepted())
    assert "was not started here" in subject_of([ToolCall(far, {})], session, Caller(session, "", no_failure)).remote


def test_a_call_has_to_end_as_it_did_before():
    """A refusal that was asked for stays one; anything else raises, with the number of the call and its size."""
    plan = plan_of(Budgets(latency={"p50": MS}))
    refused = Outcome("refused", MS, error=CallError("ValueError", "no"))
    session = FakeSession(lambda request: refused)
    caller = Caller(session, "for its budgets", no_failure)
    assert caller(ToolCall(plan, {"count": 5}, "refused", valid=False)).outcome is refused
    subject = sized(subject_of([ToolCall(plan, {})], session, caller), ToolCall(plan, {"count": 5}), "count", caller)
    with pytest.raises(LookupError, match="refused in call 2 for its budgets with count of size 8"):
        subject.call_of_size(8)
