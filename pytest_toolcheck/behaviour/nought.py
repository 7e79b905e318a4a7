"""0 is a value: what a tool is given counts, and a default stands in for what is left out alone (`discount or 10`).

The evidence: 0 is answered as the default is, given and left out, while 1 is not, though from 1 to the default the answers
move in one direction, and beyond it as well: 0 lies on the wrong side of 1, and means no "all" either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.roles import SIZES, role_of_tool, words_of
from ..checks.base import Finding, place_of, shorten
from ..checks.violation import is_valid
from ..parts import parts_of
from ..scenario import ToolPlan
from .leaves import Leaves, differing, is_volatile, leaves_of_outcome

if TYPE_CHECKING:
    from ..execute import RunningScenario

_OF_NOUGHT: Final = re.compile(
    r"\b(?:zero|unlimited|no limit|disable\w*|(?:turn|switch)\w* off|auto\w*|falsy|falls? back|defaults? (?:is used|applies|when|if))\b"
    r"|(?<![\d.-])0(?![\d.])(?! ?(?:to|-|\u2013|and|\.\.))",
    re.IGNORECASE,
)
"""What says that 0 means something of its own."""
_MOST_TRIED: Final = 3
_MOST_STANDS: Final = 3
_LEAST: Final = 2


def may_be_nought(plan: ToolPlan) -> Iterator[tuple[str, Any]]:
    """Yield the optional numbers that may be 0, as their schema says in so many words, and have another default, with that."""
    said = plan.description.description or ""
    if (role_of_tool(plan.description) or ("",))[0] in (
        "create",
        "update",
        "delete",
    ) or plan.tool.annotations.destructive:
        return
    required = plan.tool.input.get("required", ()) if isinstance(plan.tool.input, dict) else ()
    for name, part in parts_of(plan.tool.input).items():
        default = part.get("default")
        is_number = isinstance(default, int | float) and not isinstance(default, bool) and default >= _LEAST
        if "_".join(words_of(name)) in SIZES:
            continue  # `pages` looks at these: there 0 may mean all
        if (
            is_number
            and name not in required
            and _allows_nought(part)
            and not _OF_NOUGHT.search(f"{said} {_told(part)}")
        ):
            yield name, default


def _told(part: Mapping[str, Any]) -> str:
    return f"{part.get('title', '')} {part.get('description', '')}"


def _allows_nought(part: Mapping[str, Any]) -> bool:
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    least = [each["minimum"] for each in kinds if isinstance(each.get("minimum"), int | float)]
    return bool(least) and least[0] <= 0 and is_valid(dict(part), 0)


def taken_for_default(running: RunningScenario, stands: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield the parameters of which 0 is taken for "not given", twice."""
    plan = running.plan
    for name, default in islice(may_be_nought(plan), _MOST_TRIED):
        looks = (_Look(running, dict(stand), name, default) for stand in stands[:_MOST_STANDS])
        found = next((look for look in looks if look.is_wrong() and look.is_wrong()), None)
        if found is not None:
            yield Finding(
                "defaults",
                f"{plan.tool.name}: {name} 0 is answered as if it were left out: as {shorten(default, 40)}, its default, "
                f"and not as what is less than 1",
                f"defaults {name} 0",
                f"a default only for what is left out ({place_of(plan.tool, f'input/properties/{name}/default', 'input')})",
                details=(("beside", shorten({k: v for k, v in found.stand.items() if k != name}, 400)),),
            )


@dataclass(slots=True)
class _Look:
    running: RunningScenario
    stand: dict[str, Any]
    name: str
    default: float

    def is_wrong(self) -> bool:
        """Ask for 0 and for 1, and for the others where these differ."""
        nought, one = self._answer(0), self._answer(1)
        if nought is None or one is None or not differing([nought, one]):
            return False
        usual, left_out = self._answer(self.default), self._answer(None)
        if usual is None or left_out is None or differing([nought, usual, left_out]):
            return False
        between = [self._answer(2)] if self.default > _LEAST else []
        beyond = [self._answer(value) for value in (2 * self.default, 4 * self.default)]
        row = tuple(each for each in (one, *between, usual, *beyond) if each is not None)
        return len(row) > _LEAST and any(_is_beyond(pointer, row, one, usual) for pointer in differing([one, usual]))

    def _answer(self, value: Any) -> Leaves | None:
        """Return what is answered, without what says nothing; None where that is a refusal."""
        given = {key: each for key, each in self.stand.items() if key != self.name}
        given |= {} if value is None else {self.name: value}
        if not is_valid(self.running.plan.tool.input or True, given):
            return None
        outcome = self.running.call(given, valid=True)
        if outcome.kind != "accepted":
            return None
        leaves = leaves_of_outcome(outcome)
        own = f"/{self.name}"
        return {p: v for p, v in leaves.items() if not p.endswith(own) and not is_volatile(p, (v,), telemetry=True)}


def _is_beyond(pointer: str, row: tuple[Leaves, ...], one: Leaves, usual: Leaves) -> bool:
    """Whether a leaf moves in one direction only, from 1 to the default and from there on."""
    sizes = [size for each in row if (size := _size(each.get(pointer))) is not None]
    first, last = _size(one.get(pointer)), _size(usual.get(pointer))
    is_ordered = len(sizes) == len(row) and sizes in (sorted(sizes), sorted(sizes, reverse=True))
    return is_ordered and first != last != sizes[-1]


def _size(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    return value if isinstance(value, int | float) else float(len(value)) if isinstance(value, str) else None
