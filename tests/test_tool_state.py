"""What is kept of a tool between its scenarios."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck import tool_state
from pytest_toolcheck.tool_state import ToolState


def test_the_file_s_server_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call asks for it a dozen times, and to look it up the whole target is written out."""
    asked: list[Any] = []
    monkeypatch.setattr(tool_state, "server_of", lambda spec, run: asked.append((spec, run)) or object())
    spec, run = SimpleNamespace(target=None, path=Path("x.tool.yaml")), object()
    state = ToolState(SimpleNamespace(spec=spec), run)  # type: ignore[arg-type]
    assert asked == []
    assert state.server is state.server
    assert asked == [(spec, run)]
