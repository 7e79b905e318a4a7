"""What costs few calls and tells most comes first: a proven base, the telling cases, cheap promises, other cases, the undirected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pytest_toolcheck.behaviour.span import after_cases
from pytest_toolcheck.collect import ScenarioItem
from pytest_toolcheck.rooms import room_scenarios
from pytest_toolcheck.scenarios import CASES_BEFORE_PROMISES, CaseScenario, cases_of, comes_soon, scenarios_of
from pytest_toolcheck.spec.model import HttpTarget

from .behaviour_lab import Log, findings_of, plans_in

SPEC = """
tools:
  keep:
    input:
      type: object
      properties: {key: {type: string, minLength: 1, maxLength: 8}, mode: {enum: [replace, keep, merge, append], default: replace}, n: {type: integer, minimum: 0, maximum: 9}}
      required: [key]
      additionalProperties: false
    annotations: PROMISES
"""
KEEP = """
STORE = {}
def keep(key, mode="replace", n=0):
    STORE[key] = (STORE.get(key, "") if mode == "append" else "") + "x"
    return {"value": STORE[key]}
"""
HALF = """
KNOWN = {}
def keep(key, mode="replace", n=0):
    return {"value": KNOWN.setdefault(key, mode)}
"""


def test_cheap_promises_stand_amid_the_cases(tmp_path: Path) -> None:
    """They come behind the most telling cases; what all cases tell for, and what nothing directs, come behind all of them."""
    [plan] = plans_in(
        tmp_path, KEEP, SPEC.replace("PROMISES", "{idempotent: true, deterministic: true, read_only: true}")
    )
    cases = cases_of(plan, seed=0)
    scenarios = [*scenarios_of(plan, cases, room_scenarios(plan))]
    ids = [each.id for each in scenarios]
    assert ids[:2] == ["valid_call", "described"]
    before = [each for each in scenarios[: ids.index("defaults")] if isinstance(each, CaseScenario)]
    assert len(before) == CASES_BEFORE_PROMISES < len(cases)
    soon = ids[ids.index("defaults") :][:3]
    assert soon == ["defaults", "repeat[read_only]", "repeat[deterministic]"]
    assert [each.id for each in scenarios if isinstance(each, CaseScenario)] == [case.id for case in cases]
    rest = ids[ids.index(cases[-1].id) + 1 :]
    assert rest[-2:] == ["fuzz[valid]", "fuzz[invalid]"]
    assert len(ids) == len(set(ids))
    few = [each.id for each in scenarios_of(plan, cases[:3], room_scenarios(plan))]
    assert few[2:6] == [*(case.id for case in cases[:3]), "defaults"]
    served = replace(plan, spec=replace(plan.spec, target=HttpTarget("http://127.0.0.1:1")))
    assert [comes_soon(each, served) for each in soon] == [True, False, True]


def test_shuffled_items_keep_the_cases_that_a_promise_builds_on() -> None:
    """Of some promises these are the first cases, of a server's `read_only` all of them."""

    def item(name: str, *, is_case: bool = False) -> Any:
        made = ScenarioItem.__new__(ScenarioItem)
        made.name, made.state = name, cast("Any", state)
        made.case_attrs = {"label": "valid"} if is_case else {}
        return made

    state = SimpleNamespace(plan=SimpleNamespace(spec=SimpleNamespace(target=None)))
    cases = [item(f"case {n}", is_case=True) for n in range(CASES_BEFORE_PROMISES + 5)]
    items: list[Any] = [item("repeat[read_only]"), item("repeat[idempotent]"), *cases]
    after_cases(items)
    names = [each.name for each in items]
    assert names.index("repeat[idempotent]") == CASES_BEFORE_PROMISES
    assert names[-1] == "repeat[read_only]"


def test_equal_answers_are_asked_of_many_inputs_before_they_are_asked_often(tmp_path: Path) -> None:
    """A cache with half a key shows in some 35 calls, in 84 where each input is called nine times before the next."""
    log = Log()
    found = findings_of(
        tmp_path, HALF, SPEC.replace("PROMISES", "{deterministic: true}"), log=log, check="deterministic"
    )
    assert len(found) == 1, found
    assert sum(name == "call.end" for name, _ in log.events) <= 50
