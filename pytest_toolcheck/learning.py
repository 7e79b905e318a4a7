"""Good values from other tools' results: an id that `create` returns feeds `get`, what `list` shows feeds `update`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from .cases import base_candidates
from .chain_roles import may_be_called, role_of, schema_of
from .chains import _plain, keyed_values, values_in_text
from .proof import Proof, prove
from .scenario import ToolPlan
from .spec.model import ValueSet
from .targets.base import Outcome

_TRIES = 4
_VALUES = 6


def learn_from_siblings(
    plan: ToolPlan,
    call: Callable[[Mapping[str, Any]], Outcome],
    call_tool: Callable[[str, Mapping[str, Any]], Outcome],
) -> tuple[Proof, str] | None:
    """Return a proof whose base holds values of another tool's result, and that tool's name; None where none helps."""
    required = plan.tool.input.get("required") if isinstance(plan.tool.input, Mapping) else None
    if not isinstance(required, list):
        return None
    for name, result in _results(plan, call_tool):
        found = {key: list(islice(_values(result, key), _VALUES)) for key in required if key not in plan.tool.values}
        learned = {key: ValueSet(valid=tuple(values)) for key, values in found.items() if values}
        if learned:
            proof = prove(replace(plan.tool, values={**plan.tool.values, **learned}), call)
            if proof.base is not None:
                return proof, name
    return None


def _results(plan: ToolPlan, call_tool: Callable[[str, Mapping[str, Any]], Outcome]) -> Iterator[tuple[str, Any]]:
    """Yield what the siblings that list or create the same thing answer, those that list first."""
    noun = (role_of(plan.tool.name) or ("", None))[1]
    for wanted in ("list", "create"):
        for tool in plan.siblings:
            is_other = tool.name != plan.tool.name and role_of(tool.name) == (wanted, noun)
            if not is_other or not may_be_called(plan.spec, tool):
                continue
            schema = schema_of(plan.spec, tool)
            for candidate in islice(base_candidates(schema if schema is not None else {"type": "object"}), _TRIES):
                outcome = call_tool(tool.name, candidate)
                if outcome.kind == "accepted":
                    yield tool.name, _first_of(_plain(outcome.value))
                    break


def _first_of(result: Any) -> Any:
    """Return the first element of a list, also of one that is a result's only member."""
    if isinstance(result, Mapping) and len(result) == 1 and isinstance(next(iter(result.values())), list):
        result = next(iter(result.values()))
    return result[0] if isinstance(result, list) and result else result


def _values(result: Any, key: str) -> Iterator[Any]:
    for value in (*keyed_values(result, key), *values_in_text(result)):
        yield value
        if isinstance(value, str) and value.isdecimal():
            yield int(value)
