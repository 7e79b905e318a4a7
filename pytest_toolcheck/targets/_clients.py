"""What HTTP clients would do again and again, done once: reading certificates, and looking for a package that is not there."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ssl import SSLContext


@functools.cache
def certificates(library: ModuleType) -> SSLContext:
    """Return what the clients of `httpx` or `httpx2` trust. Each would read its own: a hundred times what else opens one."""
    return cast("SSLContext", library.create_ssl_context())


def sniff_no_more() -> None:
    """Let httpcore look for `sniffio` where something has imported it, not in every folder, several times a call.

    It does so to tell trio from asyncio (encode/httpcore#1103); trio imports `sniffio` itself.
    """
    import httpcore._backends.auto as streams
    import httpcore._synchronization as locks

    sniff = getattr(locks, "current_async_library", None)
    if sniff is None or hasattr(sniff, "__wrapped__") or getattr(locks, "anyio", None) is None:
        return

    @functools.wraps(sniff)
    def told_at_once() -> str:
        return cast("str", sniff()) if "sniffio" in sys.modules else "asyncio"

    for module in (locks, streams):
        vars(module)["current_async_library"] = told_at_once
