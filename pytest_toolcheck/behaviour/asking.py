"""What a listing answers when it is asked in one way and in another; siblings make rows where there are few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..chains.lists import rows_of
from ..chains.roles import required_of
from ..chains.values import plain
from ..checks.violation import is_valid
from .pages import makers

if TYPE_CHECKING:
    from .promise import Trial

_MOST_MADE: Final = 9
_ENOUGH: Final = 3


@dataclass(slots=True)
class Asking:
    """Asks one tool; `needed` is what each call is given."""

    trial: Trial
    needed: Mapping[str, Any]
    calls: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, trial: Trial, base: Mapping[str, Any]) -> Asking:
        """Begin with what a known good input has under the parameters that are required."""
        return cls(trial, {name: base[name] for name in required_of(trial.plan.tool.input) if name in base})

    def rows(self, given: Mapping[str, Any]) -> list[Any] | None:
        """Return the rows that are listed; None where the input is not valid, it is refused, or the answer has none."""
        arguments = {**self.needed, **given}
        if not is_valid(self.trial.plan.tool.input or True, arguments):
            return None
        outcome = self.trial.ctx.call(arguments, valid=True)
        answer = plain(outcome.value)
        self.calls.append((arguments, answer))
        if outcome.kind != "accepted" or not isinstance(answer, list | Mapping):
            return None
        return rows_of(answer)

    def filled(self, given: Mapping[str, Any], *, enough: int = _ENOUGH) -> list[Any]:
        """Return the rows, after siblings have made some where there are fewer than `enough`."""
        rows = self.rows(given) or []
        if len(rows) < enough:
            for tool, arguments in islice(self._made(), _MOST_MADE):
                self.trial.ctx.call_tool(tool, arguments)
            rows = self.rows(given) or []
        return rows

    def _made(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from makers(self.trial.plan)
