"""What refusals and descriptions named as allowed is judged like any other case: alone, and with everything else at its ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from .cases.identity import describe
from .cases.model import Case
from .checks import Finding
from .checks.base import as_json
from .checks.violation import is_valid
from .closed_texts import closed_texts

if TYPE_CHECKING:
    from .execute import RunningScenario

_MOST_CALLS = 40
_MOST_CORNERS = 6


def learned_value_findings(context: RunningScenario, cases: Sequence[Case]) -> tuple[Finding, ...]:
    """Call the tool with each value that was named, and is taken; return the first findings, one of each cause."""
    found: dict[str, Finding] = {}
    for case in islice(_cases(context, cases), _MOST_CALLS):
        outcome = context.call(case.input, valid=True, observe=True)
        for finding in context.judge(case, outcome):
            found.setdefault(finding.cause, finding)
        if found:
            break
    return tuple(found.values())


def _cases(context: RunningScenario, cases: Sequence[Case]) -> Iterator[Case]:
    base, named = context.proof.base or {}, {**closed_texts(context), **context.proof.named}
    schema = context.plan.tool.input if context.plan.tool.input is not None else True
    ends = [context.rebased(case) for case in cases if case.label == "valid" and _is_corner(case)]
    seen = {as_json(base)}
    for stand in (base, *(case.input for case in ends[:_MOST_CORNERS])):
        for name, values in named.items():
            for value in values:
                made = {**stand, **{other: base[other] for other in named if other in base}, name: value}
                if (text := as_json(made)) not in seen and is_valid(schema, made):
                    seen.add(text)
                    yield Case(f"learned[{name}]", made, "valid", "example", f"/{name}", f"learned {describe(value)}")


def _is_corner(case: Case) -> bool:
    """Whether everything stands at an end, or, where there is only one thing that can, that."""
    return case.category == "boundary" or (case.category == "combination" and "at the" in case.detail)
