"""pytest-toolcheck: honest, fast tests for tools, generated from a YAML spec.

Everything named in `__all__` is public. Names are imported when they are first used, so that an installed but
unused plugin costs nothing.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import names_from

if TYPE_CHECKING:
    from .cases import Case as Case
    from .cases import generate_cases as generate_cases
    from .cases.strategy import from_schema as from_schema
    from .clock.session import virtual_time as virtual_time
    from .resilience.retries import observe_retries as observe_retries

__version__ = "0.1.0"

_HOMES = {
    "Case": "cases",
    "from_schema": "cases.strategy",
    "generate_cases": "cases",
    "observe_retries": "resilience.retries",
    "virtual_time": "clock.session",
}
"""Public name to the module that defines it."""

__all__ = ["Case", "__version__", "from_schema", "generate_cases", "observe_retries", "virtual_time"]

__getattr__ = names_from(__name__, _HOMES)
