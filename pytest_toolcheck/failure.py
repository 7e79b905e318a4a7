"""How a failed scenario is shown: the finding first, then what was sent, what came back, what was promised, how to repeat it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checks.base import ADVICE, Finding, as_json, printable, shorten
from .scenario import ScenarioFailure
from .targets.base import Outcome

_LONGEST_INPUT = 2000


class CaseFailure(ScenarioFailure):
    """A case whose outcome breaks a promise; `text` is what the terminal shows."""

    def __init__(self, findings: tuple[Finding, ...], text: str) -> None:
        self.text = text
        super().__init__(*findings)


@dataclass(frozen=True, slots=True)
class _FirstLine:
    """What pytest's short summary shows beside the name."""

    message: str


class CollectFailure:
    """Why a file or a tool was not collected, as pytest shows it; its first line stands in the short summary too."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.reprcrash = _FirstLine(text.partition("\n")[0])

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: Any) -> None:
        """Write it as pytest writes the errors of collectors."""
        tw.line(self._text, red=True)


class ExemptFailure(CaseFailure):
    """A failure all of whose findings the spec's `xfail` names: the only error that its mark forgives."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was sent and what came back, for showing."""

    spec_path: Path
    tool: str
    input: Any
    outcome: Outcome
    rid: str
    place: str
    case: str | None = None
    """The id of the generated case that was sent, if it is one."""
    seed: int = 0
    """The run's seed, on which the input of a case may depend."""


def describe_failure(findings: tuple[Finding, ...], call: Call | None, known_causes: int = 0) -> str:
    """Write the report of a failure; its first line stands alone."""
    lines = [f"{finding.check}: {finding.message}" for finding in findings]
    if call is not None:
        lines += [f"  {name:<10}{text}" for name, text in _rows(findings, call)]
    for finding in findings:
        for title, text in (detail for detail in finding.details if not (known_causes and detail[0] == ADVICE)):
            lines += [f"  {title}:", *(f"    {line}" for line in text.splitlines())]
    if known_causes:
        lines.append(f"  cause     the same as in {known_causes} earlier {'case' if known_causes == 1 else 'cases'}")
    return printable("\n".join(lines), keep="\n\t")


def _rows(findings: tuple[Finding, ...], call: Call) -> Iterator[tuple[str, str]]:
    yield "sent", shorten(call.input, 600)
    yield "came back", _came_back(call.outcome)
    for promised in dict.fromkeys(finding.promised for finding in findings if finding.promised):
        yield "promised", promised
    yield "where", call.place
    error = call.outcome.error
    if error is not None and error.stack:
        yield "stack", "\n            ".join(shorten(line, 600) for line in error.stack.rstrip().splitlines()[-12:])
    if call.outcome.noise:
        yield (
            "noise",
            "\n            ".join(shorten(line, 600) for line in call.outcome.noise.rstrip().splitlines()[-12:]),
        )
    yield "repeat", repeat_command(call.spec_path, call.tool, call.input, case=call.case, seed=call.seed)
    yield "log", f"rid {call.rid}"


def _came_back(outcome: Outcome) -> str:
    took = f"({outcome.duration_ns / 1e6:.1f} ms)"
    if outcome.kind == "accepted":
        return f"accepted {shorten(outcome.value, 600)} {took}"
    error = outcome.error
    said = f": {error.type}: {shorten(error.message, 600)}" if error else ""
    return f"{outcome.kind}{said} {took}"


def repeat_command(spec_path: Path, tool: str, value: Any, *, case: str | None = None, seed: int = 0) -> str:
    """Return the command that makes this one call again: with the input itself, or where that is long, its case."""
    words = ["toolcheck", "call", os.path.relpath(spec_path), tool]
    text = as_json(value)
    if len(text) <= _LONGEST_INPUT:
        return shlex.join([*words, text])
    if case is not None:
        return shlex.join([*words, "--case", case, *(["--seed", str(seed)] if seed else [])])
    return f"{shlex.join([*words, '{…}'])}   # the input is {len(text)} characters long"
