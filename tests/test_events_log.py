"""The writer: what is on disk, in which form, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import pytest_toolcheck.events as events
from pytest_toolcheck.events import EventLog, NullLog, bind, open_run, read_events, span
from pytest_toolcheck.events.names import CALL_OUTCOMES, CASE_OUTCOMES, EVENT_NAMES, FIELDS

SCHEMA = json.loads((Path(events.__file__).parent / "event.v1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture(name="log")
def _log(tmp_path):
    with open_run(tmp_path, worker="main", argv=["pytest", "-q"]) as log:
        yield log


def lines_of(log: EventLog) -> list[dict[str, Any]]:
    assert log.path is not None
    return [strict(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def strict(line: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(line, parse_constant=refuse)


def last(log: EventLog) -> dict[str, Any]:
    return lines_of(log)[-1]


def test_segment_start_is_the_first_line(log):
    """A file begins with who writes it."""
    (first,) = lines_of(log)
    assert (first["ev"], first["seq"], first["v"]) == ("segment.start", 0, 1)
    assert first["attrs"]["pid"] == os.getpid()
    assert first["attrs"]["argv"] == ["pytest", "-q"]


def test_file_name_tells_worker_process_and_number(tmp_path):
    """Two logs of one process and run have files of their own."""
    with open_run(tmp_path, worker="gw1", run="r") as one, open_run(tmp_path, worker="gw1", run="r") as two:
        assert one.path == tmp_path / "r" / f"gw1-{os.getpid()}-0.jsonl"
        assert two.path == tmp_path / "r" / f"gw1-{os.getpid()}-1.jsonl"


def test_named_fields_stand_at_the_top_and_others_under_attrs(log):
    """A reader finds the fields of the format at the top, and nothing else there."""
    log.emit("call.end", rid="r1", outcome="accepted", dur_ms=2, size=5, attrs={"input": {"a": 1}})
    line = last(log)
    assert set(line) <= set(FIELDS)
    assert (line["rid"], line["outcome"], line["dur_ms"]) == ("r1", "accepted", 2.0)
    assert line["attrs"] == {"input": {"a": 1}, "size": 5}


def test_field_of_a_wrong_type_is_moved_and_told(log):
    """A wrong value of a named field never spoils the line's format."""
    log.emit("call.end", outcome="passed", dur_ms=float("nan"), trace_id="XYZ", attempt=-1)
    line, told = lines_of(log)[-2:]
    assert line["attrs"] == {"outcome": "passed", "dur_ms": "nan", "trace_id": "XYZ", "attempt": -1}
    assert told["ev"] == "log.encode_error"
    assert {change["path"] for change in told["attrs"]["changes"]} >= {"/outcome", "/dur_ms", "/trace_id", "/attempt"}


def test_run_worker_and_number_are_the_writer_s(log):
    """No caller can make a line look like another run's, worker's or time's."""
    with bind(run="other", w="gw9"):
        log.emit("heartbeat", run="other", w="gw9", seq=7, ts=0, v=2)
    line = last(log)
    assert (line["run"], line["w"], line["seq"], line["v"]) == (log.run, "main", 1, 1)
    assert line["attrs"] == {"run": "other", "w": "gw9", "seq": 7, "ts": 0, "v": 2}


def test_odd_event_names_are_still_events(log):
    """A name that is none costs no event."""
    for name in ([], None, "größe x", ""):
        log.emit(name)
    assert [line["ev"] for line in lines_of(log)[1:]] == ["list", "NoneType", "gr__e_x", "_"]
    assert log.dropped == 0


def test_exception_becomes_an_error(log):
    """An exception is logged with type, message and stack."""
    try:
        raise ValueError("no such sku")
    except ValueError as error:
        log.emit("call.error", error=error)
    error = last(log)["error"]
    assert (error["type"], error["message"]) == ("ValueError", "no such sku")
    assert "test_events_log.py" in error["stack"]


def test_seq_counts_and_time_is_real_under_a_travelled_clock(log):
    """`ts` tells the real time while a test travels; `vts` the virtual one when a clock is active."""
    before = lines_of(log)[0]["ts"]
    log.virtual_now = lambda: 1.5
    with time_machine.travel(0, tick=False):
        log.emit("heartbeat")
    log.virtual_now = lambda: None
    log.emit("heartbeat")
    travelled, real = lines_of(log)[1:]
    assert before <= travelled["ts"] <= real["ts"] < before + 600_000_000
    assert (travelled["vts"], "vts" in real) == (1_500_000, False)
    assert [line["seq"] for line in lines_of(log)] == [0, 1, 2]


def test_broken_virtual_clock_costs_no_event(log):
    """An event is written though the virtual clock fails."""
    log.virtual_now = lambda: 1 / 0
    log.emit("heartbeat")
    assert last(log)["ev"] == "heartbeat"
    assert log.dropped == 0


def test_context_is_borne_and_an_event_s_own_fields_win(log):
    """What is bound stands in every event, once."""
    with bind(case="t.py::a", attempt=1, rid="outer"), span(tool="x"):
        log.emit("call.start", rid="inner")
        log.emit("call.end")
    own, bound = lines_of(log)[1:]
    assert (own["case"], own["tool"], own["rid"], bound["rid"]) == ("t.py::a", "x", "inner", "outer")
    assert log.path.read_bytes().splitlines()[1].count(b'"rid"') == 1


def test_every_known_event_fits_the_schema(log):
    """Each kind of line that the program writes is valid to the shipped schema."""
    for name in EVENT_NAMES[1:]:
        words = CASE_OUTCOMES if name.startswith("case.") else CALL_OUTCOMES
        for word in words:
            log.emit(name, outcome=word, dur_ms=1.0, error={"type": "E", "message": "m", "retryable": True}, more=1)
    for line in lines_of(log):
        VALIDATOR.validate(line)


def test_schema_and_code_name_the_same():
    """The shipped schema, the struct of the reader and the writer agree on fields and events."""
    assert set(SCHEMA["properties"]) == set(FIELDS)
    assert set(events.Event.__struct_fields__) == set(FIELDS)
    assert tuple(SCHEMA["properties"]["ev"]["examples"]) == EVENT_NAMES


def test_schema_refuses_wrong_lines():
    """The schema can say no: an outcome of another kind, an unknown field, a bad id."""
    good = {"v": 1, "ts": 1, "seq": 0, "ev": "call.end", "run": "r", "w": "main", "outcome": "accepted"}
    VALIDATOR.validate(good)
    for wrong in ({"outcome": "passed"}, {"rids": "x"}, {"span_id": "0" * 16}, {"v": 2}, {"ts": 1.5}):
        assert not VALIDATOR.is_valid(good | wrong)


class Awkward:
    """An object whose every word is an error."""

    def __repr__(self) -> str:
        raise SystemExit("no")


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.complex_numbers()
    | st.dates()
    | st.uuids()
    | st.builds(Awkward)
    | st.sampled_from([10**400, -(2**63) - 1, 2**64, object(), print, int]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=8) | st.integers() | st.none() | st.binary(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
names = st.sampled_from([*FIELDS, "password", "extra"]).filter(lambda name: name not in ("run", "w"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ev=st.sampled_from(EVENT_NAMES[1:]) | st.text(max_size=10), fields=st.dictionaries(names, anything, max_size=5))
def test_any_value_makes_a_valid_line(log, ev, fields):
    """Whatever is emitted, a strict JSON line valid to the schema stands in the file and nothing is dropped."""
    size = log.path.stat().st_size
    log.emit(ev, **fields)
    with log.path.open("rb") as file:
        file.seek(size)
        written = file.read().decode().split("\n")
    assert written.pop() == ""
    assert written
    for line in written:
        VALIDATOR.validate(strict(line))
    assert log.dropped == 0


def test_full_disk_is_counted_and_told(log):
    """ENOSPC costs events, never the test; the count is told when the disk takes lines again."""
    kept = os.dup(log.fileno())
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log.fileno())
    for _ in range(3):
        log.emit("heartbeat")
    assert log.dropped == 3
    os.dup2(kept, log.fileno())
    log.emit("warning")
    os.close(full)
    os.close(kept)
    told, line = lines_of(log)[-2:]
    assert (told["ev"], told["attrs"]) == ("log.dropped", {"count": 3, "total": 3})
    assert (line["ev"], line["seq"], told["seq"]) == ("warning", 5, 4)
    report = events.ReadReport()
    list(read_events(log.path, report=report))
    assert report.missing == log.dropped == 3


def test_line_after_a_short_write_starts_with_a_newline(log, monkeypatch):
    """Half a line spoils itself only."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    log.emit("heartbeat", rid="torn")
    monkeypatch.undo()
    log.emit("warning", rid="whole")
    report = events.ReadReport()
    found = [event.rid for event in read_events(log.path, report=report) if event.ev != "log.dropped"]
    assert found == [None, "whole"]
    assert (report.bad_lines, report.missing, log.dropped) == (1, 1, 1)


def test_dropped_at_the_end_is_told_by_close(log):
    """A loss that no further event follows is told when the log closes."""
    log._drop()
    log.close()
    assert last(log)["ev"] == "log.dropped"


def test_emit_after_close_never_raises(log):
    """A late event is counted."""
    log.close()
    log.emit("heartbeat")
    assert log.dropped == 1
    log.close()


def test_threads_write_whole_lines_in_order(log):
    """Eight threads: every line whole, no number twice, the file in the order of `seq`."""
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait(10)
        for i in range(100):
            log.emit("heartbeat", rid=f"{number}-{i}", attrs={"pad": "x" * 500})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = lines_of(log)
    assert [line["seq"] for line in lines] == list(range(801))
    assert len({line["rid"] for line in lines[1:]}) == 800


def test_forked_child_writes_a_file_of_its_own(log):
    """After a fork parent and child never share a file."""
    log.emit("heartbeat", rid="before")
    child = os.fork()
    if child == 0:
        log.emit("heartbeat", rid="child")
        os._exit(0 if log.dropped == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    log.emit("heartbeat", rid="parent")
    assert [line.get("rid") for line in lines_of(log)] == [None, "before", "parent"]
    (other,) = set(log.directory.glob("*.jsonl")) - {log.path}
    assert [strict(line).get("rid") for line in other.read_text().splitlines()] == [None, "child"]
    assert other.name == f"main-{child}-0.jsonl"


def test_fork_while_another_thread_writes_does_not_hang(log):
    """A child never waits for a lock that a thread of its parent held."""
    with log._lock:
        done = threading.Event()
        exits: list[int] = []

        def fork() -> None:
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(20)
                log.emit("heartbeat")
                os._exit(0)
            exits.append(os.waitpid(child, 0)[1])
            done.set()

        threading.Thread(target=fork).start()
        assert done.wait(30)
    assert exits == [0]


def test_null_log_has_the_face_of_the_log():
    """A run with the log switched off needs no other code."""
    public = {name for name in dir(EventLog) if not name.startswith("_")} | {"run", "worker", "directory", "dropped"}
    assert public - {"fileno"} <= set(dir(NullLog))
    with NullLog() as log:
        log.emit("heartbeat", rid="x")
    assert log.dropped == 0


def test_room_is_light_to_import():
    """Importing the room and its context loads no msgspec, and every public name exists."""
    code = (
        "import sys, pytest_toolcheck.events as e; e.bind, e.NullLog;"
        "assert not {'msgspec', 'asyncio'} & set(sys.modules), sys.modules.keys();"
        "[getattr(e, name) for name in e.__all__]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sorted(events.__all__) == sorted(events._HOMES)


def test_unknown_name_of_the_room_is_an_attribute_error():
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'EvenLog'"):
        events.EvenLog


def test_line_is_what_the_reader_s_struct_encodes(log):
    """Reading and encoding again loses nothing."""
    log.emit("call.end", rid="r", outcome="lost", dur_ms=1.25, attrs={"a": [1, None]})
    *_, event = read_events(log.path)
    assert json.loads(msgspec.json.encode(event)) == last(log)
