"""Chains by names and schemas: which tools make, read, change and remove one kind of thing, and what names it in each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..parts import part_of, parts_of
from ..spec.model import Spec
from ..targets.base import ToolDescription
from .roles import (
    ONLY_TELLS,
    VERBS,
    makes_by_setting,
    may_be_called,
    properties_of,
    required_of,
    role_of,
    role_of_tool,
    schema_of,
    words_of,
)

_OF_ANOTHER_TIME = re.compile(
    r"refresh|cache|fresh|force|delet|remov|archiv|trash|snapshot|as_?of|version|revision|histor", re.IGNORECASE
)
_OPTIONS_OF_DELETING = re.compile(r"dry|confirm|force|soft|perman|purge|archive|cascade", re.IGNORECASE)
_MOST_READERS = 3
_NAME_OF_ONE = re.compile(
    r"(?:^|_)(?:id|key|uuid|guid|name|slug|number|no|code|handle|title|path|ref|reference|alias|username|email|sku|symbol"
    r"|hash|sha|tag|isbn|serial)$"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """Tools that make, read, change and remove one kind of thing; `key` is the reader's parameter that names it."""

    create: str
    read: str
    key: str
    update: str | None = None
    delete: str | None = None
    lister: str | None = None
    """A tool that lists such things and needs no arguments but the shared ones."""
    shared: tuple[str, ...] = ()
    """What the reader needs beside the key, as the creator was given it: the project of a task."""
    keys: tuple[tuple[str, str], ...] = ()
    """Tools that call the key by another name, with that name."""
    is_by_key: bool = False
    """Whether nothing but the key that it is given says that `create` makes the thing; it must be seen to."""
    is_by_name: bool = True
    """Whether the update says by its name that it changes the thing; another one must be seen to change it."""

    def key_of(self, tool: str) -> str:
        """Return how a tool calls the key."""
        return dict(self.keys).get(tool, self.key)

    @property
    def id(self) -> str:
        """The name of the item: the tools in the order in which they are called."""
        return f"chain[{'-'.join(name for name in (self.create, self.read, self.update, self.delete) if name)}]"


def chain_from(spec: Spec, create: str, tools: Sequence[ToolDescription]) -> Chain | None:
    """Return the first chain that begins with the tool `create`; None where names and schemas do not show one."""
    return next(chains_from(spec, create, tools), None)


def chains_from(spec: Spec, create: str, tools: Sequence[ToolDescription]) -> Iterator[Chain]:
    """Yield the chains that begin with the tool `create`: each reader stands in one, and so does each update."""
    role = next((role_of_tool(tool) for tool in tools if tool.name == create), role_of(create))
    allowed = [tool for tool in tools if may_be_called(spec, tool)]
    by_key = _noun_by_key(spec, create, allowed, role)
    role = ("create", by_key) if by_key is not None else role
    if role is None:
        return
    found = {name: [tool for tool in allowed if role_of_tool(tool) == (name, role[1])] for name in VERBS}
    if by_key is not None:
        found["create"] = [tool for tool in allowed if tool.name == create]
    elif not found["create"]:
        found["create"] = [tool for tool in found["update"] if tool.name == create and makes_by_setting(tool)]
        found["update"] = [] if found["create"] else found["update"]
    makers = [tool for tool in found["create"] if tool.name == create]
    if not makers:
        return
    given = properties_of(schema_of(spec, makers[0]))
    updates = [*found["update"], *_moving(spec, makers[0], [tool for tool in allowed if role_of_tool(tool) is None])]
    changing = [required_of(schema_of(spec, tool)) for tool in (*updates, *found["delete"])]
    # A slot, a seat: whatever it is called, what a creator is not given and others cannot do without is an id.
    wanted = {name for names in changing for name in names if name not in given}
    readers = _readers(spec, found["read"], role[1], given, wanted)
    if role[0] == "update":
        readers = [each for each in readers if each[1] in given]
    for at, (reader, key, shared) in enumerate(readers):
        some: Sequence[ToolDescription | None] = updates[: None if at == 0 else 1] or [None]
        for update in some:
            chain = _chain(spec, (create, reader, update), key, shared, found, role[1])
            yield chain if by_key is None else replace(chain, is_by_key=True)


def _noun_by_key(spec: Spec, name: str, allowed: Sequence[ToolDescription], role: tuple[str, str] | None) -> str | None:
    """Return what a tool may make by a verb of its own: it is given the key by which one tool reads, and none else makes it.

    `index_doc(doc, text)` and `get_doc(doc)`. Whether it does make one must be seen.
    """
    maker = next((tool for tool in allowed if tool.name == name), None)
    roles = [role_of_tool(tool) or ("", "") for tool in allowed]
    if maker is None or (maker.source or "").startswith("GET ") or (maker.annotations or {}).get("read_only"):
        return None
    if (role is not None and role[0] != "create") or role_of(name) is not None or _tells(name):
        return None
    schema = schema_of(spec, maker)
    given, needed = parts_of(schema), required_of(schema)
    found = set()
    for tool, (what, noun) in zip(allowed, roles, strict=True):
        keys = required_of(schema_of(spec, tool))
        is_named = len(keys) == 1 and set(keys) < set(needed) and words_of(keys[0])[-1:][0] not in _GIVEN_OUT
        if what == "read" and is_named and ("create", noun) not in roles:
            found |= {noun} if _is_alike(given[keys[0]], part_of(schema_of(spec, tool), keys[0])) else set()
    return found.pop() if len(found) == 1 else None


_GIVEN_OUT = frozenset(["id", "uuid", "guid", "number"])
"""A key of such a name is given out, as a rule, and not chosen by who makes the thing."""


def _tells(name: str) -> bool:
    return any(ONLY_TELLS.match(word) for word in words_of(name))


def _moving(spec: Spec, maker: ToolDescription, tools: Sequence[ToolDescription]) -> Iterator[ToolDescription]:
    """Yield tools with a verb of their own that take what the maker takes, and one thing more, which names what is changed.

    `move_event(event_id, start)`. Their names say not that they change the thing: that must be seen (`is_by_name`).
    """
    made = parts_of(schema_of(spec, maker))
    for tool in tools:
        taken, needed = parts_of(schema_of(spec, tool)), required_of(schema_of(spec, tool))
        others = [name for name in needed if name not in made]
        says_no = (tool.annotations or {}).get("read_only") or (tool.source or "").startswith("GET ")
        values = [name for name in taken if name not in others]
        is_same = bool(values) and all(_is_alike(taken[name], made.get(name)) for name in values)
        if len(others) == 1 and is_same and not says_no and not _tells(tool.name):
            yield tool


def _is_alike(part: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    """Whether two parameters take values of the same kind, null aside: between the same bounds, of the same members."""
    return other is not None and _bare(part) == _bare(other)


def _bare(part: Mapping[str, Any]) -> list[tuple[str, str]]:
    branches = [each for each in part.get("anyOf", ()) if isinstance(each, Mapping) and each.get("type") != "null"]
    bare = {**part, **(branches[0] if len(branches) == 1 else {})}
    return sorted(
        (key, str(value)) for key, value in bare.items() if key not in ("anyOf", "default", "description", "title")
    )


def _readers(
    spec: Spec, tools: Sequence[ToolDescription], noun: str, given: Mapping[str, Any], wanted: Collection[str]
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the readers with their key, and what they need beside it that the creator was `given`.

    A key has the name of an id, or is `wanted` by what changes or removes such things too.
    """
    found = []
    for tool in tools:
        key, shared = _key_and_shared(schema_of(spec, tool), noun, given)
        if key is not None and (key in wanted or _names_one(key, noun)):
            found.append((tool.name, key, shared))
    return found[:_MOST_READERS]


def _key_and_shared(schema: Any, noun: str, given: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    required = required_of(schema)
    own = [name for name in required if name not in given]
    if len(required) > 1 and not own:
        own = [
            name for name in required if "_".join(words_of(name)) in (noun, f"{noun}_id", f"{noun}_name", "name", "id")
        ]
    key = required[0] if len(required) == 1 else own[0] if len(own) == 1 else None
    return key, tuple(name for name in required if name != key)


def _chain(
    spec: Spec,
    tools: tuple[str, str, ToolDescription | None],
    key: str,
    shared: tuple[str, ...],
    found: Mapping[str, Sequence[ToolDescription]],
    noun: str,
) -> Chain:
    create, read, update = tools
    calls_it = {
        tool.name: name
        for tool in (*found["update"], *found["delete"], *([update] if update is not None else []))
        if (name := _key_in(schema_of(spec, tool), key, noun)) is not None
    }
    updates = [update.name] if update is not None and update.name in calls_it else []
    deletes = [
        tool.name
        for tool in found["delete"]
        if tool.name in calls_it and _takes_only(schema_of(spec, tool), {calls_it[tool.name], *shared})
    ]
    listers = [t.name for t in (*found["list"], *found["read"]) if not {*properties_of(schema_of(spec, t))} - {*shared}]
    listers = listers or [t.name for t in found["list"] if _may_list_all(schema_of(spec, t), shared)]
    change, remove, lister = (some[0] if len(some) == 1 else None for some in (updates, deletes, listers))
    other = tuple((tool, calls_it[tool]) for tool in (change, remove) if tool is not None and calls_it[tool] != key)
    is_by_name = update is None or update in found["update"]
    return Chain(create, read, key, change, remove, lister, shared, other, is_by_name=is_by_name)


def _may_list_all(schema: Any, shared: Collection[str]) -> bool:
    """Whether a list needs nothing else, and has no option that says what it shows: what was once, or is deleted."""
    return not {*required_of(schema)} - {*shared} and not any(
        _OF_ANOTHER_TIME.search(name) for name in properties_of(schema)
    )


def _key_in(schema: Any, key: str, noun: str) -> str | None:
    """Return what the key is called in a schema: an id may be called `id` in one tool and `note_id` in another."""
    properties = properties_of(schema)
    if key in properties:
        return key
    words = "_".join(words_of(key))
    many = {f"{name}s" for name in (words, "id", f"{noun}_id")} | {f"{noun}_{words}s"}
    arrays = [
        name for name in required_of(schema) if "_".join(words_of(name)) in many and _is_array(properties.get(name))
    ]
    if len(arrays) == 1:
        return arrays[0]
    ids = {"id", f"{noun}_id", f"{noun}_key", f"{noun}_uuid"}
    others = [name for name in required_of(schema) if "_".join(words_of(name)) in ids]
    return others[0] if len(others) == 1 and words in ids else None


def _is_array(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "array"


def _takes_only(schema: Any, names: Collection[str]) -> bool:
    """Whether deleting needs these alone, and has no option that makes it something else than deleting."""
    is_plain = not any(_OPTIONS_OF_DELETING.search(name) for name in properties_of(schema))
    return is_plain and set(required_of(schema)) <= set(names)


def _names_one(key: str, noun: str) -> bool:
    text = "_".join(words_of(key))
    return _NAME_OF_ONE.search(text) is not None or text == noun
