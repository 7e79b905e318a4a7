"""What is changed for one is not changed for another of whom nobody has heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.strangers import stranger_scenarios

from .behaviour_lab import findings_of

SETTINGS = '''
from typing import Annotated, Literal
from pydantic import Field
DEFAULTS = {"theme": "light", "size": 12, "loud": False}
settings = {}
def change_settings(user: Annotated[str, Field(pattern="^[a-z]{1,12}$")], theme: Literal["light", "dark"] | None = None,
        size: Annotated[int, Field(ge=8, le=32)] = 12, loud: bool = False) -> dict:
    """Change the settings of a user."""
    mine = settings.setdefault(user, MINE)
    mine.update({"size": size, "loud": loud, **({"theme": theme} if theme else {})})
    return mine
def get_settings(user: Annotated[str, Field(pattern="^[a-z]{1,12}$")]) -> dict:
    """Get the settings of a user."""
    return settings.get(user, DEFAULTS)
'''


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", room=stranger_scenarios)


def test_defaults_that_are_changed_for_all(tmp_path: Path) -> None:
    """The twin differs by the copy alone; also where the tool is called by what it sets, and has no choice at all."""
    [found] = found_in(tmp_path, SETTINGS.replace("MINE", "DEFAULTS"))
    assert "get_settings answers theme" in found
    assert "before change_settings was given" in found
    assert found_in(tmp_path, SETTINGS.replace("MINE", "dict(DEFAULTS)")) == []
    fewer = (
        SETTINGS.replace("theme: Literal", "colour: Literal")
        .replace("theme}", "colour}")
        .replace("if theme", "if colour")
    )
    [found] = found_in(tmp_path, fewer.replace("MINE", "DEFAULTS").replace("change_settings", "set_setting"))
    assert "get_settings answers size 32" in found or "get_settings answers size 8" in found


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("Change the settings of a user.", "Change the settings, which are shared."),
        ("Get the settings of a user.", "Get the settings that all users have."),
        ("user", "session"),
        ("return settings.get(user, DEFAULTS)", "return settings[user] if user in settings else {}"),
        (
            "return settings.get(user, DEFAULTS)",
            "if user not in settings: raise ValueError('no such user')\n    return settings[user]",
        ),
        ("return settings.get(user, DEFAULTS)", "return {**DEFAULTS, 'changes': len(settings)}"),
        ("def get_settings", "def get_status"),
    ],
)
def test_what_is_one_for_all_by_intent(tmp_path: Path, wanted: str, made: str) -> None:
    """Whoever says so, asks by a session, knows nobody else, tells nothing or something else of what was set."""
    code = SETTINGS.replace("MINE", "DEFAULTS")
    assert wanted in code
    if "DEFAULTS, 'changes'" in made:
        code = code.replace("setdefault(user, DEFAULTS)", "setdefault(user, dict(DEFAULTS))")
    assert found_in(tmp_path, code.replace(wanted, made)) == []
