"""Which cases a spec's `skip` and `xfail` mean, and those that mean none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from .cases import CATEGORIES
from .errors import Position, Problem
from .scenario import ToolPlan
from .scenarios import cases_of
from .spec.model import Exemption, Variations

_CHOSEN_ELSEWHERE = ("combination[", "repeat", "concurrent")
"""Beginnings of ids that depend on the seed, or on what else the tool promises."""
_FUZZ = ("fuzz[valid]", "fuzz[invalid]")


def matching(exemptions: Iterable[Exemption], id_: str) -> list[Exemption]:
    """Return the exemptions that a case falls under."""
    return [exemption for exemption in exemptions if _means(exemption, id_)]


def idle_exemptions(plan: ToolPlan, ids: Sequence[str], *, seed: int) -> list[Problem]:
    """Return a problem for each exemption of the tool that no case falls under.

    One in `defaults` may be meant for another tool, and one that the tool's own `variations` leave out (categories,
    limit) comes back with them: these are none.
    """
    idle = [each for each in _own(plan) if not any(_means(each, id_) for id_ in ids)]
    if not idle:
        return []
    everything = [*ids, *_FUZZ, *_ids_without_limits(plan, seed)]
    return [_problem(plan, each, everything) for each in idle if not any(_means(each, id_) for id_ in everything)]


def _own(plan: ToolPlan) -> Iterator[Exemption]:
    inherited = {*plan.spec.defaults.skips, *plan.spec.defaults.xfails}
    for exemption in (*plan.tool.skips, *plan.tool.xfails):
        is_idle_by_choice = (exemption.cases or "").startswith(_CHOSEN_ELSEWHERE)
        if exemption.cases is not None and exemption not in inherited and not is_idle_by_choice:
            yield exemption


def _ids_without_limits(plan: ToolPlan, seed: int) -> list[str]:
    own = plan.tool.variations
    if (own.categories is None or set(own.categories) >= set(CATEGORIES)) and not own.exclude and own.limit >= 1000:
        return []
    free = replace(plan, tool=replace(plan.tool, variations=Variations(seed=own.seed, strength=own.strength)))
    return [case.id for case in cases_of(free, seed=seed)]


def _means(exemption: Exemption, id_: str) -> bool:
    return exemption.cases is None or fnmatchcase(id_, exemption.cases.replace("[", "[[]"))  # ids hold brackets


def _problem(plan: ToolPlan, exemption: Exemption, ids: Sequence[str]) -> Problem:
    glob = exemption.cases or ""
    known = list(dict.fromkeys((*(f"{id_.partition('[')[0]}*" for id_ in ids), *ids)))
    close = get_close_matches(glob, known, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    message = (
        f"no case of {plan.tool.name} matches {glob!r}.{hint} `toolcheck cases` and `pytest --collect-only` list them"
    )
    return Problem(exemption.position or plan.tool.position or Position(plan.spec.path), message)
