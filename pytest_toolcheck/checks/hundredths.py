"""An amount whose hundredths no float is exactly (19.99) is told whole, and not with one less: `int(amount * 100)`.

Asked once a tool, beside its base. What is a fee, or rounded down, shows in an amount that floats are exactly as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ..behaviour.leaves import Leaves, leaves_of_outcome
from ..chains.roles import words_of
from ..parts import parts_of, with_alternatives
from .base import Evidence
from .violation import is_valid_in_decimals

INEXACT: Final = (19.99, 0.29, 1.15, 4.35, 64.1)
"""A hundred times each is less than the hundredths that it has."""
_EXACT: Final = (2.5, 7.25, 8, 40)
_MONEY: Final = re.compile(
    r"amount|price|cost|fee|euro?s?$|usd|dollar|money|payment|total|salary|balance|budget|value|tip|rate", re.IGNORECASE
)
_ROUNDS: Final = re.compile(r"\b(?:round\w*|floor\w*|trunc\w*|whole|cut|down)\b", re.IGNORECASE)
_MOST: Final = 2


def lost_hundredth(evidence: Evidence) -> tuple[str, float, Any] | None:
    """Return a parameter, the amount that was sent under it and what was told with a hundredth less, twice; None where nothing is."""
    if evidence.case.category != "example" or evidence.retry is None or _ROUNDS.search(evidence.about):
        return None
    for name, amounts, exact in _amounts(evidence):
        for place, (told, factor) in _with_one_less(evidence, name, amounts[0]).items():
            again = _with_one_less(evidence, name, amounts[1]).get(place, (None, 0))
            if again[1] == factor and _answers(evidence, name, exact).get(place) == exact * factor:
                return name, amounts[0], told
    return None


def _amounts(evidence: Evidence) -> Iterator[tuple[str, list[float], float]]:
    """Yield the numbers that may be amounts, with two amounts that are telling, and one of which all hundredths are there."""
    schema, sent = evidence.tool.input, evidence.case.input
    found = 0
    for name, part in parts_of(schema).items():
        kinds = [each for each in with_alternatives(part) if each.get("type") == "number"]
        is_one = any(each.get("multipleOf") == 0.01 for each in kinds) or _MONEY.search("_".join(words_of(name)))
        if not kinds or not is_one or _ROUNDS.search(str(part.get("description", ""))) or found == _MOST:
            continue
        allowed = [each for each in (*INEXACT, *_EXACT) if is_valid_in_decimals(schema or True, {**sent, name: each})]
        telling, exact = [each for each in allowed if each in INEXACT], [each for each in allowed if each in _EXACT]
        if len(telling) > 1 and exact:
            found += 1
            yield name, telling, exact[0]


def _with_one_less(evidence: Evidence, name: str, amount: float) -> dict[str, tuple[Any, int]]:
    """Return where an answer shows the amount, or its hundredths, less one hundredth; with the factor of it."""
    hundredths = round(amount * 100) - 1
    told = _answers(evidence, name, amount)
    less = {place: (value, 100) for place, value in told.items() if value == hundredths}
    return less | {place: (value, 1) for place, value in told.items() if value == hundredths / 100}


def _answers(evidence: Evidence, name: str, amount: float) -> Leaves:
    assert evidence.retry is not None
    leaves = leaves_of_outcome(evidence.retry({**evidence.case.input, name: amount}))
    return {p: v for p, v in leaves.items() if isinstance(v, int | float) and not isinstance(v, bool)}
