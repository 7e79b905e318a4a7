"""What hangs on `config.stash`, and how to ask for it without importing what it is. PYTEST_DONT_REWRITE"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .runtime import Runtime
    from .settings import Settings

settings_key: pytest.StashKey[Settings] = pytest.StashKey()
runtime_key: pytest.StashKey[Runtime] = pytest.StashKey()


def existing_runtime(config: pytest.Config) -> Runtime | None:
    """Return the runtime if anything of ours was used so far."""
    return config.stash.get(runtime_key, None)
