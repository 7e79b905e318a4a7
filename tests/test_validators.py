"""Second opinions: asked once for equal questions, never remembered when they failed, reported apart when they crash."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import Finding, violation
from pytest_toolcheck.targets.base import Outcome
from pytest_toolcheck.validation.panel import Validator

from .specs import events, run, write_tool

CASE = Case("a", {"n": 1}, "valid", "example", "", "")
SAME_QUESTION = Case("b", {"n": 1}, "valid", "boundary", "/n", "1")


def accepted(value: Any, spent_ns: int = 1) -> Outcome:
    """Return an accepted outcome."""
    return Outcome("accepted", spent_ns, value=value)


@pytest.mark.parametrize(
    ("said", "kind", "messages"),
    [
        (None, "agreed", ()),
        (True, "agreed", ()),
        ([], "agreed", ()),
        ("", "agreed", ()),
        (False, "disagreed", ("the result is not accepted",)),
        ("too dear", "disagreed", ("too dear",)),
        (["a", None, "b"], "disagreed", ("a", "b")),
        (Finding("rule", "no", "no"), "disagreed", ("no",)),
        (
            7,
            "crashed",
            ("TypeError: it returned int: expected None, True, False, a text, a Finding, or a list of these",),
        ),
    ],
)
def test_what_a_validator_may_return(said: Any, kind: str, messages: tuple[str, ...]) -> None:
    """Agreement, disagreement, and what is neither: the validator's own mistake."""

    async def later(_case: Case, _outcome: Outcome) -> Any:
        return said

    for judgement in (lambda _case, _outcome: said, later):
        opinion = Validator("v", judgement).ask(CASE, accepted(1))
        assert (opinion.kind, opinion.messages) == (kind, messages)


def test_equal_questions_are_asked_once() -> None:
    """Equal input, label and answer are one question, whatever the case is called and however long it took."""
    asked: list[Any] = []
    validator = Validator("v", lambda case, outcome: asked.append((case.id, outcome.value)))
    for case, outcome in ((CASE, accepted(1)), (SAME_QUESTION, accepted(1, 99)), (CASE, accepted(2))):
        assert validator.ask(case, outcome).kind == "agreed"
    assert asked == [("a", 1), ("a", 2)]


def test_equal_questions_asked_at_once_are_asked_once() -> None:
    """Threads and tasks that ask while the first answer is under way wait for that."""
    asked: list[int] = []
    all_wait = threading.Event()

    def judgement(_case: Case, _outcome: Outcome) -> str:
        asked.append(1)
        all_wait.wait(10)
        return "no"

    validator = Validator("v", judgement)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(validator.ask, CASE, accepted(1)) for _ in range(8)]
        all_wait.set()
        assert {future.result().messages for future in waiting} == {("no",)}

    async def many() -> list[Any]:
        return await asyncio.gather(*(validator.ask_async(CASE, accepted(1)) for _ in range(8)))

    assert len(asyncio.run(many())) == 8
    assert asked == [1]


def test_errors_are_not_remembered() -> None:
    """A crash is asked again; the opinion that comes then is kept."""
    answers: list[Any] = [ConnectionError("away"), "no"]

    def judgement(_case: Case, _outcome: Outcome) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    validator = Validator("v", judgement)
    kinds = [validator.ask(CASE, accepted(1)).kind for _ in range(3)]
    assert kinds == ["crashed", "disagreed", "disagreed"]


def test_a_validator_has_a_time_limit() -> None:
    """Sync or async, it is left behind at its limit."""
    never = threading.Event()

    async def hangs(_case: Case, _outcome: Outcome) -> None:
        await asyncio.to_thread(never.wait)

    for judgement in (lambda _case, _outcome: never.wait() and None, hangs):
        opinion = Validator("v", judgement, limit_s=0.02).ask(CASE, accepted(1))
        assert (opinion.kind, opinion.messages) == ("timed_out", ("no opinion within 0.02s",))
    never.set()


def test_findings_and_crashes_are_reported_apart(pytester: pytest.Pytester) -> None:
    """A disagreement fails the case; a crash fails the validator's own item and warns; the log has both ends."""
    code = '''
    def price(count: int) -> int:
        """Price."""
        return count * 2

    def _rule(case, outcome):
        assert outcome.kind != "accepted" or outcome.value <= 10, "too dear"

    async def _expert(case, outcome):
        raise ConnectionError("away")
    '''
    spec = """
    tools:
      price:
        input: {type: object, properties: {count: {type: integer, minimum: 1, maximum: 9}}, required: [count]}
        validators: ["shop.py:_rule", "shop.py:_expert"]
        variations: {categories: [boundary], fuzz: 0}
        checks: {rejects_invalid: false, described: false}
    """
    write_tool(pytester, code, spec)
    result = run(pytester, "--toolcheck-log=log")
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *price::boundary* - validators: shop.py:_rule on price: too dear*",
            "FAILED *::validator* - validators: the validator shop.py:_expert crashed: ConnectionError: away",
        ]
    )
    names = [event["ev"] for event in events(pytester.path / "log")]
    assert names.count("validation.start") == names.count("validation.end") > 2


def test_a_validator_that_is_not_there_is_told_at_collection(pytester: pytest.Pytester) -> None:
    """Each is named with its line in the spec before anything is called."""
    code = 'def price(count: int) -> int:\n    """Price."""\n    return count\n'
    write_tool(pytester, code, 'defaults:\n  validators: ["shop.py:_nobody", "nonesuch:rule", "json:__name__"]\n')
    result = run(pytester, "--toolcheck-log=log")
    result.stdout.fnmatch_lines(
        [
            "shop.tool.yaml:4:16: the validator 'shop.py:_nobody' cannot be loaded: shop.py has no '_nobody'*",
            "shop.tool.yaml:4:35: the validator 'nonesuch:rule' cannot be loaded: *No module named 'nonesuch'",
            "shop.tool.yaml:4:52: the validator 'json:__name__' cannot be loaded: *no function but str",
        ]
    )
    assert not (pytester.path / "log").exists() or not any(
        e["ev"] == "call.start" for e in events(pytester.path / "log")
    )


def test_of_what_is_valid_it_is_not_asked_what_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each accepted answer is held to its schema; only of one that breaks it the most telling error is looked for."""
    schema = {"type": "object", "properties": {"seats": {"type": "integer"}}, "required": ["seats"]}
    told = violation.violation_of(schema, {"seats": "3"})
    assert told is not None
    assert told.message == "'3' is not of type 'integer'"
    monkeypatch.setattr(violation, "best_match", None)
    assert violation.violation_of(schema, {"seats": 3}) is None
