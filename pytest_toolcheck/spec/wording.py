"""Words for error messages: places in a spec, found values, did-you-mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

Path = tuple[str | int, ...]

_TEXT_SHOWN = 60
_ORDINARY_KEY = re.compile(r"[\w$][\w$-]*", re.ASCII)


def place_name(path: Path) -> str:
    """Name a place of a spec as its author would: `'budgets.latency' of tool 'lookup'`."""
    if not path:
        return "the file"
    if path[0] == "tools" and len(path) > 1:
        tool = f"tool {quoted(str(path[1]))}"
        return tool if len(path) == 2 else f"'{dotted(path[2:])}' of {tool}"
    return f"'{dotted(path)}'"


def dotted(path: Path) -> str:
    """Spell a path with dots and brackets: `examples[0].input`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _ORDINARY_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{shorten(part)}]"
    return text


def quoted(name: str) -> str:
    """Quote a name for a message, on one line and not too long."""
    return f"'{shorten(name)}'"


def shorten(text: str) -> str:
    """Keep a text on one line of at most 60 characters."""
    line = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return line if len(line) <= _TEXT_SHOWN else f"{line[: _TEXT_SHOWN - 1]}…"


def found(value: Any) -> str:
    """Say what stands there: `the text 'x'`, `the number 5`, `a list`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shorten(repr(value))}"
    if isinstance(value, str):
        return f"the text {quoted(value)}" if value else "an empty text"
    return "a list" if isinstance(value, list) else "a mapping"


def did_you_mean(word: object, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return ` Did you mean 'x'?` where a known word is close, else nothing. A mapping says how to show each word."""
    if not isinstance(word, str):
        return ""
    shown = known if isinstance(known, Mapping) else {name: name for name in known}
    folded = {name.lower().replace("-", "_"): said for name, said in shown.items()}
    close = get_close_matches(word.lower().replace("-", "_"), list(folded), n=1)
    return f" Did you mean '{folded[close[0]]}'?" if close else ""


def listed(names: Iterable[object]) -> str:
    """Return the names with commas between them."""
    return ", ".join("null" if name is None else str(name) for name in names)
