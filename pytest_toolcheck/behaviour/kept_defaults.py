"""Mutable defaults of Python functions: a list or dict that one call fills is what the next call begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import Finding, shorten
from ..checks.expected import same_json
from ..scenario import ToolPlan

if TYPE_CHECKING:
    from ..execute import RunningScenario

_MEANT: Final = re.compile(r"^_|cache|memo", re.IGNORECASE)
"""Names of parameters whose default is kept between calls on purpose."""
_CALLS: Final = 2


def may_be_kept(plan: ToolPlan) -> Iterator[str]:
    """Yield the parameters of a Python function whose default is a list or an object."""
    if plan.spec.target.kind == "python":
        for name, default in _defaults(plan.description.input_schema).items():
            if isinstance(default, list | dict) and not _MEANT.search(name):
                yield name


def kept(running: RunningScenario) -> Iterator[Finding]:
    """Yield the defaults that calls without the parameter have changed."""
    plan, base = running.plan, running.base()
    names = list(may_be_kept(plan))
    describe = getattr(running.session, "describe_again", None) if names and base is not None else None
    if base is None or describe is None:
        return
    for _ in range(_CALLS):
        running.call({name: value for name, value in base.items() if name not in names}, valid=True)
    before, now = _defaults(plan.description.input_schema), _defaults(describe(plan.tool).input_schema)
    for name in names:
        if name in now and not same_json(before[name], now[name]):
            yield Finding(
                "defaults",
                f"{plan.tool.name}: the default of {name} was {shorten(before[name], 80)}, and calls have made it "
                f"{shorten(now[name], 80)}",
                f"defaults kept {name}",
                f"the same default for every call ({plan.description.source or 'the signature'})",
            )


def _defaults(schema: Any) -> dict[str, Any]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    parts = properties.items() if isinstance(properties, dict) else ()
    return {name: part["default"] for name, part in parts if isinstance(part, dict) and "default" in part}
