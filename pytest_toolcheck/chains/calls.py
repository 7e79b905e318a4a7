"""Calling the tools of a chain, and which value names what was made: shown by reading it, never by its name alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ..behaviour.fresh_values import begun_alike, last_in_order
from ..cases.model import Case
from ..checks import Evidence, Finding
from ..checks.base import shorten
from ..checks.error_text import is_report, reports_an_error
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from ..scenario import ScenarioSkipped, ToolContext, ToolPlan
from ..targets.base import Outcome
from .lists import largest_page
from .roles import role_of_tool, schema_of, words_of
from .tools import Chain
from .values import (
    denies,
    keyed_values,
    later_digits,
    listed_values,
    made_up,
    new_key,
    other_values,
    own_values,
    plain,
    shows_any,
    values_in_text,
    varied,
    with_new_texts,
    without,
)

BAD = ("crashed", "timed_out", "lost")
NOT_VISIBLE = "chain: update not visible"
"""The cause of the finding that an update has no effect."""
_VARIED = 5


def reports_as_success(plan: ToolPlan, tool: str, outcome: Outcome) -> bool:
    """Whether a sibling's MCP result is the plain report of an error without its flag; asked where another result is known to differ."""
    if not isinstance(outcome.raw, Mapping) or "isError" not in outcome.raw:
        return False  # a service may put all of its answers into one envelope
    written = plan.spec.tools.get(tool) or replace(plan.spec.defaults, name=tool)
    described = next((each.output_schema for each in plan.siblings if each.name == tool), None)
    spec = replace(written, output=written.output or described)
    case = Case("chain", {}, "valid", "chain", "", "in a chain")
    evidence = Evidence(tool=spec, case=case, outcome=outcome)
    return spec.checks.get("error_text") is not False and reports_an_error(evidence)


class ChainCalls:
    """What one pass through a chain has made and read so far."""

    def __init__(self, ctx: ToolContext, chain: Chain) -> None:
        self._ctx = ctx
        self._chain = chain
        self._schemas = {tool.name: schema_of(ctx.plan.spec, tool) for tool in ctx.plan.siblings}
        self._steps: list[str] = []
        self._offered: Mapping[str, Any] = {}
        self._other: Any = None
        self._beside: Any = None
        self._accepted_change: Mapping[str, Any] | None = None
        self._is_seen_to_change = chain.is_by_name
        """Whether the update says so, or has been seen to change the thing."""

    def _others(self, second: Any, given: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what names the thing that was made second."""
        named = [*self._candidates(second), *self._fitting(values_in_text(second))]
        named += [given[name] for name in (self._chain.key,) if name in given]
        yield from (key for key in named if self._is_there(self._read(key), key))
        for key in self._fitting(other_values(second)):
            found = self._read(key, log=False)
            if self._is_there(found, key) and shows_any(plain(found.value), given):
                yield key

    def _create(self, base: dict[str, Any], beside: Mapping[str, Any] | None = None) -> tuple[Any, Mapping[str, Any]]:
        """Make a thing, and return the answer and what was given.

        Where its caller names it, the first comes last in every list, and one `beside` it has a name that begins alike.
        """
        schema = self._schemas[self._chain.create]
        shared = self._shared(base)
        plainly_new = list(with_new_texts(schema, base))
        named = new_key(schema, plainly_new[0] if plainly_new else base, self._chain.key, base)
        candidates = [*named, *plainly_new, base, *islice(varied(schema, base), _VARIED)]
        key, part = self._chain.key, part_of(schema, self._chain.key)
        if beside is not None and (near := begun_alike(part, beside.get(key))) is not None:
            candidates.insert(0, {**candidates[0], key: near})
        elif beside is None and (last := last_in_order(part, candidates[0].get(key), later_digits())) is not None:
            candidates.insert(0, {**candidates[0], key: last})
        for candidate in candidates:
            arguments = {**candidate, **shared}
            outcome = self._call(self._chain.create, arguments)
            if outcome.kind == "accepted":
                return plain(outcome.value), arguments
            self._steps.pop()
            if outcome.kind not in ("refused", "crashed"):
                break
        return None, base

    def _is_named_alike(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
        """Whether the caller named two things alike that he made."""
        key = self._chain.key
        return key in first and key in second and first[key] == second[key]

    def _shared(self, base: Mapping[str, Any]) -> dict[str, Any]:
        return {name: base[name] for name in self._chain.shared if name in base}

    def _about(self, tool: str, key: Any) -> dict[str, Any]:
        """Return the arguments with which a tool is called about one thing."""
        taken = self._schemas.get(tool)
        known = taken.get("properties", {}) if isinstance(taken, Mapping) else {}
        shared = {name: value for name, value in self._shared(self._ctx.base() or {}).items() if name in known}
        name = self._chain.key_of(tool)
        takes_many = isinstance(known.get(name), Mapping) and known[name].get("type") == "array"
        return {**shared, name: [key] if takes_many and not isinstance(key, list) else key}

    def _set_elsewhere(self) -> Iterator[str]:
        """Yield what only tools outside of the chain are given, and such as change things."""
        plan = self._ctx.plan
        own = {
            name
            for tool in (self._chain.create, self._chain.update)
            for name in parts_of(self._schemas.get(tool or ""))
        }
        for tool in plan.siblings:
            is_reading = (role_of_tool(tool) or ("",))[0] in ("read", "list") or (tool.annotations or {}).get(
                "read_only"
            )
            names = () if is_reading else parts_of(self._schemas[tool.name])
            yield from (name for name in names if name not in own and name != self._chain.key)

    def _list(self) -> Any:
        lister = self._chain.lister or ""
        schema = self._schemas.get(lister)
        taken = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
        shared = self._shared(self._ctx.base() or {})
        given = {name: value for name, value in shared.items() if name in taken}
        outcome = self._call(lister, {**given, **largest_page(schema)})
        return plain(outcome.value) if outcome.kind == "accepted" else None

    def _key_of(self, result: Any, offered: Mapping[str, Any]) -> Any:
        """Return the value that names the new thing, proven: it is read, and a made-up one is not."""
        named = list(self._fitting(own_values(result, self._chain.key, self._noun)))
        candidates = [*self._candidates(result)] + [offered[name] for name in (self._chain.key,) if name in offered]
        candidates += self._fitting(values_in_text(result))
        sure = len(candidates)
        candidates += [other for other in self._fitting(other_values(result)) if other not in candidates]
        for at, candidate in enumerate(candidates):
            self._miss = self._read(made_up(candidate), log=False)
            self._missing_key = made_up(candidate)
            found = self._read(candidate)
            if at >= sure and not (found.kind == "accepted" and shows_any(plain(found.value), offered)):
                continue
            if found.kind in BAD and self._miss.kind not in BAD:
                return self._wrong(f"{self._chain.read} {found.kind} on what {self._chain.create} made", "read fails")
            if self._is_there(found, candidate):
                self._before = plain(found.value)
                return candidate
        is_id = words_of(self._chain.key)[-1:] in (["id"], ["uuid"], ["guid"], ["key"])
        if (
            len(named) == 1
            and is_id
            and not self._chain.is_by_key
            and self._miss.kind == "refused"
            and self._read(named[0], log=False).kind == "refused"
        ):
            text = f"{self._chain.read} refuses {shorten(named[0], 60)}, which {self._chain.create} has just returned"
            return self._wrong(text, "read refuses")
        raise ScenarioSkipped(f"nothing that {self._chain.create} returns is shown to be what {self._chain.read} takes")

    def _candidates(self, result: Any) -> Iterator[Any]:
        key = self._chain.key
        return self._fitting([*keyed_values(result, key, self._noun), *listed_values(result, key, self._noun)])

    @property
    def _noun(self) -> str:
        role = next((role_of_tool(tool) for tool in self._ctx.plan.siblings if tool.name == self._chain.read), None)
        return role[1] if role is not None else ""

    def _fitting(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the values in the form that the reader's schema takes."""
        schema = part_of(self._schemas[self._chain.read], self._chain.key)
        for value in values:
            for form in (value, str(value), int(value) if str(value).isdecimal() else value):
                if is_valid(schema, form):
                    yield form
                    break

    def _read(self, key: Any, *, log: bool = True) -> Outcome:
        return self._call(self._chain.read, self._about(self._chain.read, key), log=log)

    def _is_there(self, outcome: Outcome, key: Any) -> bool:
        """Whether an answer differs from the one about a thing that does not exist; an echo of the key does not count."""
        if outcome.kind != "accepted":
            return False
        if self._miss.kind != "accepted":
            return self._miss.kind == "refused"
        return without(plain(outcome.value), key) != without(plain(self._miss.value), self._missing_key)

    def _call(self, name: str, arguments: Mapping[str, Any], *, log: bool = True) -> Outcome:
        if name == self._ctx.plan.tool.name:
            outcome = self._ctx.call(arguments)
        else:
            outcome = self._ctx.call_tool(name, arguments)
        if outcome.kind == "accepted" and (is_report(outcome) or denies(plain(outcome.value), self._role(name))):
            outcome = replace(outcome, kind="refused")
        said = outcome.value if outcome.kind == "accepted" else outcome.error.message if outcome.error else ""
        if log:
            self._steps.append(f"{name} {shorten(dict(arguments), 200)} -> {outcome.kind} {shorten(said, 200)}")
        return outcome

    def _is_reported_as_success(self, tool: str, outcome: Outcome) -> bool:
        return reports_as_success(self._ctx.plan, tool, replace(outcome, kind="accepted"))

    def _role(self, tool: str) -> str:
        return {self._chain.delete: "delete", self._chain.update: "update"}.get(tool, "")

    def _wrong(self, message: str, cause: str) -> Finding:
        steps = "\n".join(self._steps)
        promised = "what is created can be read, what is changed shows, what is deleted is gone, and nothing else is"
        return Finding("chain", message, f"chain: {cause}", promised, details=(("calls", steps),))
