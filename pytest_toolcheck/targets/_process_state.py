"""What of this whole process a call may change: the working folder, the environment, the decimal context, and the like.

Each can be read, put back, and told apart from what ordinary work leaves (flags of a computation, chance that moves on).
"""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..spec.model import ToolSpec

State = Mapping[str, Any]
FOLDER: Final = "the working folder"
ENVIRONMENT: Final = "the environment"
PATH: Final = "sys.path"
CHANCE: Final = "the random generator"
_OURS: Final = ("PYTEST_", "TRACEPARENT", "TOOLCHECK_")
_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2") if hasattr(signal, name)
)
"""Not SIGALRM: it ends what hangs."""
_TRAPS: Final = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def is_to_leave_it(tool: ToolSpec) -> bool:
    """Whether a tool promises to change nothing: by the spec's checks, else by the annotations."""
    said = ((tool.checks.get(name), getattr(tool.annotations, name)) for name in ("read_only", "pure"))
    return any(promised if wanted is None else wanted is not False for wanted, promised in said)


def process_state() -> dict[str, Any]:
    """Return what of this process is watched, by its name in words; what cannot be read is left out."""
    found: dict[str, Any] = {}
    for name, (read, _) in _PARTS.items():
        with suppress(OSError, ValueError, LookupError):
            found[name] = read()
    return found


def changed(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """Return what is not as before, by name, with both its states."""
    return {name: (was, after[name]) for name, was in before.items() if name in after and was != after[name]}


def put_back(name: str, state: Any) -> None:
    """Make one thing as it was; nothing where that is not possible any more."""
    with suppress(OSError, ValueError, LookupError, TypeError, locale.Error):
        _PARTS[name][1](state)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in _environment().keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


def _decimals() -> tuple[Any, ...]:
    """Return the rules of the context; its flags tell only what was computed."""
    context = decimal.getcontext()
    return (*(getattr(context, name) for name in _TRAPS), tuple(map(bool, context.traps.values())))


def _set_decimals(wanted: tuple[Any, ...]) -> None:
    context = decimal.getcontext()
    for name, value in zip(_TRAPS, wanted, strict=False):
        setattr(context, name, value)
    for trap, is_on in zip(context.traps, wanted[-1], strict=True):
        context.traps[trap] = is_on


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in _SIGNALS}


def _set_handlers(wanted: Mapping[int, Any]) -> None:
    for number, handler in wanted.items():
        if signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _set_warnings(wanted: list[Any]) -> None:
    warnings.filters[:] = wanted  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _set_path(wanted: list[str]) -> None:
    sys.path[:] = wanted


def _logging() -> tuple[int, int]:
    return logging.root.level, logging.root.manager.disable


def _set_logging(wanted: tuple[int, int]) -> None:
    logging.root.setLevel(wanted[0])
    logging.disable(wanted[1])


def _set_collector(wanted: bool) -> None:
    (gc.enable if wanted else gc.disable)()


_PARTS: Final[Mapping[str, tuple[Callable[[], Any], Callable[[Any], Any]]]] = {
    FOLDER: (os.getcwd, os.chdir),
    ENVIRONMENT: (_environment, _set_environment),
    "the decimal context": (_decimals, _set_decimals),
    "the locale": (lambda: locale.setlocale(locale.LC_ALL), lambda wanted: locale.setlocale(locale.LC_ALL, wanted)),
    PATH: (lambda: list(sys.path), _set_path),
    "the filters of warnings": (lambda: list(warnings.filters), _set_warnings),
    "the level of the root logger": (_logging, _set_logging),
    "the handlers of signals": (_handlers, _set_handlers),
    "the limit of recursion": (sys.getrecursionlimit, sys.setrecursionlimit),
    "the garbage collector": (gc.isenabled, _set_collector),
    CHANCE: (random.getstate, random.setstate),
}
