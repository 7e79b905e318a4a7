"""Reading: in order, whole, and never stopped by damage."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolcheck.events import ReadReport, bind, open_run, read_events
from pytest_toolcheck.events.merge import merge_to


def line(seq: int, *, ts: int = 0, ev: str = "heartbeat", w: str = "main", **fields: object) -> str:
    return json.dumps({"v": 1, "ts": ts or seq + 1, "seq": seq, "ev": ev, "run": "r", "w": w, **fields}) + "\n"


def read(source):
    report = ReadReport()
    return list(read_events(source, report=report)), report


def test_files_are_merged_by_time(tmp_path):
    """Two workers' events come in the order of the clock; equal times by file and number."""
    (tmp_path / "gw0-1-0.jsonl").write_text(line(0, ts=1, w="gw0") + line(1, ts=5, w="gw0") + line(2, ts=9, w="gw0"))
    (tmp_path / "gw1-2-0.jsonl").write_text(line(0, ts=2, w="gw1") + line(1, ts=5, w="gw1"))
    found, report = read(tmp_path)
    assert [(event.ts, event.w) for event in found] == [(1, "gw0"), (2, "gw1"), (5, "gw0"), (5, "gw1"), (9, "gw0")]
    assert (report.events, report.missing, len(report.files)) == (5, 0, 2)


def test_clock_set_back_does_not_reorder_a_file(tmp_path):
    """What one process wrote stays in its order."""
    (tmp_path / "a.jsonl").write_text(line(0, ts=100) + line(1, ts=50) + line(2, ts=101))
    (tmp_path / "b.jsonl").write_text(line(0, ts=60, w="gw0") + line(1, ts=100, w="gw0") + line(2, ts=200, w="gw0"))
    found = [(event.w, event.seq) for event in read(tmp_path)[0]]
    assert found == [("gw0", 0), ("main", 0), ("main", 1), ("gw0", 1), ("main", 2), ("gw0", 2)]


def test_damage_is_skipped_and_counted(tmp_path):
    """Bad lines, another version, empty lines and a torn tail are never fatal."""
    bad = [
        "{not json\n",
        "\xff\xfe\n",
        "[]\n",
        '{"v":1}\n',
        line(1).replace('"v": 1', '"v": 2'),
        '"x"\n',
        "[" * 9999 + "\n",
    ]
    file = tmp_path / "main-1-0.jsonl"
    file.write_bytes((line(0) + "\n" + "".join(bad) + line(1) + '{"v":1,"ts":').encode("latin-1"))
    found, report = read(tmp_path)
    assert [event.seq for event in found] == [0, 1]
    assert (report.bad_lines, report.torn_tails, report.missing) == (len(bad), 1, 0)


def test_whole_last_line_without_newline_counts(tmp_path):
    """A line that lacks only its newline is an event."""
    (tmp_path / "a.jsonl").write_text(line(0) + line(1).rstrip())
    assert [event.seq for event in read(tmp_path)[0]] == [0, 1]


def test_unknown_events_and_fields_are_read_over(tmp_path):
    """A newer writer's additions do no harm."""
    (tmp_path / "a.jsonl").write_text(line(0, ev="moon.rose", phase=3))
    (event,) = read(tmp_path)[0]
    assert event.ev == "moon.rose"


def test_gaps_are_counted(tmp_path):
    """A number that is missing was an event."""
    (tmp_path / "a.jsonl").write_text(line(0) + line(3) + line(4) + line(6))
    assert read(tmp_path)[1].missing == 3


def test_start_without_end_is_aborted(tmp_path):
    """A case whose process died gets its end from the reader, with its own attempt."""
    with open_run(tmp_path, worker="main") as log:
        for attempt in (0, 1):
            with bind(case="t.py::a", attempt=attempt):
                log.emit("case.start")
                if attempt == 0:
                    log.emit("case.end", outcome="failed")
    found, report = read(tmp_path)
    assert [event.ev for event in found] == ["segment.start", "case.start", "case.end", "case.start", "case.aborted"]
    assert (found[-1].case, found[-1].attempt, report.aborted) == ("t.py::a", 1, 1)
    assert found[-1].ts >= found[-2].ts


def test_directory_of_runs_means_the_newest(tmp_path):
    """`DIR` alone reads its newest run."""
    with open_run(tmp_path, worker="main", run="old"):
        pass
    with open_run(tmp_path, worker="main", run="new"):
        pass
    assert {event.run for event in read(tmp_path)[0]} == {"new"}
    assert {event.run for event in read([tmp_path / "old", tmp_path / "new"])[0]} == {"old", "new"}


def test_nothing_to_read_is_said_at_once(tmp_path):
    """A wrong path is an error that says what was expected, before the first event is asked for."""
    with pytest.raises(FileNotFoundError, match="expected a run's directory"):
        read_events(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_events(tmp_path / "none.jsonl")


def test_merged_file_holds_every_line_in_order(tmp_path):
    """One file of the whole run, readable like a segment; the segments live on."""
    logs = [open_run(tmp_path, worker=worker, run="r") for worker in ("main", "gw0", "gw0")]
    for i in range(30):
        logs[i % 3].emit("heartbeat", rid=str(i))
    with logs[1].path.open("ab") as file:
        file.write(b'{"torn":')
    target = tmp_path / "out" / "all.jsonl"
    logs[0].merge_to(target)
    for log in logs:
        log.close()
    found, report = read(target)
    assert [event.rid for event in found if event.rid] == [str(i) for i in range(30)]
    assert (report.events, report.bad_lines, report.torn_tails, report.missing) == (33, 0, 0, 0)
    assert len(list((tmp_path / "r").glob("*.jsonl"))) == 3
    assert [path.name for path in target.parent.iterdir()] == ["all.jsonl"]


def test_whole_tail_without_newline_is_merged_as_a_line(tmp_path):
    """A whole last line that lacks its newline is not glued to the next one."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "a.jsonl").write_text(line(0, ts=1).rstrip())
    (run / "b.jsonl").write_text(line(0, ts=2, w="gw0"))
    merge_to(run, tmp_path / "all.jsonl")
    assert (tmp_path / "all.jsonl").read_text() == line(0, ts=1) + line(0, ts=2, w="gw0")


def test_gap_is_seen_in_a_merged_file_too(tmp_path):
    """Merging hides no loss."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "gw0-1-0.jsonl").write_text("".join(line(i, ts=2 * i + 1, w="gw0") for i in range(3)))
    (run / "gw1-2-0.jsonl").write_text("".join(line(i, ts=2 * i + 2, w="gw1") for i in (0, 1, 4)))
    merge_to(run, tmp_path / "all.jsonl")
    assert read(run)[1].missing == read(tmp_path / "all.jsonl")[1].missing == 2


def test_failed_merge_leaves_the_old_file(tmp_path):
    """A merge that fails leaves what was there, and no half file."""
    target = tmp_path / "all.jsonl"
    target.write_text("old")
    with pytest.raises(FileNotFoundError):
        merge_to(tmp_path / "none", target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 400), junk=st.binary(max_size=40))
def test_reader_survives_any_damage(tmp_path, cut, junk):
    """Whatever stands in a file, the lines after the damage are read."""
    file = tmp_path / "a.jsonl"
    file.write_bytes("".join(map(line, range(4))).encode()[:cut] + junk + b"\n" + line(9).encode())
    found, _ = read(file)
    assert found[-1].seq == 9


def test_reading_is_streaming(tmp_path):
    """The first event comes before the last line is read."""
    file = tmp_path / "a.jsonl"
    file.write_text(line(0))
    stream = read_events(file)
    assert next(stream).seq == 0
    with file.open("a") as more:
        more.write(line(1))
    assert [event.seq for event in stream] == [1]
