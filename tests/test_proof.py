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
