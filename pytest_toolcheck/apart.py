"""Cases whose traces would spoil what comes after them: texts that no UTF-8 can hold, kept by a tool of this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .cases.model import Case
from .spec.model import PythonTarget
from .targets._text_values import holds_lone_surrogates
from .used_up import MOST_SECONDS

if TYPE_CHECKING:
    from .execute import RunningScenario
    from .tool_state import ToolState


@contextmanager
def kept_apart(context: RunningScenario, state: ToolState, case: Case) -> Iterator[None]:
    """Let the calls of such a case go to newly imported modules, that nobody is handed, or stumbles over, what it left.

    Not where the base is what another tool made, which newly imported modules do not know.
    """
    is_possible = isinstance(context.spec.target, PythonTarget) and state.seconds_elsewhere < MOST_SECONDS
    if not is_possible or not holds_lone_surrogates(case.input) or context.base() is None or state.learned is not None:
        yield
        return
    from .behaviour.anew import fresh_tools

    started = time.monotonic()
    with fresh_tools(context.spec) as session, context.calls_go_to(session):
        state.seconds_elsewhere += time.monotonic() - started
        yield
