"""Whether the answer of a call that a fault hit is the expected one."""

from __future__ import annotations

import re

from ..cases.model import Case
from ..checks.base import Evidence, shorten
from ..checks.expected import unmet as unmet_by_answer
from ..spec.model import Expectation, ToolSpec
from ..targets.base import Outcome


def unmet(expect: Expectation, outcome: Outcome) -> str | None:
    """Say what of the expectation is not met, or None.

    Unlike an example's, an expected `error` may be any error that comes out, refusal or not: its type and message are
    searched, as in `ConnectionError: no route`.
    """
    if expect.error is None:
        case = Case("fault", {}, "valid", "fault", "", "")
        return unmet_by_answer(expect, Evidence(ToolSpec("fault"), case, outcome))
    if outcome.error is None:
        return f"expected an error with {expect.error!r}, but it answered {shorten(outcome.value, 160)}"
    said = f"{outcome.error.type}: {outcome.error.message}"
    return (
        None if _says(expect.error, said) else f"expected an error with {expect.error!r}, found {shorten(said, 160)!r}"
    )


def _says(wanted: str, text: str) -> bool:
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return re.search(wanted[1:-1], text) is not None
    return wanted in text
