"""`stdout_noise`: a server whose protocol runs over stdout writes nothing else there."""

from __future__ import annotations

from ..spec.model import ToolSpec
from .base import Finding, place_of, shorten


def stdout_noise(tool: ToolSpec, stray: str) -> Finding:
    """Return the finding about the lines `stray`, first seen in a call of `tool`."""
    first = stray.split("\n", 1)[0].strip()
    return Finding(
        "stdout_noise",
        f"{tool.name}: the server wrote to its stdout what is no message: {shorten(first, 160)}",
        "stdout_noise",
        f"only messages of the protocol on stdout, all else on stderr ({place_of(tool, 'checks/stdout_noise')})",
        details=(("on stdout", shorten(stray, 1200)),),
    )
