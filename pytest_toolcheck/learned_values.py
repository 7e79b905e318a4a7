"""What refusals and descriptions named as allowed is judged like any other case: alone, and with everything else at its ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from typing import TYPE_CHECKING, Any

from .cases.identity import describe
from .cases.model import Case
from .checks import Finding
from .checks.base import as_json
from .checks.violation import is_valid
from .closed_numbers import closed_numbers, refused_end
from .closed_texts import closed_texts, refused_word

if TYPE_CHECKING:
    from .execute import RunningScenario

_MOST_CALLS = 80
_MOST_PAIRS = 8
_MOST_CORNERS = 6


def learned_value_findings(context: RunningScenario, cases: Sequence[Case]) -> tuple[Finding, ...]:
    """Call the tool with each value that was named, and is taken; return the first findings, one of each cause."""
    found: dict[str, Finding] = {}
    tool = context.plan.tool
    is_promised = tool.checks.get("accepts_valid", True) is not False and tool.acceptance != "lenient"
    if is_promised and (contradiction := refused_end(context) or refused_word(context)) is not None:
        context.report(contradiction)
        return (contradiction,)
    for case in islice(_cases(context, cases), _MOST_CALLS):
        outcome = context.call(case.input, valid=True, observe=True)
        for finding in context.judge(case, outcome):
            found.setdefault(finding.cause, finding)
        if found:
            break
    return tuple(found.values())


def _cases(context: RunningScenario, cases: Sequence[Case]) -> Iterator[Case]:
    (closed, free), base = closed_texts(context), context.proof.base or {}
    closed = closed | closed_numbers(context) | context.proof.listed | context.proof.named
    named = closed | free
    schema = context.plan.tool.input if context.plan.tool.input is not None else True
    ends = [context.rebased(case) for case in cases if case.label == "valid" and _is_corner(case)]
    seen = {as_json(base)}
    stands = (base, *(case.input for case in ends[:_MOST_CORNERS]))
    ways = *product(stands, _alone(closed)), *product(stands[1:], _pairs(closed)), *product(stands, _alone(free))
    for stand, chosen in ways:
        made = {**stand, **{other: base[other] for other in named if other in base}, **chosen}
        if (text := as_json(made)) not in seen and is_valid(schema, made):
            seen.add(text)
            names, values = " and ".join(chosen), " and ".join(describe(value) for value in chosen.values())
            yield Case(f"learned[{names}]", made, "valid", "example", f"/{next(iter(chosen))}", f"learned {values}")


def _alone(named: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [{name: value} for name, values in named.items() for value in values]


def _pairs(named: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return each value of one parameter with each of another, those that come last first: a base has the first."""
    pairs = [
        {one: first, other: second}
        for (one, firsts), (other, seconds) in combinations(named.items(), 2)
        for first, second in product(firsts[::-1], seconds[::-1])
    ]
    return pairs[:_MOST_PAIRS]


def _is_corner(case: Case) -> bool:
    """Whether everything stands at an end, or, where there is only one thing that can, that."""
    return case.category == "boundary" or (case.category == "combination" and "at the" in case.detail)
