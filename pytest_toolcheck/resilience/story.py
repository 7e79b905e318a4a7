"""The timeline of a scenario, told line by line: calls, waits and states, with their instants."""

from __future__ import annotations

import threading

_HEAD, _TAIL = 24, 12


class Story:
    """What happened, in order; usable from any thread."""

    def __init__(self) -> None:
        self._lines: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def tell(self, at_s: float, text: str) -> None:
        """Add a line about an instant."""
        with self._lock:
            self._lines.append((at_s, text))

    def __str__(self) -> str:
        with self._lock:
            lines = [f"{at_s:>10.3f} s  {text}" for at_s, text in self._lines]
        if len(lines) <= _HEAD + _TAIL + 1:
            return "\n".join(lines)
        left_out = len(lines) - _HEAD - _TAIL
        return "\n".join([*lines[:_HEAD], f"            … {left_out} lines more …", *lines[-_TAIL:]])


def describe_error(error: BaseException) -> str:
    """Return `Type: first line of the message`, and what it came from where it says so."""
    text = str(error).splitlines()[0] if str(error) else ""
    own = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return own if len(own) <= 120 else own[:119] + "…"


def chain_of(error: BaseException) -> list[BaseException]:
    """Return an error with all that it shows as its causes: causes, contexts that are not suppressed, group members."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or any(current is known for known in found):
            continue
        found.append(current)
        waiting.append(current.__cause__)
        if not current.__suppress_context__:
            waiting.append(current.__context__)
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
    return found
