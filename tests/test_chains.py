"""Chains of create, read, update and delete: faulty tools are found, correct ones are not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.roles import role_of
from pytest_toolcheck.chains.tools import Chain, chain_from
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.targets.base import ToolDescription

from .specs import run

STORE = '''
import itertools
_ids, _notes = itertools.count(100), {}

def create_note(title: str) -> dict:
    """Create a note."""
    key = next(_ids)
    _notes[key] = {"id": key, "title": title}
    return dict(_notes[key])

def get_note(id: int) -> dict:
    """Get a note."""
    if id not in _notes: raise ValueError(f"id: no note {id!r}")
    return dict(_notes[id])

def update_note(id: int, title: str) -> dict:
    """Update a note."""
    get_note(id)
    _notes[id]["title"] = title
    return {"ok": True}

def delete_note(id: int) -> str:
    """Delete a note."""
    get_note(id)
    _notes.pop(id, None)
    return "deleted"
'''
FAULTY = {
    "keeps": (
        '    _notes.pop(id, None)\n    return "d',
        '    return "d',
        "get_note still answers * after delete_note was accepted",
    ),
    "blind": ('    _notes[id]["title"] = title\n', "", "update_note was accepted, and get_note still answers title *"),
    "greedy": ("_notes.pop(id, None)", "_notes.clear()", "delete_note of * also removed *"),
    "liar": (
        "return dict(_notes[key])",
        'return {"id": key + 5000}',
        "get_note refuses *, which create_note has just *",
    ),
    "breaks": ("return dict(_notes[id])", 'return {}["id"]', "get_note crashed on what create_note made"),
}
CORRECT = {
    "plain": ("", ""),
    "tombstone": ("    _notes.pop(id, None)\n", '    _notes[id]["deleted"] = True\n'),
    "none": (
        '    if id not in _notes: raise ValueError(f"id: no note {id!r}")\n    return dict(_notes[id])',
        '    return dict(_notes.get(id) or {"id": id, "title": None})',
    ),
    "text": ("return dict(_notes[key])", 'return f"Created note {key} for you."'),
    "hidden": ("return dict(_notes[id])", 'return {"id": id, "state": "stored"}'),
    "echo": (
        '    if id not in _notes: raise ValueError(f"id: no note {id!r}")\n    return dict(_notes[id])',
        "    return {'id': id}",
    ),
}


def write(pytester: pytest.Pytester, name: str, code: str) -> None:
    (pytester.path / f"{name}.py").write_text(code)
    spec = (
        f"toolcheck: 1\ntarget: {{python: {name}.py}}\ndefaults: {{variations: {{fuzz: 0, categories: [required]}}}}\n"
    )
    (pytester.path / f"{name}.tool.yaml").write_text(spec)


def test_faulty_chains_are_found_and_correct_ones_pass(pytester: pytest.Pytester) -> None:
    """Each fault is named with its calls; tombstones, empty answers, texts and echoes are no faults."""
    for name, (old, new, _) in FAULTY.items():
        assert old in STORE
        write(pytester, name, STORE.replace(old, new))
    for name, (old, new) in CORRECT.items():
        assert old in STORE
        code = STORE.replace(old, new) if old else STORE
        write(pytester, name, code.replace('title: str) -> dict:\n    """Create', 'title: str):\n    """Create'))
    result = run(pytester, "-k", "chain", "-rA", "--toolcheck-log=off")
    shown = "[[]create_note-get_note-update_note-delete_note]"
    for name, (_, _, message) in FAULTY.items():
        result.stdout.fnmatch_lines_random([f"FAILED {name}.tool.yaml::create_note::chain{shown} - chain: {message}"])
    for name in CORRECT:
        result.stdout.no_fnmatch_line(f"FAILED {name}.*")
    for name in ("plain", "tombstone", "none", "text", "hidden"):
        result.stdout.fnmatch_lines_random([f"PASSED {name}.tool.yaml::create_note::chain{shown}"])
    result.stdout.fnmatch_lines(["SKIPPED *nothing that create_note returns is shown to be what get_note takes"])
    result.assert_outcomes(passed=5, failed=5, skipped=1)


def tool(name: str, key: str = "id", **options: object) -> ToolDescription:
    schema = {"type": "object", "properties": {key: {"type": "string"}}, "required": [key]}
    return ToolDescription(name, input_schema=schema, **options)  # type: ignore[arg-type]


def spec_of(folder: Path, more: str = "") -> object:
    (folder / "a.tool.yaml").write_text(f"toolcheck: 1\ntarget: {{python: shop}}\n{more}")
    return load_spec(folder / "a.tool.yaml")


def test_destructive_tools_join_a_chain_only_where_the_spec_allows_it(tmp_path: Path) -> None:
    """A tool that declares itself destructive is called when it is allowed or named; others when the spec names them."""
    tools = [tool("create_note"), tool("get_note"), tool("delete_note", annotations={"destructive": True})]
    without = Chain("create_note", "get_note", "id")
    whole = Chain("create_note", "get_note", "id", delete="delete_note")
    assert chain_from(spec_of(tmp_path), "create_note", tools) == without
    assert chain_from(spec_of(tmp_path, "allow: [destructive]\n"), "create_note", tools) == whole
    named = "tools: {create_note: {}, get_note: {}, delete_note: {}}\n"
    assert chain_from(spec_of(tmp_path, named), "create_note", tools) == whole
    assert chain_from(spec_of(tmp_path, "tools: {create_note: {}}\n"), "create_note", tools) is None


@pytest.mark.parametrize(
    "tools",
    [
        [tool("create_note"), tool("get_order")],
        [tool("create_note"), tool("get_note", key="verbose")],
        [tool("open_note"), tool("get_note")],
    ],
)
def test_what_does_not_belong_together_is_no_chain(tmp_path: Path, tools: list[ToolDescription]) -> None:
    """Another noun, a parameter that names nothing, an unknown verb: no chain."""
    assert chain_from(spec_of(tmp_path), tools[0].name, tools) is None


def test_a_chain_is_recognised_in_every_spelling(tmp_path: Path) -> None:
    """camelCase, plurals and the noun first name the same thing; a deletion with options may be something else."""
    tools = [tool("addEntries"), tool("entry-get", key="entryId"), tool("remove_entry", key="entryId")]
    assert chain_from(spec_of(tmp_path), "addEntries", tools) == Chain(
        "addEntries", "entry-get", "entryId", delete="remove_entry"
    )
    optional = {"type": "object", "properties": {"entryId": {}, "dryRun": {}}, "required": ["entryId"]}
    tools[2] = ToolDescription("remove_entry", input_schema=optional)
    assert chain_from(spec_of(tmp_path), "addEntries", tools) == Chain("addEntries", "entry-get", "entryId")
    assert role_of("searchNotes") == ("list", "note")
    assert role_of("note_show") == ("read", "note")
    assert role_of("open_show") is None
    assert role_of("start_new_game") == ("create", "start_game")
