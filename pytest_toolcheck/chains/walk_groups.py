"""Which tools work on one thing that goes through states: what opens it, what works on it, what closes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..answered import names_answered
from ..scenario import ToolPlan
from ..targets.base import ToolDescription
from .roles import may_be_called, role_of, schema_of, words_of

MOST_TOOLS, _FEWEST = 6, 2
_ID_WORDS = frozenset(["id", "ids", "uuid", "key", "number", "code", "handle", "ref", "token"])
_COUNTERPARTS: Mapping[str, tuple[str, ...]] = {
    "start": ("stop", "end", "finish", "pause", "cancel"),
    "open": ("close",),
    "push": ("pop",),
    "begin": ("commit", "rollback", "end", "finish"),
    "lock": ("unlock",),
    "acquire": ("release",),
    "login": ("logout",),
    "enable": ("disable",),
    "enqueue": ("dequeue",),
    "subscribe": ("unsubscribe",),
    "join": ("leave",),
    "do": ("undo",),
    "undo": ("redo",),
    "deposit": ("withdraw",),
    "checkin": ("checkout",),
    "connect": ("disconnect",),
    "mount": ("unmount",),
    "pause": ("resume",),
    "play": ("pause", "stop"),
    "reserve": ("release", "cancel"),
    "put": ("take",),
    "add": ("take", "pop", "clear"),
    "increment": ("decrement", "reset"),
    "turn": ("reset",),
}


def group_of(plan: ToolPlan) -> list[ToolDescription]:
    """Return the tools of a walk that this tool is the first of; empty where it is of none, or another is the first."""
    tools = [tool for tool in plan.siblings if may_be_called(plan.spec, tool) and tool.uncallable is None]
    group = _linked(plan, tools) or _counterparts(plan, tools)
    owner = next((tool.name for tool in group if role_of(tool.name) is None), None)
    return group[:MOST_TOOLS] if owner == plan.tool.name else []


def required(plan: ToolPlan, tool: ToolDescription) -> list[str]:
    """Return what a tool cannot do without."""
    schema = schema_of(plan.spec, tool)
    names = schema.get("required") if isinstance(schema, Mapping) else None
    return list(names) if isinstance(names, list) else []


def is_id(name: str) -> bool:
    """Whether a parameter names a thing: `order_id`, `key`."""
    return bool(words := words_of(name)) and words[-1] in _ID_WORDS


def _linked(plan: ToolPlan, tools: Sequence[ToolDescription]) -> list[ToolDescription]:
    """Return what makes a thing that this tool makes or works on, what works on it, and what answers it as well."""
    for maker in tools:
        steps = [tool for tool in tools if tool is not maker and _makes_for(plan, maker, tool)]
        keys = {name for tool in steps for name in required(plan, tool) if is_id(name)}
        beside = [tool for tool in tools if tool is not maker and tool not in steps]
        steps += [tool for tool in beside if not keys.isdisjoint(names_answered(plan, tool))]
        if len(steps) >= _FEWEST and plan.tool.name in {maker.name, *(tool.name for tool in steps)}:
            return [maker, *steps]
    return []


def _makes_for(plan: ToolPlan, maker: ToolDescription, tool: ToolDescription) -> bool:
    own = required(plan, maker)
    keys = [name for name in required(plan, tool) if is_id(name) and name not in own]
    answers = names_answered(plan, maker)
    return any(key in answers or (len(words_of(key)) > 1 and _is_about(maker.name, key)) for key in keys)


def _is_about(tool: str, key: str) -> bool:
    noun = words_of(key)[:-1]
    return words_of(tool)[-len(noun) :] == noun and (role_of(tool) or ("create",))[0] == "create"


def _counterparts(plan: ToolPlan, tools: Sequence[ToolDescription]) -> list[ToolDescription]:
    """Return tools that say by their verbs that one undoes what the other does, with what looks at the same."""
    free = [tool for tool in tools if not any(map(is_id, required(plan, tool)))]
    paired = {name for pair in _pairs([tool.name for tool in free]) for name in pair}
    if plan.tool.name not in paired:
        return []
    rest = [tool for tool in free if tool.name not in paired]
    return [tool for tool in free if tool.name in paired] + rest


def _pairs(names: Collection[str]) -> Iterator[tuple[str, str]]:
    by_words = {tuple(words_of(name)): name for name in names}
    for words, name in by_words.items():
        for at, word in enumerate(words):
            others = ((*words[:at], other, *words[at + 1 :]) for other in _COUNTERPARTS.get(word, ()))
            yield from ((name, by_words[other]) for other in others if other in by_words)
