"""Which behavioural promises a tool makes, as scenarios: by its spec, else by what its target says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..errors import Position
from ..scenario import Scenario, ToolPlan
from ..spec.model import ToolSpec
from . import isolated as isolation
from . import repeat
from .defaults import DefaultsScenario, is_tried
from .every_value import every_value_scenarios
from .filters import filters, may_be_asked
from .many import has_few_inputs, many
from .pages import names_in, pages
from .promise import BehaviourScenario, Trial
from .seeded import seed_in, seeded
from .switches import is_implied, is_promised, is_promised_by_method, is_wanted
from .unpromised import owes_answers, unpromised

_REPEATED: Final[tuple[tuple[str, Callable[[Trial], None]], ...]] = (
    ("read_only", repeat.read_only),
    ("idempotent", repeat.idempotent),
    ("deterministic", repeat.deterministic),
)


def behaviour_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the scenarios of the tool's behavioural promises."""
    tool = plan.tool
    if is_tried(plan):
        yield DefaultsScenario(_place(tool, "defaults"))
    for check, act in _REPEATED:
        if is_promised(tool, check) and not is_implied(tool, check) and is_wanted(tool, check, "repeat"):
            yield BehaviourScenario(f"repeat[{check}]", check, "repeat", act, _place(tool, check))
    yield from _by_method(plan)
    is_open = tool.checks.get("deterministic") is not False and tool.annotations.deterministic is None
    if is_open and is_wanted(tool, "deterministic", "repeat") and seed_in(plan) is not None:
        yield BehaviourScenario("repeat[seed]", "deterministic", "repeat", seeded, tool.position)
    if (
        not any(is_promised(tool, check) or is_promised_by_method(plan, check) for check, _ in _REPEATED)
        and is_wanted(tool, "many", "repeat")
        and has_few_inputs(plan)
    ):
        yield BehaviourScenario("repeat[many]", "many", "repeat", many, tool.position)
    if tool.checks.get("pages") is not False and is_wanted(tool, "pages", "repeat") and names_in(plan) is not None:
        yield BehaviourScenario("repeat[pages]", "pages", "repeat", pages, _place(tool, "pages"))
    if tool.checks.get("filters") is not False and is_wanted(tool, "filters", "repeat") and may_be_asked(plan):
        yield BehaviourScenario("repeat[filters]", "filters", "repeat", filters, _place(tool, "filters"))
    if owes_answers(plan):
        yield BehaviourScenario("repeat[apart]", "deterministic", "repeat", unpromised, tool.position)
    if is_promised(tool, "pure") and plan.spec.target.kind == "python":
        yield BehaviourScenario("pure", "pure", "pure", repeat.pure, _place(tool, "pure"))
    yield from every_value_scenarios(plan)
    if (isolated := _isolated(plan)) is not None:
        yield BehaviourScenario("concurrent[isolated]", "isolated", "concurrent", isolated, _place(tool, "isolated"))


def _by_method(plan: ToolPlan) -> Iterator[Scenario]:
    for check, act in (("read_only", repeat.safe), ("idempotent", repeat.put_again)):
        if is_promised_by_method(plan, check) and is_wanted(plan.tool, check, "repeat"):
            yield BehaviourScenario(f"repeat[{check}]", check, "repeat", act, plan.tool.position)


def _isolated(plan: ToolPlan) -> Callable[[Trial], None] | None:
    """Return how isolation is tried; without being asked only where that is harmless: shuffled, or of what only answers."""
    tool, wanted = plan.tool, plan.tool.checks.get("isolated")
    is_asked = bool(wanted) or "concurrent" in (tool.variations.categories or ())
    if wanted is False or not is_wanted(tool, "isolated", "concurrent"):
        return None
    if plan.description.is_async:
        return isolation.shuffled
    only_answers = tool.annotations.read_only or tool.annotations.deterministic or owes_answers(plan)
    is_harmless = bool(only_answers) and plan.spec.target.kind in ("mcp", "http", "websocket")
    return isolation.together if is_asked or is_harmless else None


def _place(tool: ToolSpec, check: str) -> Position | None:
    keys = tool.key_positions
    return keys.get(f"/checks/{check}") or keys.get(f"/annotations/{check}") or tool.position
