"""A default that a parameter's description names is the one that its schema names: callers read the one, clients fill in the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ..checks.base import Finding, place_of, shorten
from ..parts import parts_of
from ..scenario import ToolPlan

_NAMED: Final = re.compile(
    r"(?:\bdefaults?(?: value)?(?: is| to| ?:| ?=) ?|\(default )[`'\"]?(?P<value>-?\d+(?:\.\d+)?|true|false)[`'\"]?(?=[).,;]?(?:\s|$))"
    r"(?!\.?\s+(?:\w*seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|months?|years?|[kmg]i?b|bytes?|ms|percent|or|of|for|if|when|in|on|with|x)\b)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:if|when|unless|for|otherwise|depend\w*|server|per|previously|formerly|was)\b", re.IGNORECASE
)


def contradicted(plan: ToolPlan) -> Iterator[Finding]:
    """Yield the numbers and switches of which the description names another default than the schema, once and without a condition."""
    for name, part in parts_of(plan.tool.input).items():
        said, default, told = str(part.get("description", "")), part.get("default"), named_by(part)
        if told is None or not _is_of_a_kind({told}, default) or default == told:
            continue
        yield Finding(
            "defaults",
            f"{plan.tool.name}: the description of {name} calls {shorten(told, 40)} its default, the schema {shorten(default, 40)}",
            f"defaults {name} described",
            f"one default of a parameter ({place_of(plan.tool, f'input/properties/{name}', 'input')})",
            details=(("description", shorten(said, 400)),),
        )


def named_by(part: Any) -> Any:
    """Return the one number or switch that a description calls the default, without a condition; None where it names none."""
    said = str(part.get("description", "")) if isinstance(part, dict) else ""
    named = {_value(match["value"]) for match in _NAMED.finditer(said)}
    return next(iter(named)) if len(named) == 1 and not _CONDITION.search(said) else None


def _value(text: str) -> Any:
    return text.lower() == "true" if text.isalpha() else float(text) if "." in text else int(text)


def _is_of_a_kind(named: set[Any], default: Any) -> bool:
    return all(
        isinstance(default, bool) == isinstance(each, bool) and isinstance(default, int | float) for each in named
    )
