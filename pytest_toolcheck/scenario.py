"""A scenario: one generated test of one tool. Rooms make them; the plugin turns each into a pytest item.

This module knows no pytest. A room (fuzz, budgets, resilience, …) offers `scenarios(plan) -> Iterable[Scenario]`;
while it runs, a scenario reaches the tool only through the `ToolContext` that it is handed, so that every call is
logged with its request id, keeps the time limit, and gets a fresh session after a hang or a death.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .errors import Position
from .spec.model import Spec, ToolSpec
from .targets.base import Outcome, Session, ToolDescription

if TYPE_CHECKING:  # all checks come with `Finding`: a process that only calls a tool needs none
    from .cases.model import Case
    from .checks.base import Finding


class ScenarioFailure(AssertionError):
    """The scenario's promise is broken. `findings[0].message` is the first line; the rest is detail."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__(findings[0].message)


class ScenarioSkipped(Exception):
    """The scenario cannot be carried out here; the message says why."""


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """One tool, ready to be tested: `tool` is the spec merged with what the target says of itself."""

    spec: Spec
    tool: ToolSpec
    """With `input`, `output` and `annotations` filled in from discovery where the spec left them out."""
    description: ToolDescription
    siblings: tuple[ToolDescription, ...] = ()
    """All tools of the target, this one included."""


class ToolContext(Protocol):
    """What a running scenario may use."""

    plan: ToolPlan

    @property
    def session(self) -> Session:
        """The file's session; a dead one is replaced first."""

    def open_session(self) -> Session:
        """A further session of the same target, closed when the scenario ends."""

    def call(
        self, arguments: Mapping[str, Any], *, valid: bool | None = None, session: Session | None = None
    ) -> Outcome:
        """Call the tool, logged (`call.start` to `call.end`); the label is computed where `valid` is None."""

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> Outcome:
        """Call another tool of the same target, logged likewise."""

    def judge(self, case: Case, outcome: Outcome) -> tuple[Finding, ...]:
        """Apply the tool's checks to an outcome; the findings are logged as `check.failed`."""

    def base(self) -> dict[str, Any] | None:
        """An input that the tool is proven to accept, or None where no candidate succeeded. Proven once a process."""

    def emit(self, ev: str, /, **fields: Any) -> None:
        """Write an event into the log, within the context of this case."""

    def warn(self, message: str, *, check: str = "") -> None:
        """Show a warning in the run's summary and in the log; fails nothing. One of the check `budget` is shown under `-q` too."""


def known_input(ctx: ToolContext) -> dict[str, Any] | None:
    """Return an input that the tool is to accept: its first good example, or else what it is proven to accept."""
    good = next((dict(example.input) for example in ctx.plan.tool.examples if example.is_good), None)
    return good if good is not None else ctx.base()


class Scenario(Protocol):
    """One test of one tool."""

    @property
    def id(self) -> str:
        """The part of the item's id after the tool, such as `boundary[count:251]` or `fuzz`; unique within the tool."""

    @property
    def category(self) -> str: ...

    @property
    def position(self) -> Position | None: ...

    @property
    def fixtures(self) -> Sequence[str]:
        """Names of pytest fixtures to set up around the run."""

    def run(self, ctx: ToolContext) -> None:
        """Carry it out. Raises ScenarioFailure, ScenarioSkipped."""
