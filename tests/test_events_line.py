"""The fast way to a line and the careful one write the same, and what needs care gets it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as with_any
from hypothesis import strategies as st

from pytest_toolcheck.events.line import LineEncoder
from pytest_toolcheck.events.redact import MAX_HARMLESS, MAX_HARMLESS_LENGTH, Redactor
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
    fast = encoder.encode_fast("call.end", dict(given))
    careful, changes = encoder.encode_carefully("call.end", dict(given))
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
    assert encoder.encode_fast("call.end", given) is None


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


def test_a_text_that_turns_out_to_be_a_secret_is_hidden_from_then_on(encoder):
    """What was harmless in an earlier line is looked at anew once it stood under the key of a secret."""
    note = {"attrs": {"note": "swordfish"}}
    assert encoder.encode_fast("warning", note) == encoder.encode_fast("warning", note) is not None
    encoder.encode("warning", {"attrs": {"password": "swordfish"}})
    assert encoder.encode_fast("warning", note) is None
    assert b"swordfish" not in encoder.encode("warning", note)[0]


@pytest.mark.parametrize(
    "attrs", [{"token": "abcdefgh"}, {"note": "password=abcdefgh"}, {"l": ["--token", "abcdefgh"]}]
)
def test_what_needs_care_needs_it_again(encoder, attrs):
    """A line with a secret makes none of its texts harmless."""
    for _ in range(3):
        assert encoder.encode_fast("warning", {"attrs": attrs}) is None
        assert b"abcdefgh" not in encoder.encode("warning", {"attrs": attrs})[0]


def test_what_is_known_to_be_harmless_stays_small(tmp_path):
    """A run that logs millions of different texts keeps a few thousand short ones."""
    redactor = Redactor()
    encoder = LineEncoder(redactor, Blobs(tmp_path))
    for i in range(MAX_HARMLESS * 2):
        encoder.encode_fast("warning", {"attrs": {"text": f"text {i}", "long": f"{i} " * 100}})
    assert 0 < len(redactor.harmless) <= MAX_HARMLESS + 4
    assert max(map(len, redactor.harmless)) <= MAX_HARMLESS_LENGTH


_WORDS = st.sampled_from(["password", "pass\tword", "to\u212aen", "note", "name", "value", "--token", "a", "swordfish"])
_ATTRS = st.dictionaries(
    _WORDS, st.recursive(_WORDS | st.integers(), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
)


@with_any(st.lists(_ATTRS, max_size=8))
def test_lines_are_the_same_whichever_way_they_were_encoded(tmp_path_factory, events):
    """A second encoder that always takes care writes the same lines, whatever was seen before."""
    quick, careful = (LineEncoder(Redactor(), Blobs(tmp_path_factory.getbasetemp())) for _ in range(2))
    for attrs in events:
        body, _ = quick.encode("warning", {"attrs": attrs})
        assert json.loads(body) == json.loads(careful.encode_carefully("warning", {"attrs": attrs})[0])
