"""A `seed` makes what is random the same again: equal calls with one are answered alike, whatever else the tool promises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import words_of
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import parts_of
from ..scenario import ScenarioSkipped, ToolPlan
from .leaves import differing, is_volatile, leaves_of_outcome
from .leaves import words_of as words_in

if TYPE_CHECKING:
    from .promise import Trial

_SEEDS: Final = frozenset(["seed", "random_seed", "rng_seed", "random_state"])
_NOT_EXACT: Final = re.compile(
    r"best[- ]effort|not guaranteed|approximate\w*|may (?:still )?(?:vary|differ)|mostly|tries to|try to|hint",
    re.IGNORECASE,
)
_SEEDS_TRIED: Final = (7, 1, 3, 0)
_TIMES: Final = 3
_TWICE: Final = 2
_MANY: Final = 20
_IDS: Final = frozenset(["id", "uuid", "guid", "key", "url", "path", "file", "run", "job"])


def seed_in(plan: ToolPlan) -> str | None:
    """Return the parameter that is a seed by its name, of a tool that says nothing of how far it holds."""
    parts = parts_of(plan.tool.input)
    named = [name for name in parts if "_".join(words_of(name)) in _SEEDS]
    told = f"{plan.description.description} {[parts[name].get('description') for name in named]}"
    return (
        named[0] if len(named) == 1 and not _NOT_EXACT.search(told) and not plan.tool.annotations.destructive else None
    )


def seeded(trial: Trial) -> None:
    """Call with one seed a few times, and so with another: what differs for both is a broken promise."""
    name, base = seed_in(trial.plan), trial.ctx.base()
    if name is None or base is None:
        raise ScenarioSkipped(f"no valid call of {trial.plan.tool.name} succeeded")
    rest = _largest(trial, {key: value for key, value in base.items() if key != name})
    given = [
        {**rest, name: seed} for seed in _SEEDS_TRIED if is_valid(trial.plan.tool.input or True, {**rest, name: seed})
    ]
    seen = [(each, _differing(trial, each)) for each in given[:_TWICE]]
    wrong = [
        (each, {place: values for place, values in found.items() if _tells(place, values)}) for each, found in seen
    ]
    if len(wrong) < _TWICE or not all(found for _, found in wrong):
        return
    sent, found = wrong[0]
    place, values = next(iter(found.items()))
    shown = " and ".join(shorten(value, 60) for value in dict.fromkeys(map(as_json, values)))
    raise trial.broken(
        f"answers equal calls with {name} {sent[name]} with {shown} at {place or 'the top'}", "seed", ("sent", sent)
    )


def _differing(trial: Trial, given: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what differs between answers to equal calls; nothing where one of them is refused: it may be busy."""
    outcomes = [trial.ctx.call(given, valid=True) for _ in range(_TIMES)]
    is_answered = all(outcome.kind == "accepted" for outcome in outcomes)
    return differing([leaves_of_outcome(outcome) for outcome in outcomes]) if is_answered else {}


def _largest(trial: Trial, rest: dict[str, Any]) -> dict[str, Any]:
    """Ask for as much as there may be, up to a few: one of one is the same in any order."""
    for name, part in parts_of(trial.plan.tool.input).items():
        most = part.get("maximum")
        if name in rest and part.get("type") == "integer" and isinstance(most, int) and isinstance(rest[name], int):
            larger = {**rest, name: max(rest[name], min(most, _MANY))}
            rest = larger if is_valid(trial.plan.tool.input or True, larger) else rest
    return rest


def _tells(place: str, values: list[Any]) -> bool:
    """Whether what differs is no id and no moment; a size tells where its items do not."""
    return not words_in(place) & _IDS and not is_volatile(place, values, telemetry=True)
