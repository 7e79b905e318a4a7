"""Proving a base: what a refusal says is allowed is tried next."""

from __future__ import annotations

import pytest

from pytest_toolcheck.proof import prove
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "unit": {"type": "string"}},
    "required": ["n", "unit"],
}


@pytest.mark.parametrize(
    "refusal",
    [
        "unit: expected one of: chain, furlong, league",
        "unknown unit, choose from ['chain', 'furlong', 'league']",
        '{"error":"Allowed values: chain, furlong, league"}',
    ],
)
def test_values_that_a_refusal_names_are_tried(refusal):
    """Nobody guesses `league`; the tool says it, and so a base is found."""

    def call(given):
        if given["unit"] == "league":
            return Outcome("accepted", 1, value=1)
        return Outcome("refused", 1, error=CallError(type="ValueError", message=refusal))

    proof = prove(ToolSpec("convert", input=SCHEMA), call)
    assert proof.base is not None
    assert proof.base["unit"] == "league"
    assert len(proof.tried) < 60


def test_refusals_that_name_nothing_end_the_search():
    """No base, and no more calls than there are candidates."""
    refused = Outcome("refused", 1, error=CallError(type="ValueError", message="no"))
    proof = prove(ToolSpec("convert", input=SCHEMA), lambda given: refused)
    assert proof.base is None
    assert len({str(given) for given, _ in proof.tried}) == len(proof.tried) <= 60


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
ASKING = {
    "one parameter after another": (
        {"unit": TEXT, "currency": TEXT},
        lambda given: (
            "unit must be one of: furlong, league" if given["unit"] not in ("furlong", "league")
            else "currency must be one of: CHF, NOK" if given["currency"] not in ("CHF", "NOK") else ""
        ),
    ),
    "values between bars": ({"kind": TEXT}, lambda given: "valid values are r7 | g7" if given["kind"] not in ("r7", "g7") else ""),
    "between two bounds": (
        {"x": NUMBER},
        lambda given: "x must be greater than 2.5 and less than 2.75" if not 2.5 < given["x"] < 2.75 else "",
    ),
    "beyond a bound": ({"x": {"type": "integer"}}, lambda given: "x must be more than 812" if given["x"] <= 812 else ""),
    "inside of an array": (
        {"tags": {"type": "array", "items": TEXT}},
        lambda given: "tags: each must be one of: hot, cold" if not given["tags"] or set(given["tags"]) - {"hot", "cold"} else "",
    ),
    "inside of an object": (
        {"options": {"type": "object", "properties": {"engine": TEXT}, "required": ["engine"]}},
        lambda given: "engine must be one of: v8x, smx" if given["options"]["engine"] not in ("v8x", "smx") else "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKING)
def test_what_refusals_ask_for_is_given(name):
    """One refusal after another is followed: to another parameter, to a number, into an array or an object."""
    properties, refusal_of = ASKING[name]

    def call(given):
        said = refusal_of(given)
        error = CallError(type="ValueError", message=said) if said else None
        return Outcome("refused" if said else "accepted", 1, value=1, error=error)

    schema = {"type": "object", "properties": properties, "required": list(properties)}
    proof = prove(ToolSpec("tool", input=schema), call)
    assert proof.base is not None, [given for given, _ in proof.tried]


PLACE = {
    "type": "object",
    "properties": {
        "repo_path": {"type": "string"},
        "branch_type": {"type": "string", "description": "'local', 'remote' or 'all'"},
        "contains": {"type": "string"},
    },
    "required": ["repo_path", "branch_type"],
}


@pytest.mark.parametrize(
    "refusal",
    [
        "Repository path {!r} is outside the allowed repository '/srv/repo'",
        'only "/srv/repo" may be read, not "{}"',
        "`/srv/repo` is served here; no such folder: {}",
    ],
)
@pytest.mark.parametrize("wanted", ["local", "all"])
def test_what_a_refusal_quotes_is_for_the_parameter_whose_text_it_repeats(refusal, wanted):
    """The path that is offered is tried for the path at once, and for nothing else before its own words were."""

    def call(given):
        message = refusal.format(given["repo_path"]) if given["repo_path"] != "/srv/repo" else ""
        message = message or ("" if given["branch_type"] == wanted else f"Invalid branch type: {given['branch_type']}")
        return Outcome("refused", 1, error=CallError(type="E", message=message)) if message else Outcome("accepted", 1)

    proof = prove(ToolSpec("branches", input=PLACE), call)
    assert proof.base == {"repo_path": "/srv/repo", "branch_type": wanted}
    assert len(proof.tried) < (8 if wanted == "local" else 30)


def test_what_refusals_say_is_tried_before_all_candidates_are():
    """Three free texts have more candidates than there are tries: what the refusals look like comes before the last of them."""

    def call(given):
        is_told = all(given[name] == "2024-01-31T12:30" for name in ("start", "end"))
        error = CallError(type="E", message="a time must look like 2024-01-31T12:30")
        return Outcome("accepted", 1) if is_told else Outcome("refused", 1, error=error)

    texts = {name: {"type": "string"} for name in ("title", "start", "end", "location")}
    assert prove(
        ToolSpec("create_event", input={"type": "object", "properties": texts, "required": ["title", "start", "end"]}),
        call,
    ).base


def test_what_was_sent_is_no_offer():
    """A refusal that only repeats what it was sent sends nothing back to other parameters."""

    def call(given):
        message = f"unknown path '{given['repo_path']}'"
        return Outcome("refused", 1, error=CallError(type="E", message=message))

    tried = [given for given, _ in prove(ToolSpec("branches", input=PLACE), call).tried]
    sent = {given["repo_path"] for given in tried}
    assert not {given["branch_type"] for given in tried} & {"README.md", "/tmp/example.txt"} & sent
