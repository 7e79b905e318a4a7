"""What can go wrong, as one small tree.

ToolcheckError
├── UnitError          a value such as "5 apples" where a duration, size or share is needed
├── SpecError          a tool spec that cannot be used; carries every `Problem` found in it
├── TargetError        a target that cannot be reached, started or described
│   └── MissingExtra   the optional part that a target needs is not installed
├── HookError          another plugin's answer to one of our hooks that cannot be used
└── SettingsError      a command-line option or ini key with a wrong value

At the border to pytest they become `pytest.UsageError` or a collection error; nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class ToolcheckError(Exception):
    """Base of all errors that this package raises on purpose."""


class UnitError(ToolcheckError, ValueError):
    """A value with a missing, unknown or misplaced unit."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; `line` and `column` count from 1."""

    file: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place: what was found, what was expected, how to go on."""

    position: Position
    message: str

    def __str__(self) -> str:
        return f"{self.position.file}:{self.position.line}:{self.position.column}: {self.message}"


class SpecError(ToolcheckError):
    """A tool spec that cannot be used. `problems` holds all of them, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class TargetError(ToolcheckError):
    """A target that cannot be reached, started or described."""


class MissingExtra(TargetError):
    """The optional part that a target needs is not installed; the message says which to install."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part: pip install 'pytest-toolcheck[{extra}]'")


class HookError(ToolcheckError):
    """Another plugin's answer to one of our hooks that cannot be used; the message names the hook."""


class SettingsError(ToolcheckError, ValueError):
    """A command-line option or ini key with a wrong value."""
