"""A session for each ordinary call of a tool that needs one: where the tool's module opens and closes sessions itself.

A tool that takes `session_id`, of a module that offers `open_session()` and `close_session(id)`, and promises `sessions`:
no example can know an id. So each call has a session of its own, and the parameter is none of the tool's input.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

from ..spec.model import ToolSpec

PARAMETER: Final = "session_id"
Function = Callable[..., Any]


def in_own_session(function: Function, tool: ToolSpec) -> Function:
    """Return the function with a session opened and closed around each call, where it needs one; else as it is."""
    if tool.sessions is None or _is_given(tool):
        return function
    signature = _signature(function)
    home = getattr(inspect.unwrap(function), "__globals__", {})
    opens, closes = home.get("open_session"), home.get("close_session")
    if signature is None or not (callable(opens) and callable(closes)):
        return function
    others = [each for each in signature.parameters.values() if each.name != PARAMETER]
    calls = _awaited if any(map(inspect.iscoroutinefunction, (function, opens, closes))) else _plain
    wrapper = functools.wraps(function)(calls(function, opens, closes))
    wrapper.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    return wrapper


def _is_given(tool: ToolSpec) -> bool:
    """Whether the spec itself names sessions."""
    written = tool.input.get("properties", {}) if isinstance(tool.input, dict) else {}
    return (
        PARAMETER in written or PARAMETER in tool.values or any(PARAMETER in example.input for example in tool.examples)
    )


def _signature(function: Function) -> inspect.Signature | None:
    """Return the signature of a function that cannot be called without a session."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    parameter = signature.parameters.get(PARAMETER)
    is_needed = parameter is not None and parameter.default is parameter.empty
    return signature if is_needed and parameter.kind is not parameter.POSITIONAL_ONLY else None  # type: ignore[union-attr]


def _plain(function: Function, opens: Function, closes: Function) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        session = opens()
        try:
            return function(**_by_name(function, args, kwargs, session))
        finally:
            closes(session)

    return call


def _awaited(function: Function, opens: Function, closes: Function) -> Function:
    async def call(*args: Any, **kwargs: Any) -> Any:
        session = await _value(opens())
        try:
            return await _value(function(**_by_name(function, args, kwargs, session)))
        finally:
            await _value(closes(session))

    return call


def _by_name(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any], session: Any) -> dict[str, Any]:
    names = [name for name in inspect.signature(function).parameters if name != PARAMETER]
    return {**dict(zip(names, args, strict=False)), **kwargs, PARAMETER: session}


async def _value(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
