"""The fast way to a line and the careful one write the same, and what needs care gets it."""

from __future__ import annotations

import json

import pytest

from pytest_toolcheck.events.line import LineEncoder
from pytest_toolcheck.events.redact import Redactor
from pytest_toolcheck.events.size import Blobs

ERROR = {"type": "ConnectionError", "message": "injected \u00fc failure 1\nof supplier"}


@pytest.fixture(name="encoder")
def _encoder(tmp_path):
    return LineEncoder(Redactor(), Blobs(tmp_path))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tool": "t", "rid": "r", "attrs": {"at_s": 1.5, "arguments": {"sku": "x"}}},
        {"tool": "t", "outcome": "accepted", "dur_ms": 0.0, "error": None},
        {"rid": None, "outcome": "crashed", "dur_ms": 3.5, "error": ERROR, "attrs": {}},
        {"rid": "r", "error": ERROR, "attrs": {"kind": "error", "after_s": 0.05, "none": None}},
    ],
)
def test_both_ways_write_the_same(encoder, given):
    """What is left out, an error and plain attributes read back alike."""
    fast = encoder._encode_fast("call.end", dict(given))
    careful, changes = encoder._encode_carefully("call.end", dict(given))
    assert fast is not None
    assert (json.loads(fast), changes) == (json.loads(careful), [])


@pytest.mark.parametrize(
    "given",
    [
        {"unknown": None},
        {"unknown": "x"},
        {"tool": 1},
        {"error": {**ERROR, "stack": "s"}},
        {"error": {"message": "m", "type": "T"}},
        {"error": {"type": "T", "message": 5}},
        {"error": {"type": "T", "message": "password=abcdefgh"}},
        {"error": {"type": "T", "message": "\ud800"}},
        {"error": ValueError("x")},
        {"error": "x"},
        {"outcome": "no such word"},
        {"dur_ms": float("nan")},
        {"attrs": {"x": {1}}},
        {"attrs": {"token": "abcdefgh"}},
    ],
)
def test_what_needs_care_gets_it(encoder, given):
    """A field of another kind, a secret, what JSON cannot hold, an error with more to tell."""
    assert encoder._encode_fast("call.end", given) is None


@pytest.mark.parametrize(
    "odd", [{"case": "\ud800"}, {"case": "x" * 20_000}, {"trace_id": "no id"}, {"attempt": -1}, {"rid": 5}]
)
def test_a_context_is_written_whatever_it_holds(encoder, odd):
    """What is no value of its field is left out, what JSON cannot hold is replaced, what is too long is cut."""
    known = {"case": "c", "rid": "r", "tool": "t", "attempt": 2}
    assert json.loads(encoder.encode_context("run", "main", known)) == {"run": "run", "w": "main", **known}
    line = encoder.encode_context("run", "main", {**known, **odd})
    assert len(line) < 10_000
    assert json.loads(line).get(next(iter(odd))) not in odd.values()
