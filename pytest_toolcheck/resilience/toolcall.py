"""What a world is made of, and what it takes down of each call of the tool."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ..spec.model import PythonTarget, Spec, ToolSpec
from .dependency import DependencyCall
from .fresh import module_name
from .swap import ReferenceProblem


@dataclass(frozen=True, slots=True)
class Setup:
    """What a world is made of: `dependencies` maps names to references, `main` is the one that the promise is on."""

    spec: Spec
    tool: ToolSpec
    arguments: Mapping[str, Any]
    dependencies: Mapping[str, str]
    main: str


@dataclass(slots=True)
class ToolCall:
    """One call of the tool, in seconds of the virtual clock."""

    number: int
    rid: str
    started_s: float
    ended_s: float | None = None
    result: Any = None
    error: BaseException | None = None
    dependency_calls: list[DependencyCall] = field(default_factory=list)
    """The calls of the promise's dependency made on behalf of this call."""

    @property
    def succeeded(self) -> bool:
        """Whether it returned something."""
        return self.ended_s is not None and self.error is None

    @property
    def reached(self) -> bool:
        """Whether it called the dependency."""
        return bool(self.dependency_calls)

    @property
    def hung(self) -> DependencyCall | None:
        """The first call of the dependency that was answered by a hang."""
        return next((each for each in self.dependency_calls if each.answer.kind == "hang"), None)


def imported(name: str) -> ModuleType:
    """Import a module. Raises ReferenceProblem."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ReferenceProblem(f"cannot import {name}: {error}") from error


def absolute(reference: str, target: PythonTarget) -> str:
    """Complete a reference: `quote` and `orders.py:quote` are meant in the target's own module."""
    module, colon, attribute = reference.partition(":")
    if not colon:
        return f"{module_name(target)}:{module}"
    return f"{module.removesuffix('.py').rpartition('/')[2] if module.endswith('.py') else module}:{attribute}"


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
