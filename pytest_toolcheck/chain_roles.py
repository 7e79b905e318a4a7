"""Which tools of a target belong together, by their names and schemas: create, read, update, delete of one thing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .parts import parts_of
from .spec.model import Spec, ToolSpec
from .targets.base import ToolDescription

VERBS: Mapping[str, frozenset[str]] = {
    "create": frozenset(
        [
            "create",
            "add",
            "new",
            "insert",
            "register",
            "make",
            "upload",
            "save",
            "store",
            "put",
            "write",
            "upsert",
        ]
    ),
    "read": frozenset(
        [
            "get",
            "read",
            "fetch",
            "show",
            "find",
            "lookup",
            "load",
            "view",
            "retrieve",
            "download",
            "describe",
            "inspect",
            "recall",
        ]
    ),
    "update": frozenset(["update", "edit", "modify", "set", "patch", "rename", "change", "replace"]),
    "delete": frozenset(["delete", "remove", "destroy", "erase", "del", "drop", "forget", "discard", "unregister"]),
    "list": frozenset(["list", "search", "all", "query"]),
}
_VERBS_OF_THEIR_OWN = frozenset(
    ["open", "close", "start", "stop", "begin", "finish", "cancel", "join", "sell", "reserve", "announce"]
)
_OPERATION = re.compile(r"(?P<method>GET|POST|PUT|PATCH|DELETE) (?P<path>/\S*)")
_METHODS: Mapping[tuple[str, bool], str] = {
    ("POST", False): "create",
    ("GET", False): "list",
    ("GET", True): "read",
    ("PUT", True): "update",
    ("PATCH", True): "update",
    ("DELETE", True): "delete",
}
"""By method, and whether the path ends in a parameter."""
_OF_ANOTHER_TIME = re.compile(
    r"refresh|cache|fresh|force|delet|remov|archiv|trash|snapshot|as_?of|version|revision|histor", re.IGNORECASE
)
_OPTIONS_OF_DELETING = re.compile(r"dry|confirm|force|soft|perman|purge|archive|cascade", re.IGNORECASE)
ONLY_TELLS = re.compile(
    r"preview|dry|simul|quot|estim|draft|try$|validat|check$|tests?$|render|plan$|suggest|propos|compar|diff|format|calc"
    r"|comput|convert|translat|predict|schedul|queue|enqueue|submit|request|async|jobs?$|export|report|send|publish"
)
"""Words of what tells what would be, or is done later or elsewhere: its answer is no word of how things are now."""
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
    is_by_name: bool = True
    """Whether the update says by its name that it changes the thing; another one must be seen to change it."""

    def key_of(self, tool: str) -> str:
        """Return how a tool calls the key."""
        return dict(self.keys).get(tool, self.key)

    @property
    def id(self) -> str:
        """The name of the item: the tools in the order in which they are called."""
        return f"chain[{'-'.join(name for name in (self.create, self.read, self.update, self.delete) if name)}]"


def words_of(name: str) -> list[str]:
    """Return the words of a tool's or parameter's name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def role_of(name: str) -> tuple[str, str] | None:
    """Return what a tool does, and to what ("create", "note"); None where its name does not say."""
    words = words_of(name)
    has_its_own = bool(words) and words[0] in _VERBS_OF_THEIR_OWN
    for at, word in enumerate(words[:-1] if has_its_own else words):  # `open_show` opens a show and shows nothing
        role = next((role for role, verbs in VERBS.items() if word in verbs), None)
        if role is not None:
            return role, "_".join(_singular(other) for other in words[:at] + words[at + 1 :])
    return None


def role_of_tool(tool: ToolDescription) -> tuple[str, str] | None:
    """Return the role that the method and the path of an HTTP tool say (`DELETE /notes/{id}`), else that of its name."""
    match = _OPERATION.fullmatch(tool.source or "")
    if match is None:
        return role_of(tool.name)
    parts = [part for part in match["path"].split("/") if part]
    named = [part for part in parts if "{" not in part]
    if match["method"] == "POST" and named[-1:] == parts[-1:] and _begins_with_a_verb(named[-1] if named else ""):
        return role_of(named[-1])  # a call by name: `POST /get_note`
    role = _METHODS.get((match["method"], bool(parts) and "{" in parts[-1]))
    return (role, "_".join(map(_singular, words_of(named[-1])))) if role and named else None


def _begins_with_a_verb(part: str) -> bool:
    words = words_of(part)
    return len(words) > 1 and any(words[0] in verbs for verbs in VERBS.values())


def makes_by_setting(tool: ToolDescription) -> bool:
    """Whether a tool that changes may make the thing: `set_place`, `PUT /places/{name}`, of a key that its caller chooses."""
    if _is_operation(tool):
        return (tool.source or "").startswith("PUT ")
    role = role_of(tool.name)
    return role is not None and role[0] == "update" and "set" in words_of(tool.name)


def _is_operation(tool: ToolDescription) -> bool:
    return _OPERATION.fullmatch(tool.source or "") is not None


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def chain_from(spec: Spec, create: str, tools: Sequence[ToolDescription]) -> Chain | None:
    """Return the first chain that begins with the tool `create`; None where names and schemas do not show one."""
    return next(chains_from(spec, create, tools), None)


def chains_from(spec: Spec, create: str, tools: Sequence[ToolDescription]) -> Iterator[Chain]:
    """Yield the chains that begin with the tool `create`: each reader stands in one, and so does each update."""
    role = next((role_of_tool(tool) for tool in tools if tool.name == create), role_of(create))
    if role is None:
        return
    allowed = [tool for tool in tools if may_be_called(spec, tool)]
    found = {name: [tool for tool in allowed if role_of_tool(tool) == (name, role[1])] for name in VERBS}
    if not found["create"]:
        found["create"] = [tool for tool in found["update"] if tool.name == create and makes_by_setting(tool)]
        found["update"] = [] if found["create"] else found["update"]
    makers = [tool for tool in found["create"] if tool.name == create]
    if not makers:
        return
    given = _properties(schema_of(spec, makers[0]))
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
            yield _chain(spec, (create, reader, update), key, shared, found, role[1])


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
        if len(others) == 1 and is_same and not says_no and not any(ONLY_TELLS.match(w) for w in words_of(tool.name)):
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
    listers = [t.name for t in (*found["list"], *found["read"]) if not {*_properties(schema_of(spec, t))} - {*shared}]
    listers = listers or [t.name for t in found["list"] if _may_list_all(schema_of(spec, t), shared)]
    change, remove, lister = (some[0] if len(some) == 1 else None for some in (updates, deletes, listers))
    other = tuple((tool, calls_it[tool]) for tool in (change, remove) if tool is not None and calls_it[tool] != key)
    is_by_name = update is None or update in found["update"]
    return Chain(create, read, key, change, remove, lister, shared, other, is_by_name)


def _key_in(schema: Any, key: str, noun: str) -> str | None:
    """Return what the key is called in a schema: an id may be called `id` in one tool and `note_id` in another."""
    properties = _properties(schema)
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


def may_use_up(tool: ToolSpec) -> bool:
    """Whether nothing says that equal calls are answered equally: no annotation, and no name that reads."""
    promises = tool.annotations
    if promises.read_only or promises.idempotent or promises.deterministic:
        return False
    return (role_of(tool.name) or ("",))[0] not in ("read", "list")


def may_be_called(spec: Spec, tool: ToolDescription) -> bool:
    """Whether the spec lets this tool be called beside the tool under test."""
    if not spec.discovers_tools:
        named = spec.tools.get(tool.name)
        return named is not None and all(skip.cases is not None for skip in named.skips)
    return "destructive" in spec.allow or (tool.annotations or {}).get("destructive") is not True


def schema_of(spec: Spec, tool: ToolDescription) -> Any:
    """Return a tool's input schema, as the spec says or as it was discovered."""
    named = spec.tools.get(tool.name)
    return tool.input_schema if named is None or named.input is None else named.input


def _properties(schema: Any) -> Mapping[str, Any]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def required_of(schema: Any) -> list[str]:
    """Return the parameters that an input schema requires."""
    required = schema.get("required", []) if isinstance(schema, Mapping) else []
    return required if isinstance(required, list) else []


def _may_list_all(schema: Any, shared: Collection[str]) -> bool:
    """Whether a list needs nothing else, and has no option that says what it shows: what was once, or is deleted."""
    return not {*required_of(schema)} - {*shared} and not any(
        _OF_ANOTHER_TIME.search(name) for name in _properties(schema)
    )


def _takes_only(schema: Any, names: Collection[str]) -> bool:
    """Whether deleting needs these alone, and has no option that makes it something else than deleting."""
    is_plain = not any(_OPTIONS_OF_DELETING.search(name) for name in _properties(schema))
    return is_plain and set(required_of(schema)) <= set(names)


def _names_one(key: str, noun: str) -> bool:
    text = "_".join(words_of(key))
    return _NAME_OF_ONE.search(text) is not None or text == noun
