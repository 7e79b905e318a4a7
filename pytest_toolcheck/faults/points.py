"""From what a user hands to `inject` to the point that it names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .call import CallPoint
from .errors import FaultError
from .point import Ask, FaultPoint
from .references import find_places, with_colon
from .twins import objects_of, with_copies

_TCP = re.compile(r"tcp:(?://)?(?P<host>\[[^\]]+\]|[^:/]+):(?P<port>\d{1,5})", re.ASCII)
_HIGHEST_PORT = 65_535
_CLIENTS = ("Client", "AsyncClient")
_TRANSPORTS = ("BaseTransport", "AsyncBaseTransport")


def find_point(point: Any, ask: Ask) -> FaultPoint:
    """Return the point. Raises FaultError that shows what can be handed over."""
    for finder in (_clock, _tcp, _path, _command, _process, _http, _callable):
        if (found := finder(point, ask)) is not None:
            return found
    raise FaultError(
        f"{point!r} is no place for a fault: expected 'pkg.module:attribute', a function, an httpx client, "
        "'tcp:host:port', the command of an MCP server as a list, a process, a pathlib.Path, or 'clock'"
    )


def point_key(point: Any) -> Any:
    """Return what is equal for the same point: faults there share one stand-in."""
    if isinstance(point, str) and (point == "clock" or _TCP.fullmatch(point)):
        return point
    if isinstance(point, list | tuple):
        return ("stdio", *map(str, point))
    if isinstance(point, Path):
        return ("disk", os.path.realpath(point))
    if not isinstance(point, str) and not callable(point):
        return ("object", id(point))
    if isinstance(point, str) and point.startswith("tcp:"):
        return point
    if clients := _clients_named(point):
        return ("object", id(clients[0]))
    target = find_places(point)[0].target
    function = getattr(target, "__func__", target)
    return ("call", id(function), id(getattr(target, "__self__", None)))


def _clock(point: Any, ask: Ask) -> FaultPoint | None:
    if point != "clock":
        return None
    from .wall import ClockPoint

    return ClockPoint(ask)


def _tcp(point: Any, ask: Ask) -> FaultPoint | None:
    match = _TCP.fullmatch(point) if isinstance(point, str) else None
    if match is None and isinstance(point, str) and point.startswith("tcp:"):
        raise FaultError(f"{point!r} names no host and port: expected 'tcp:host:port', as in 'tcp:127.0.0.1:5432'")
    if match is None:
        return None
    if int(match["port"]) > _HIGHEST_PORT:
        raise FaultError(f"{point!r}: there is no port {match['port']}: expected one up to {_HIGHEST_PORT}")
    from .stream import TcpPoint

    return TcpPoint(match["host"].strip("[]"), int(match["port"]), ask)


def _path(point: Any, ask: Ask) -> FaultPoint | None:
    if not isinstance(point, Path):
        return None
    from .disk import DiskPoint

    return DiskPoint(point, ask)


def _command(point: Any, ask: Ask) -> FaultPoint | None:
    if not isinstance(point, list | tuple) or not point:
        return None
    from .stdio import StdioPoint

    return StdioPoint(tuple(map(str, point)), ask)


def _process(point: Any, ask: Ask) -> FaultPoint | None:
    if not isinstance(point, int) and not isinstance(getattr(point, "pid", None), int):
        return None
    from .process import ProcessPoint

    return ProcessPoint(point, ask)


def _http(point: Any, ask: Ask) -> FaultPoint | None:
    clients = _clients_named(point) or (with_copies(point) if _is_client(point) else [])
    if not clients:
        return None
    from .http import HttpPoint

    return HttpPoint(clients, ask)


def _is_client(value: Any) -> bool:
    return any(kind.__name__ in (*_CLIENTS, *_TRANSPORTS) for kind in type(value).__mro__)


def _clients_named(point: Any) -> list[Any]:
    """Return the httpx clients that `pkg.module:client` names."""
    found = objects_of(with_colon(point)) if isinstance(point, str) else []
    return [each for each in found if _is_client(each)]


def _callable(point: Any, ask: Ask) -> FaultPoint | None:
    if not isinstance(point, str | Callable):
        return None
    first, *others = [CallPoint(place, ask) for place in find_places(point)]
    first.twins = others
    return first
