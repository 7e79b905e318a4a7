"""What a tool has refused: asked again it would say the same, as long as nothing was called that may have changed a thing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .checks.base import as_json

if TYPE_CHECKING:
    from .spec.model import ToolSpec
    from .targets.base import Outcome

NOT_SO_OFTEN: Final = re.compile(
    r"rate|limit|quota|too (?:many|often|fast)|try again|later|wait|busy|throttl|expire|time|unavailable|used|nonce|replay",
    re.IGNORECASE,
)
"""What is refused for being asked again so soon, or with what is good once."""
_FOR_NOW: Final = re.compile(
    r"\brate|quota|too (?:many|often|fast)|try again|\blater\b|\bbusy\b|throttl|time[d ]*out|unavailable|\bused\b",
    re.IGNORECASE,
)


def may_write(tool: ToolSpec) -> bool:
    """Whether a call of the tool may change what another one is answered."""
    promised = tool.annotations
    return not (promised.read_only or promised.deterministic)


class Refused:
    """The inputs that a tool refused, each with how many calls that may write had been made by then."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def note(self, sent: Mapping[str, Any], outcome: Outcome, *, written: int) -> None:
        """Take down what a call came to; what is refused for now only is not kept."""
        if outcome.kind == "refused" and outcome.error is not None and not _FOR_NOW.search(outcome.error.message):
            self._known[as_json(sent)] = written
        elif self._known:
            self._known.pop(as_json(sent), None)

    def holds(self, sent: Mapping[str, Any], *, written: int) -> bool:
        """Whether this was refused, and nothing was called since that may write."""
        return bool(self._known) and self._known.get(as_json(sent)) == written
