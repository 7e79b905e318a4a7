"""What a tool does, and to what, by its name, its method and path: create, read, update, delete, list; what it may be called for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..spec.model import Spec, ToolSpec
from ..targets.base import ToolDescription

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
SIZES = frozenset(["limit", "page_size", "per_page", "max_results", "max_items"])
"""Not `size`, `max` or `count`: the rows of a board and the numbers below a bound are no pages."""
ONLY_TELLS = re.compile(
    r"preview|dry|simul|quot|estim|draft|try$|validat|check$|tests?$|render|plan$|suggest|propos|compar|diff|format|calc"
    r"|comput|convert|translat|predict|schedul|queue|enqueue|submit|request|async|jobs?$|export|report|send|publish"
)
"""Words of what tells what would be, or is done later or elsewhere: its answer is no word of how things are now."""


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
            return role, "_".join(singular(other) for other in words[:at] + words[at + 1 :])
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
    return (role, "_".join(map(singular, words_of(named[-1])))) if role and named else None


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


def singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


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


def properties_of(schema: Any) -> Mapping[str, Any]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def required_of(schema: Any) -> list[str]:
    """Return the parameters that an input schema requires."""
    required = schema.get("required", []) if isinstance(schema, Mapping) else []
    return required if isinstance(required, list) else []
