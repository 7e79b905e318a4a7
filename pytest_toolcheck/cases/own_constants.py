"""Which modules Hypothesis takes constants from: it draws those of the project's own code, where ours tell nothing."""

from __future__ import annotations

import sys

_OURS = __name__.partition(".")[0]


def leave_ours_out() -> None:
    """Keep Hypothesis from reading this package's source for constants to draw, before it first draws any.

    Installed for development, or beside the project, the package counts as the project's code: its several hundred
    modules are parsed at the first draw (seconds), and their numbers and texts take the place of the tool's. Hypothesis
    offers no setting for it; where its list of modules that it has read is not there, nothing is changed.
    """
    providers = sys.modules.get("hypothesis.internal.conjecture.providers")
    read = getattr(providers, "_seen_modules", None)
    if isinstance(read, set):
        ours = (module for name, module in sys.modules.copy().items() if name.partition(".")[0] == _OURS)
        read.update(map(id, ours))
