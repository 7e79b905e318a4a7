"""Any value becomes JSON, long ones are cut, and both are told."""

from __future__ import annotations

import datetime
import enum
import hashlib
import json
import pathlib
import types
import uuid

import pytest

from pytest_toolcheck.events import open_run
from pytest_toolcheck.events.safe import MAX_DEPTH, MAX_NODES, is_plain, make_safe
from pytest_toolcheck.events.size import KEPT, MAX_PAYLOAD, MAX_TEXT


class Colour(enum.Enum):
    RED = "red"


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no words")


def cycle() -> list[object]:
    made: list[object] = []
    made.append({"again": made})
    return made


@pytest.mark.parametrize(
    ("value", "safe", "what"),
    [
        (float("nan"), "nan", "nan"),
        (float("-inf"), "-inf", "-inf"),
        (b"a\xff", "a\\xff", "bytes"),
        (bytearray(b"a"), "a", "bytes"),
        ("\ud800x", "\\ud800x", "lone surrogate"),
        (2**64, str(2**64), "huge integer"),
        ({1: 2}, {"1": 2}, "key"),
        ({"1": 1, 1: 2}, {"1": 1, "1'": 2}, "key"),
        ({3, 1}, [1, 3], "set"),
        (Odd(), "<Odd: repr failed with RuntimeError>", "object"),
        (cycle(), [{"again": "[cycle]"}], "cycle"),
        (1j, "1j", "object"),
    ],
)
def test_what_json_cannot_hold_is_replaced_and_told(value, safe, what):
    """Each loss has its word, at its place."""
    assert not is_plain({"x": value}) or isinstance(value, str)
    made, changes = make_safe({"x": value})
    assert made == {"x": safe}
    assert [change.what for change in changes] == [what]
    assert changes[0].path.startswith("/x")


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ((1, (2,)), [1, [2]]),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (pathlib.PurePosixPath("/a"), "/a"),
        (datetime.date(2026, 11, 23), "2026-11-23"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (Colour.RED, "red"),
        (Text("a"), "a"),
        (2**63, 2**63),
        ([[], []], [[], []]),
    ],
)
def test_customary_forms_are_no_loss(value, safe):
    """A tuple, a path, a date have a JSON form that everyone expects."""
    assert make_safe(value) == (safe, [])


def test_one_object_twice_is_no_cycle():
    """Only an object inside itself is a cycle."""
    shared = [1]
    assert make_safe([shared, shared]) == ([[1], [1]], [])


def test_deep_nesting_ends():
    """A structure deeper than any reader likes is cut off, told once."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    made, (change,) = make_safe(value)
    assert change.what == "too deep"
    assert json.dumps(made).count("[") == MAX_DEPTH + 1


def test_huge_integer_beyond_the_digits_limit_is_hex():
    """An integer that Python refuses to print is written in hex."""
    assert make_safe(10**5000)[0] == hex(10**5000)


def test_plain_values_are_seen_as_plain():
    """The usual event takes the fast way."""
    assert is_plain({"a": [1, 2.5, "x", None, True, {"b": ()}], "c": {}})
    assert not is_plain({"a": cycle()})


def test_long_text_is_cut_with_length_and_digest(tmp_path):
    """A long string keeps its beginning, its full length and its sha256."""
    text = "ü" * (MAX_TEXT + 1)
    with open_run(tmp_path, worker="main") as log:
        log.emit("call.end", attrs={"value": {"deep": text}}, error={"type": "E", "message": text})
    line = json.loads(log.path.read_text(encoding="utf-8").splitlines()[-1])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert line["attrs"]["value"]["deep"] == {"cut": "ü" * KEPT, "length": len(text), "sha256": digest}
    assert line["error"]["message"] == f"{'ü' * KEPT}… [cut: {len(text)} characters, sha256 {digest}]"


def test_payload_over_64_kib_goes_to_a_blob(tmp_path):
    """A whole payload is kept beside the log, named by its digest, once; without its secrets."""
    payload = {"rows": list(range(20_000)), "password": "hunter2!"}
    with open_run(tmp_path, worker="main") as log:
        log.emit("call.end", attrs={"value": payload, "text": "x" * (MAX_PAYLOAD + 1)})
        log.emit("call.end", attrs={"value": payload})
    first, second = (json.loads(line)["attrs"] for line in log.path.read_text().splitlines()[1:])
    blob = (log.directory / first["value"]["blob"]).read_bytes()
    assert json.loads(blob) == payload | {"password": "[redacted]"}
    assert first["value"]["sha256"] == hashlib.sha256(blob).hexdigest() == pathlib.Path(first["value"]["blob"]).name
    assert first["value"]["length"] == len(blob)
    assert (log.directory / first["text"]["blob"]).read_text() == "x" * (MAX_PAYLOAD + 1)
    assert second["value"] == first["value"]
    assert len(list((log.directory / "blobs").iterdir())) == 2


def test_blob_that_cannot_be_written_costs_no_event(tmp_path):
    """Without room for the blob the line still says how long it was and what its digest."""
    with open_run(tmp_path, worker="main") as log:
        (log.directory / "blobs").write_text("in the way")
        log.emit("call.end", attrs={"value": "x" * (MAX_PAYLOAD + 1)})
    value = json.loads(log.path.read_text().splitlines()[-1])["attrs"]["value"]
    assert "blob" not in value
    assert value["length"] == MAX_PAYLOAD + 1
    assert log.dropped == 0


def test_size_of_a_value_is_bounded():
    """A value too big to walk keeps its beginning; the loss is told once for each container."""
    made, changes = make_safe({"a": [float("nan")] * (MAX_NODES + 5), "b": 1})
    assert MAX_NODES - 5 < len(made["a"]) <= MAX_NODES
    assert [(change.path, change.what) for change in changes[-2:]] == [
        ("/a", "too many values"),
        ("", "too many values"),
    ]
