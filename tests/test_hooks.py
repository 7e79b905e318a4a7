"""Hooks for other plugins: what they add is used, what they answer wrongly is told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.formats import GOOD, StringFormat, add_format
from pytest_toolcheck.errors import HookError
from pytest_toolcheck.extensions import changed_cases, checks_of, extend, scenarios_of
from pytest_toolcheck.faults import FaultError, Faults
from pytest_toolcheck.faults.kinds import CallFault, add_fault_kind

from .specs import run, write_tool

TOOL = '''
def ring(times: int) -> int:
    """Ring."""
    if type(times) is not int:
        raise TypeError("times")
    return times
'''


def conftest(pytester: pytest.Pytester, source: str) -> None:
    pytester.makeconftest("from pytest_toolcheck.checks import Finding\n" + source)
    write_tool(pytester, TOOL, "defaults: {variations: {categories: [example, type]}}\n")


def test_cases_scenarios_and_checks_of_a_plugin_are_used(pytester: pytest.Pytester) -> None:
    """A plugin drops cases, adds a test of its own category, and a check whose finding fails a case."""
    conftest(
        pytester,
        """
class Own:
    id, category, position, fixtures = "own[1]", "own", None, ()
    def run(self, ctx):
        assert ctx.call({"times": 3}).value == 3
def pytest_toolcheck_cases(plan, cases):
    cases[:] = [case for case in cases if case.category == "example"]
def pytest_toolcheck_scenarios(plan):
    return [Own()]
def small(evidence):
    if evidence.outcome.value == 1:
        return Finding("small", "ring answered 1", "one")
def pytest_toolcheck_checks():
    return {"small": small}
def pytest_toolcheck_report(config, run_directory):
    print("report of", len(list(run_directory.glob("*.jsonl"))), "file")
""",
    )
    result = run(pytester, "-v", "-s")
    result.stdout.fnmatch_lines(["*own?1? PASSED*report of 1 file*", "*small: ring answered 1*"])
    assert "::type[" not in result.stdout.str()


def test_a_wrong_answer_is_a_collection_error_without_traceback(pytester: pytest.Pytester) -> None:
    """What cannot be used ends the collection with one line: hook, what was found, what was expected."""
    conftest(pytester, "def pytest_toolcheck_checks():\n    return [1]\n")
    result = run(pytester, "--toolcheck-log=off")
    result.stdout.fnmatch_lines(["pytest_toolcheck_checks*found [[]1[]], expected a dictionary of functions by name"])
    assert "Traceback" not in result.stdout.str()


class Hooks:
    """A relay to which one plugin answers; `config` and `on_close` are what `extend` asks of a run."""

    is_extended = False

    def __init__(self, **answers: object) -> None:
        self.config = SimpleNamespace(hook=self)
        self._answers = answers

    def __getattr__(self, name: str) -> object:
        return lambda **_: [self._answers[name]] if name in self._answers else []

    def on_close(self, closer: object) -> None:
        raise AssertionError("nothing was added")


WRONG = [
    (lambda: checks_of(Hooks(pytest_toolcheck_checks={"x": 1})), r"_checks .*found 1, expected a function for 'x'"),
    (
        lambda: list(scenarios_of(Hooks(pytest_toolcheck_scenarios=[1]), None)),
        r"_scenarios .*found 1, expected a Scenario",
    ),
    (lambda: changed_cases(Hooks(), None, [{}]), r"_cases .*found \{\}, expected a list of Case"),
    (lambda: extend(Hooks(pytest_toolcheck_targets={"x": 1})), r"_targets .*found 1, expected a function that makes"),
    (lambda: extend(Hooks(pytest_toolcheck_formats={"x": 1})), r"_formats .*found 1, expected a StringFormat for 'x'"),
    (lambda: extend(Hooks(pytest_toolcheck_fault_kinds={"x": 1})), r"_fault_kinds .*found 1, expected a CallFault for"),
    (lambda: extend(Hooks(pytest_toolcheck_fault_kinds={"hang": CallFault("")})), r"_fault_kinds: the name 'hang' of"),
    (lambda: extend(Hooks(pytest_toolcheck_formats={"": 1})), r"_formats: the name '' is given twice, or is no name"),
]


@pytest.mark.parametrize(("ask", "message"), WRONG)
def test_a_wrong_answer_names_the_hook(ask: Callable[[], object], message: str) -> None:
    """Each hook's answer is checked before it is used."""
    with pytest.raises(HookError, match=f"pytest_toolcheck{message}"):
        ask()


def test_an_added_format_labels_and_varies_until_it_is_taken_back() -> None:
    """Texts around the format become cases whose labels it decides; the end of the run leaves nothing of it."""
    schema = {"type": "object", "properties": {"s": {"type": "string", "format": "even"}}, "required": ["s"]}
    take_back = add_format("even", StringFormat(lambda text: text in ("22", "44"), good=("22", "44"), bad=("23",)))
    try:
        labels = {case.input["s"]: case.label for case in generate_cases(schema, categories=["format"])}
    finally:
        take_back()
    assert labels["44"] == "valid"
    assert labels["23"] == "invalid"
    assert "even" not in GOOD
    assert all(case.label == "valid" for case in generate_cases(schema) if case.input == {"s": "23"})


def _ask() -> int:
    return 1


def test_an_added_fault_happens_until_it_is_taken_back() -> None:
    """It comes before a call, which it may replace by an error, and after it; then its name means nothing again."""
    met: list[str] = []
    take_back = add_fault_kind(
        "odd", CallFault("is odd", before=lambda: met.append("before"), after=lambda value: -value)
    )
    try:
        with Faults() as faults:
            faults.inject(_ask, "1*off -> odd")
            assert (_ask(), _ask(), met) == (1, -1, ["before"])
            with pytest.raises(FaultError, match="'odd' makes no sense at a TCP connection"):
                faults.inject("tcp:127.0.0.1:1", "odd")
    finally:
        take_back()
    with Faults() as faults, pytest.raises(FaultError, match="there is no fault 'odd'"):
        faults.inject(_ask, "odd")
