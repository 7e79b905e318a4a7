"""Good values from other tools' results: an id that `create` returns feeds `get`, what `list` shows feeds `update`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from .answered import names_answered
from .cases import base_candidates
from .chains.roles import makes_by_setting, may_be_called, role_of, role_of_tool, schema_of, words_of
from .chains.values import all_new, keyed_values, listed_values, plain, unused_name, values_in_text, varied
from .checks.base import as_json, shorten
from .checks.error_text import is_report
from .checks.violation import is_valid
from .parts import parts_of
from .proof import Proof, prove
from .scenario import ToolPlan
from .spec.model import ToolSpec, ValueSet
from .targets.base import Outcome, ToolDescription

_TRIES = 4
_ASKED_ALIKE = 2
"""What was refused so often, with other results of siblings between, is not asked a third time."""
_VALUES = 6
_NAMED = 12
_LISTED = 8
_DEEPEST = 2
"""A task belongs to a project, and that to a team: so many creators behind the first."""
_MOST_OTHERS = 6
"""So many tools about other things are asked at last for an id."""
_BEGIN = frozenset(["open", "start", "begin", "book", "reserve", "place", "raise", "file", "launch", "submit"])
"""Verbs of their own by which a thing comes to be."""
_MOST_STEPS = 4
"""So many steps are taken where an id alone does not help."""
_IDS = ("id", "ids", "uuid", "key", "name", "number", "code", "slug", "sku", "ref", "handle")


def learn_from_siblings(
    plan: ToolPlan,
    call: Callable[[Mapping[str, Any]], Outcome],
    call_tool: Callable[[str, Mapping[str, Any]], Outcome],
) -> tuple[Proof, str] | None:
    """Return a proof whose base holds values of another tool's result, and that tool's name; None where none helps.

    One that is answered by what is there comes before one that is told that there is nothing. Of several parameters each
    is given such a value alone as well, and the other texts one that nobody has used: where a file is moved to, none may
    be yet.
    """
    required = plan.tool.input.get("required") if isinstance(plan.tool.input, Mapping) else None
    if not isinstance(required, list):
        return None
    learned: dict[str, ValueSet] = {}
    asked: dict[str, list[Outcome]] = {}

    def ask(sent: Mapping[str, Any]) -> Outcome:
        known = asked.setdefault(as_json(sent), [])
        if len(known) < _ASKED_ALIKE:
            known.append(call(sent))
        return known[-1]

    second_best: tuple[Proof, str] | None = None
    for name, given, whole in _results(plan, required, call_tool):
        result = _first_of(whole)
        wanted = [key for key in required if key not in plan.tool.values]
        found = {key: _found(result, given, key) for key in wanted}
        new = {key: ValueSet(valid=tuple(values)) for key, values in found.items() if values}
        learned |= new
        alone = ({key: new[key]} for key in new if len(new) > 1)
        beside_new = ({key: new[key], **others} for key in new if (others := _unused(plan.tool, wanted, key)))
        for values in (learned, *alone, *beside_new) if new else ():
            tool = replace(plan.tool, values={**plan.tool.values, **values})
            proof = prove(tool, ask, about=plan.description.description)
            if proof.base is not None and not proof.found_nothing:
                proof.listed = _listed(plan, whole, proof.base)
                return proof, name
            if proof.base is not None:
                second_best = second_best or (proof, name)
        for step in _steps(plan, new, call_tool):  # who checks out must have checked in
            asked.clear()
            tool = replace(plan.tool, values={**plan.tool.values, **learned})
            proof = prove(tool, ask, about=plan.description.description)
            if proof.base is not None and not proof.found_nothing:
                return proof, f"{name}, then {step}"
    return second_best


def _unused(tool: ToolSpec, required: Sequence[str], key: str) -> dict[str, ValueSet]:
    """Return a text that nobody has used for each other parameter that may be one."""
    parts = parts_of(tool.input)
    text = unused_name()
    return {
        name: ValueSet(valid=(text,))
        for name in required
        if name != key and name in parts and is_valid(parts[name], text)
    }


def _steps(
    plan: ToolPlan, known: Mapping[str, ValueSet], call_tool: Callable[[str, Mapping[str, Any]], Outcome]
) -> Iterator[str]:
    """Take a step with what was learned: call the tools with verbs of their own that need it too; yield those that accept it."""
    allowed = (tool for tool in plan.siblings if tool.name != plan.tool.name and may_be_called(plan.spec, tool))
    for tool in islice((tool for tool in allowed if role_of_tool(tool) is None), _MOST_STEPS):
        schema = schema_of(plan.spec, tool)
        required = schema.get("required") if isinstance(schema, Mapping) else None
        if isinstance(required, list) and not known.keys().isdisjoint(required):
            for given in islice(base_candidates(schema, values=known), _TRIES):
                if call_tool(tool.name, given).kind == "accepted":
                    yield tool.name
                    break


def values_from_siblings(
    plan: ToolPlan, key: str, call_tool: Callable[[str, Mapping[str, Any]], Outcome], *, last: bool = False
) -> Iterator[Any]:
    """Yield what siblings' results have for a parameter: what names further things that are listed, were made, or are made anew.

    `last`: of what is listed the last rows, the last one first, and not the first ones.
    """
    schemas = {tool.name: schema_of(plan.spec, tool) for tool in plan.siblings}
    for name, given, whole in _results(plan, [key], call_tool):
        rows = _list_in(whole)
        chosen = [whole] if not isinstance(rows, list) else rows[: -_LISTED - 1 : -1] if last else rows[:_LISTED]
        for row in chosen:
            yield from _found(row, given, key)[:1]
        new = all_new(schemas[name], given)
        if key in given and new != given and (made := call_tool(name, new)).kind == "accepted":
            yield from _found(_first_of(plain(made.value)), new, key)[:1]


def learned_attrs(tool: str, base: Any, source: str) -> dict[str, Any]:
    """Return what the warning says that offers a learned base for the spec."""
    example = f"tools: {{{tool}: {{examples: [{{input: {shorten(base, 300)}}}]}}}}"
    message = f"the base was learned from the result of {source}; for the spec: {example}"
    told = {"message": message, "severity": "warning", "cause": f"learned from {source}"}
    return {**told, "learned": base, "source": source}


def _found(result: Any, given: Mapping[str, Any], key: str) -> list[Any]:
    """Return the values for a parameter in a result, or what that call itself was given: a task belongs to its project."""
    values = list(islice(_values(result, key), _VALUES))
    return [given[key]] if key in given and not list(keyed_values(result, key)) else values


def accepted_values(proof: Proof, call: Callable[[Mapping[str, Any]], Outcome]) -> dict[str, list[Any]]:
    """Return of what refusals named as allowed the base's own value, and what is accepted in its place."""
    base: dict[str, Any] = proof.base or {}
    return {
        name: [value for value in named[:_NAMED] if value == base[name] or _is_taken(call({**base, name: value}))]
        for name, named in proof.named.items()
    }


def _is_taken(outcome: Outcome) -> bool:
    """Whether the tool did what was asked: an error that it sends as its result is no sign of that."""
    return outcome.kind == "accepted" and not is_report(outcome)


def _results(
    plan: ToolPlan,
    required: Sequence[str],
    call_tool: Callable[[str, Mapping[str, Any]], Outcome],
    depth: int = 0,
) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Yield what the siblings that list or create what this tool is about answer, those that list first.

    Then what others say that only read and ask for nothing. A creator may need the id of what another one makes.
    """
    for tool in _sources(plan, required):
        schema = schema_of(plan.spec, tool)
        taken = schema if schema is not None else {"type": "object"}
        for candidate in islice(_inputs(taken), _TRIES):
            outcome = call_tool(tool.name, candidate)
            if outcome.kind == "accepted":
                yield tool.name, candidate, plain(outcome.value)
                break
        else:
            if depth < _DEEPEST and (made := _made(plan, tool, taken, call_tool, depth + 1)) is not None:
                yield tool.name, *made


def _sources(plan: ToolPlan, required: Sequence[str]) -> Iterator[ToolDescription]:
    nouns = {_noun(plan.tool.name), (words_of(plan.tool.name) or [""])[-1], *map(_noun_of_key, required)}
    may_be_asked = [t for t in plan.siblings if t.name != plan.tool.name and may_be_called(plan.spec, t)]
    roles = {tool.name: role_of_tool(tool) or ("", "") for tool in may_be_asked}
    for wanted in ("list", "create"):
        yield from (tool for tool in may_be_asked if roles[tool.name][0] == wanted and roles[tool.name][1] in nouns)
    if not any(role[0] == "create" and role[1] in nouns for role in roles.values()):
        yield from (tool for tool in may_be_asked if roles[tool.name][1] in nouns and makes_by_setting(tool))
    yield from _makers(plan, required, may_be_asked, roles, nouns)
    yield from _silent(plan, may_be_asked, roles, nouns)
    if any(words_of(key)[-1:] == [word] for key in required for word in _IDS):  # an id, and no name says of what
        others = (
            t
            for way in ("list", "create")
            for t in may_be_asked
            if roles[t.name][0] == way and roles[t.name][1] not in nouns
        )
        yield from islice(others, _MOST_OTHERS)
        begins = (
            t for t in may_be_asked if not roles[t.name][0] and words_of(t.name)[:1] and words_of(t.name)[0] in _BEGIN
        )
        yield from islice((t for t in begins if not _needs(plan, t, required)), _MOST_OTHERS)


def _needs(plan: ToolPlan, tool: ToolDescription, keys: Collection[str]) -> bool:
    schema = schema_of(plan.spec, tool)
    needed = schema.get("required") or () if isinstance(schema, Mapping) else ()
    return not set(needed).isdisjoint(keys)


def _makers(
    plan: ToolPlan,
    required: Sequence[str],
    tools: Sequence[ToolDescription],
    roles: Mapping[str, tuple[str, str]],
    nouns: Collection[str | None],
) -> Iterator[ToolDescription]:
    """Yield what begins such a thing under a verb of its own (`open_order`, `book_room`): it answers the key, or names the thing.

    It needs no such key itself.
    """
    for tool in (tool for tool in tools if not roles[tool.name][0]):
        schema, answers = schema_of(plan.spec, tool), names_answered(plan, tool)
        needed = schema.get("required") or () if isinstance(schema, Mapping) else ()
        is_about_it = not set(words_of(tool.name)).isdisjoint(nouns) or not answers.isdisjoint(required)
        if is_about_it and not any(key in needed and key in answers for key in required):
            yield tool


def _silent(
    plan: ToolPlan,
    tools: Sequence[ToolDescription],
    roles: Mapping[str, tuple[str, str]],
    nouns: Collection[str | None],
) -> Iterator[ToolDescription]:
    """Yield the tools that only read, and need nothing."""
    for tool in tools:
        schema = schema_of(plan.spec, tool)
        asks_nothing = isinstance(schema, Mapping) and not schema.get("required")
        if roles[tool.name][1] not in nouns and asks_nothing and _only_reads(plan, tool):
            yield tool


def _only_reads(plan: ToolPlan, tool: ToolDescription) -> bool:
    written = plan.spec.tools.get(tool.name)
    said = written.annotations.read_only if written is not None else None
    return bool((tool.annotations or {}).get("read_only") if said is None else said)


def _made(
    plan: ToolPlan,
    tool: ToolDescription,
    schema: Any,
    call_tool: Callable[[str, Mapping[str, Any]], Outcome],
    depth: int,
) -> tuple[Mapping[str, Any], Any] | None:
    """Return what a creator is given and answers when it is given values of other tools' results; None where it goes on refusing."""
    required = schema.get("required") if isinstance(schema, Mapping) else None
    if not isinstance(required, list) or not required:
        return None
    about = replace(plan, tool=replace(plan.tool, name=tool.name, input=schema, values={}))
    for _, given, whole in _results(about, required, call_tool, depth):
        result = _first_of(whole)
        values = {key: ValueSet(valid=tuple(_found(result, given, key)[:_TRIES])) for key in required}
        for candidate in islice(base_candidates(schema, values=values), _TRIES):
            outcome = call_tool(tool.name, candidate)
            if outcome.kind == "accepted":
                return candidate, plain(outcome.value)
    return None


def _inputs(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield likely inputs, every second one with texts that nobody has used: a name may be taken."""
    for candidate in base_candidates(schema):
        yield candidate
        yield from islice(varied(schema, candidate), 1)


def _noun(tool: str) -> str | None:
    role = role_of(tool)
    return role[1] if role is not None else None


def _noun_of_key(key: str) -> str | None:
    """Return what a parameter names by an id: `note` of `note_id`."""
    words = words_of(key)
    if len(words) == 1:
        return words[0] if words[0] not in _IDS else None
    return "_".join(words[:-1]) if words[-1] in _IDS else None


def _listed(plan: ToolPlan, result: Any, base: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return by parameter what a list shows beside the base's own value; nothing for a tool that would remove it all."""
    if (role_of(plan.tool.name) or ("",))[0] == "delete" or plan.tool.annotations.destructive:
        return {}
    rows = _list_in(result)[:_LISTED] if isinstance(_list_in(result), list) else []
    found = {key: [value for row in rows for value in islice(_values(row, key), 1)] for key in base}
    return {
        key: [value for value in values if type(value) is type(base[key])]
        for key, values in found.items()
        if base[key] in values[:1] and len(values) > 1
    }


def _list_in(result: Any) -> Any:
    """Return the list that is a result's only member, else the result."""
    if isinstance(result, Mapping) and len(result) == 1 and isinstance(next(iter(result.values())), list):
        return next(iter(result.values()))
    return result


def _first_of(result: Any) -> Any:
    """Return the first element of a list, also of one that is a result's only member."""
    result = _list_in(result)
    return result[0] if isinstance(result, list) and result else result


def _values(result: Any, key: str) -> Iterator[Any]:
    named = (*keyed_values(result, key), *listed_values(result, key))
    if not named and words_of(key)[-1:] != ["id"]:  # the `cart` of a path takes what its creator calls `id`
        named = tuple(keyed_values(result, f"{key}_id"))
    for value in (*named, *values_in_text(result)):
        yield value
        if isinstance(value, str) and value.isdecimal():
            yield int(value)
