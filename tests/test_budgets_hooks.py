"""Budget markers in a run: whose calls they judge, what breaks them, and what is refused when tests are collected."""

from __future__ import annotations

import json
import sys

import pytest

from pytest_toolcheck.budgets.subjects import Caller, ToolCall, sized, subject_of
from pytest_toolcheck.spec.model import Budgets, HttpTarget
from pytest_toolcheck.targets.base import CallError, Outcome

from .specs import PLUGINS, WORKERS
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

@spec("lab.tool.yaml")
@pytest.mark.growth_budget(over="weight", memory="n")
def test_growth_of_nothing(tools): tools["square"](items=[1])

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
            "*ToolCallFailed: tired crashed in call 3 for its budgets: ZeroDivisionError: out of breath",
            "FAILED test_lab.py::test_one_of_many - BudgetExceeded: memory peak 3* MiB, budget 2 MiB*",
        ]
    )


def test_a_test_with_tools_that_calls_none_is_judged_by_its_body(suite):
    """Its body runs once and is measured in that run; what one run cannot show is said, with the rounds needed."""
    result = suite("""
runs = []
@spec("lab.tool.yaml", tool="hold")
@pytest.mark.memory_budget(peak="2MiB")
class TestPeak:
    def test_kept(self, tool): runs.append(1)
    def test_broken(self, tool): bytearray(3 * 2**20)
    def test_in_a_fixture(self, tool, called): bytearray(3 * 2**20)
    @pytest.mark.memory_budget(peak="2MiB", rounds=3)
    def test_by_rounds(self, tool): bytearray(3 * 2**20)

@pytest.fixture
def called(tool): tool(n=1)

@spec("lab.tool.yaml", tool="hold")
@pytest.mark.latency_budget(p95="10s")
def test_percentile(tool): runs.append(2)

def test_runs(): assert runs == [1, 2]
""")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED test_lab.py::TestPeak::test_broken* - BudgetExceeded: memory peak 3 *",
            "*BudgetExceeded: memory peak 3 MiB, budget 2 MiB, over in 1 of 1 calls",
            "*BudgetExceeded: memory peak 3 MiB, budget 2 MiB, over in 2 of 2 calls",
            "*made no call through its fixtures, so its budgets are about its own body: latency p95 * needs rounds=126*",
        ]
    )


def test_the_closest_marker_wins_and_few_rounds_judge_time_by_one_run(suite):
    """A class overrides its base; two rounds for the memory do not leave the CPU time of the module open."""
    result = suite("""
pytestmark = pytest.mark.cpu_budget(time="10s")
@pytest.mark.latency_budget(max="20s")
@pytest.mark.memory_budget(peak="1MiB", rounds=2)
class TestBase:
    def test_block(self): bytearray(2 * 2**20)
@pytest.mark.memory_budget(peak="4MiB")
class TestSub(TestBase): pass
""")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED *TestBase::test_block - BudgetExceeded: memory peak 2 MiB, budget 1 MiB*"])


def test_async_tests_of_any_plugin_are_run_and_measured(suite):
    """anyio looks whether a test is a coroutine function, pytest-asyncio makes it none: both bodies run, measured."""
    result = suite("""
import asyncio
@pytest.fixture
def anyio_backend(): return "asyncio"
@pytest.fixture(autouse=True)
def seen(): return []

@pytest.mark.anyio
@pytest.mark.memory_budget(peak="2MiB")
class TestAnyio:
    async def test_kept(self): await asyncio.sleep(0)
    async def test_broken(self): bytearray(3 * 2**20); await asyncio.sleep(0)
    async def test_raises(self): await asyncio.sleep(0); raise LookupError("mine")
    @pytest.mark.cpu_budget(time="10s", rounds=60)
    async def test_again(self, seen): await asyncio.sleep(0); seen.append(1); assert len(seen) < 60

@pytest.mark.asyncio
@pytest.mark.memory_budget(peak="2MiB")
async def test_asyncio(): bytearray(3 * 2**20); await asyncio.sleep(0)
""")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "*TestAnyio::test_broken - BudgetExceeded: memory peak 3 MiB*",
            "*LookupError: mine",
            "*test_asyncio - Budget*",
        ]
    )


def test_a_body_that_cannot_be_measured_runs_all_the_same(suite):
    """Under another memray tracker a budget is inconclusive and says so; what the body asserts still counts."""
    result = suite(
        """
import memray
@pytest.fixture
def tracked(tmp_path):
    with memray.Tracker(tmp_path / "other.bin"): yield

@pytest.mark.memory_budget(peak="2MiB")
def test_unmeasured(tracked): pass
@pytest.mark.memory_budget(peak="2MiB", rounds=2)
def test_its_own_error(tracked): raise LookupError("mine")
""",
        "-W",
        "default::pytest.PytestWarning",
    )
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    result.stdout.fnmatch_lines_random(
        ["*PytestWarning: memory not measured: another memray tracker is active*", "*LookupError: mine"]
    )


def test_a_budget_in_a_measured_test_waits_for_nobody(suite):
    """A block of the fixture `budget` inside a test with a marker, in whatever thread, belongs to the same test."""
    result = suite("""
import asyncio
@pytest.mark.memory_budget(peak="2MiB")
class TestNested:
    def test_sync(self, budget):
        with budget.cpu(time="10s") as b: b.call(int)
    @pytest.mark.asyncio
    async def test_async(self, budget):
        with budget.cpu(time="10s") as b: await b.acall(asyncio.sleep, 0)
    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_anyio(self, budget):
        with budget.cpu(time="10s") as b: await b.acall(asyncio.sleep, 0)
""")
    result.assert_outcomes(passed=3)


WRONG = """
import unittest
def test_fine(): pass
@pytest.mark.latency_budget(p95="50ms", max="10ms")
def test_crossed(): pass
@pytest.mark.memory_budget(peak="10 apples")
def test_apples(): pass
@pytest.mark.memory_budget(peak="10MB")
def test_megabytes(): pass
@pytest.mark.latency_budget(p95="5ms")
def test_percentile(): pass
@pytest.mark.virtual_time
@pytest.mark.latency_budget(max="5ms")
def test_no_time(): pass
@pytest.mark.cpu_budget(time="5ms")
class TestOld(unittest.TestCase):
    def test_old(self): pass
@spec("lab.tool.yaml", tool="square")
@pytest.mark.growth_budget(over="weight", memory="n")
def test_growth_of_nothing(tool): tool(items=[1])
@pytest.mark.latency_budget(rounds=60)
def test_no_limit(): pass
"""


@pytest.mark.parametrize("how", [(), ("--collect-only",), ("-n", "1", *WORKERS)])
def test_an_impossible_budget_is_an_error_of_collection_with_its_line(suite, how):
    """All are named at once, whoever collects: alone, only collecting, or in a worker."""
    result = suite(WRONG, *how)
    assert result.ret not in (0, 3)
    assert result.parseoutcomes()["errors"] == 7
    result.stdout.fnmatch_lines_random(
        [
            "test_lab.py:6: latency p95 of 50 ms lies above max of 10 ms*",
            "test_lab.py:8: memory_budget(peak='10 apples'): unknown unit 'apples'*",
            "test_lab.py:12: latency p95 of a test's own body needs rounds=126 at least (found no rounds=)*",
            "test_lab.py:15: a budget cannot be measured under virtual time*",
            "test_lab.py:17: a budget marker measures test functions, and this is a method of unittest.TestCase*",
            "test_lab.py:21: growth over 'weight': the input schema has no such parameter; it has: items",
            "test_lab.py:23: latency_budget: found rounds= and no limit",
        ]
    )
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_an_impossible_budget_of_a_module_or_a_class_has_its_own_line(suite):
    """The error points at `pytestmark` or at the class, where the mistake is, and not at each test below it."""
    of_module = suite("\npytestmark: list = [pytest.mark.latency_budget(max='-1ms')]\ndef test_one(): pass")
    of_module.stdout.fnmatch_lines(["test_lab.py:4: latency_budget(max='-1ms'): '-1ms' is negative*"])
    marked = '@pytest.mark.cpu_budget(time="3 apples")'
    of_class = suite(f"\n{marked}\nclass TestIt:\n    def test_one(self): pass")
    of_class.stdout.fnmatch_lines(["test_lab.py:4: cpu_budget(time='3 apples'): unknown unit 'apples'*"])


LEAK_OF_A_COMMAND = """
@spec("echo.tool.yaml", tool="say")
@pytest.mark.memory_budget(leak="1KiB")
def test_leak({fixture}): {call}
"""


@pytest.mark.parametrize(
    ("fixture", "call", "place"),
    [("tool", "tool()", "test_lab.py:5: memory leak: "), ("tools", "tools['say']()", "*Failed: memory leak: ")],
)
def test_a_leak_of_a_command_is_refused(suite, pytester, fixture, call, place):
    """Each call is a new process: refused when collected, or with `tools` when the test has run, never inconclusive."""
    argv = [sys.executable, "-c", "print(1)"]
    tools = "tools: {say: {input: {type: object}}}"
    pytester.makefile(".tool.yaml", echo=f"toolcheck: 1\ntarget: {{command: {{argv: {json.dumps(argv)}}}}}\n{tools}\n")
    result = suite(LEAK_OF_A_COMMAND.format(fixture=fixture, call=call), "-W", "error")
    assert result.ret == (2 if fixture == "tool" else 1)
    result.stdout.fnmatch_lines([f"{place}a command is a new process in each call*limit its 'peak' instead*"])


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


ALIKE = """
import pytest

def work(): sum(range(300_000))

@pytest.mark.cpu_budget(time="10s")
def test_cpu_kept(): work()
@pytest.mark.cpu_budget(time="20us")
def test_cpu_crossed(): work()
@pytest.mark.memory_budget(peak="64MiB")
def test_memory_kept(): work()
@pytest.mark.memory_budget(peak="1MiB")
def test_memory_crossed(): bytearray(4_000_000)
@pytest.mark.latency_budget(max="10s")
def test_latency_kept(): work()
"""


def test_workers_reach_the_verdicts_of_a_plain_run(suite):
    """Measuring takes turns across workers; nothing is switched off, no verdict changes."""
    alone = suite(ALIKE).parseoutcomes()
    assert alone == {"passed": 3, "failed": 2}
    assert suite(ALIKE, "-n", "2", *WORKERS).parseoutcomes() == alone
