"""What can be had once: under another spelling, and by those who ask at the same moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.taken import taken_scenarios

from .behaviour_lab import findings_of

CITIES = '''
kept, times = {}, []
def add_city(name: str, people: int = 0) -> dict:
    """Add a city."""
    key = name.strip()
    if not key: raise ValueError("name is blank")
    if COMPARED in kept: raise ValueError(f"there is a city {key} already")
    kept[key] = {"name": key, "people": people}
    return kept[key]
'''
SEATS = """
import asyncio
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
server, taken = MCPServer("lab"), {}
async def reserve(seat: int, guest: str) -> dict:
    FIRST
    SECOND
    taken[seat] = guest
    return {"seat": seat, "guest": guest}
server.add_tool(reserve)
"""
SPEC = "target: {mcp: {server: 'MODULE.py:server'}}\n"
LOOK, WAIT = 'if seat in taken: raise ToolError("the seat is taken")', "await asyncio.sleep(0.001)"


def found_in(folder: Path, code: str, spec: str = "") -> list[str]:
    return findings_of(folder, code, spec, room=taken_scenarios)


@pytest.mark.parametrize(
    ("made", "compared", "told"),
    [
        ("name.strip()", "name", " says back "),
        ("name.lower()", "name", " says back "),
        ("name.strip()", "key", None),
        ("name.casefold()", "key", None),
        ("name", "name", None),
    ],
)
def test_a_name_that_is_taken_is_taken_in_other_spellings(
    tmp_path: Path, made: str, compared: str, told: str | None
) -> None:
    """A twin compares what it keeps, whether it keeps it as it was given or not."""
    found = found_in(tmp_path, CITIES.replace("name.strip()", made).replace("COMPARED", compared))
    assert len(found) == (told is not None), found
    assert told is None or told in found[0]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("there is a city {key} already", "no more"),
        ("there is a city {key} already", "this request was made already"),
        ('{"name": key, "people": people}', '{"name": name, "people": people}'),
        ("if COMPARED in kept", "if times and COMPARED in kept"),
    ],
)
def test_what_no_refusal_shows_to_be_taken(tmp_path: Path, wanted: str, said: str) -> None:
    """Refused for another reason, a request that came twice, a name that is said back as it was given, no refusal."""
    assert wanted in CITIES
    assert found_in(tmp_path, CITIES.replace(wanted, said).replace("COMPARED", "name")) == []


def test_one_of_those_who_ask_at_once_gets_it(tmp_path: Path) -> None:
    """A look before a pause sees nobody; one after it sees who came first."""
    [found] = found_in(tmp_path, SEATS.replace("FIRST", LOOK).replace("SECOND", WAIT), SPEC)
    assert "accepts several of 6 calls at once for what can be had once" in found
    assert found_in(tmp_path, SEATS.replace("FIRST", WAIT).replace("SECOND", LOOK), SPEC) == []
