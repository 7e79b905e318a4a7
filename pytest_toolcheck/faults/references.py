"""From names to what they name: `pkg.mod:attr` and `pkg.mod.attr` to a place, `error(Name)` to an exception."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from ..resilience.swap import Place, ReferenceProblem
from .errors import FaultError, RateLimited
from .kinds import Action
from .twins import module_names, places_of

Raising = Callable[[str], BaseException]


def find_places(point: str | Callable[..., Any]) -> list[Place]:
    """Return the callable that a reference names and where it stands, in each copy of its module. Raises FaultError."""
    try:
        return places_of(with_colon(point) if isinstance(point, str) else point)
    except ReferenceProblem as problem:
        raise FaultError(f"there is no place for a fault: {problem}") from None


def with_colon(reference: str) -> str:
    """Turn `shop.providers.quote` into `shop.providers:quote`: the longest part that is a module is the module."""
    if ":" in reference or "." not in reference:
        return reference
    parts = reference.split(".")
    for length in range(len(parts) - 1, 0, -1):
        if _is_module(".".join(parts[:length])):
            return f"{'.'.join(parts[:length])}:{'.'.join(parts[length:])}"
    return reference


def _is_module(name: str) -> bool:
    if name in sys.modules or module_names(name) != [name]:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def raising(action: Action, *, spaces: Iterable[Any] = ()) -> Raising:
    """Return a maker of the exception that `error(Name, "message")` or `rate_limit` names.

    A name without a module is looked up in `spaces`, then among the builtins. Raises FaultError.
    """
    name: str = action["error"]
    if action.kind == "rate_limit":
        wait_s: float = action["retry_after"]
        if not name:
            return lambda where: RateLimited(f"too many requests to {where}: retry after {wait_s:g} s", wait_s)
        return lambda where: _with_wait(_made(_error_class(name, spaces), f"too many requests to {where}"), wait_s)
    kind = _error_class(name, spaces)
    return lambda where: _made(kind, action["message"] or f"injected fault: {where}")


def _with_wait(error: BaseException, wait_s: float) -> BaseException:
    error.retry_after = wait_s  # type: ignore[attr-defined]
    return error


def _error_class(name: str, spaces: Iterable[Any]) -> type[BaseException]:
    module, _, short = name.replace(":", ".").rpartition(".")
    for space in [_imported(module, name)] if module else [*spaces, builtins]:
        found = getattr(space, short, None) if not isinstance(space, dict) else space.get(short)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    if name.lstrip("-").isdigit():
        raise FaultError(
            f"error({name}): a status is an answer of HTTP or MCP; a callable raises: error(ConnectionError)"
        )
    raise FaultError(f"error({name}): there is no such exception; write it as pkg.module.{short}")


def _imported(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise FaultError(f"error({name}): cannot import {module}: {error}") from None


def _made(kind: type[BaseException], message: str) -> BaseException:
    try:
        return kind(message)
    except Exception:  # a constructor of another shape: the class matters, not its text
        made = BaseException.__new__(kind)
        made.args = (message,)
        return made
