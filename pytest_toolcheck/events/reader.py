"""Read event logs: a file, a run's directory, or many; merged in order, what is damaged skipped and counted."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from .model import Event
from .names import ABORTED, VERSION
from .rundir import LATEST

_decode: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode


@dataclass(slots=True)
class ReadReport:
    """What a reader met besides events; complete when the reading has ended."""

    files: list[Path] = field(default_factory=list)
    events: int = 0
    bad_lines: int = 0
    """Whole lines that are no event: damaged, or of another version."""
    torn_tails: int = 0
    """Files that end in the middle of a line, as after a kill."""
    missing: int = 0
    """Events that `seq` says were written but are not there; at least so many, where several processes of one worker
    stand in one merged file."""
    aborted: int = 0
    """Cases that started and never ended."""


def read_events(source: Path | Iterable[Path], *, report: ReadReport | None = None) -> Iterator[Event]:
    """Yield the events of files, run directories, or `DIR` (its newest run), ordered by time, file and `seq`.

    Within a file the order of the file holds, also when the clock was set back. Cases that never ended get a
    `case.aborted` at the end. Memory does not grow with the length of the log. Raises FileNotFoundError.
    """
    report = ReadReport() if report is None else report
    report.files = find_segments(source)
    return _with_aborted(_counted(read_lines(report.files, report), report), report)


def find_segments(source: Path | Iterable[Path]) -> list[Path]:
    """Return the files to read. Raises FileNotFoundError where there are none."""
    sources = [source] if isinstance(source, Path) else list(source)
    return [segment for one in sources for segment in _segments_of(one)]


def _segments_of(source: Path) -> list[Path]:
    if not source.is_dir():
        source.stat()
        return [source]
    if found := sorted(source.glob("*.jsonl")):
        return found
    if (source / LATEST).is_dir() and (found := sorted((source / LATEST).glob("*.jsonl"))):
        return found
    raise FileNotFoundError(
        f"{source}: found no event log (*.jsonl), expected a run's directory or one that holds runs"
    )


Line = tuple[tuple[int, int, int], Event, bytes]
"""The sort key (ts, number of the file, number of the line), the event, the line itself."""


def read_lines(files: list[Path], report: ReadReport) -> Iterator[Line]:
    """Yield the lines of all files, merged in order."""
    streams = [_read_file(path, number, report) for number, path in enumerate(files)]
    return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda line: line[0])


def _read_file(path: Path, number: int, report: ReadReport) -> Iterator[Line]:
    with path.open("rb", buffering=1 << 18) as file:
        for count, line in enumerate(file):
            event = _parse(line, report)
            if event is not None:
                yield (event.ts, number, count), event, line


def _parse(line: bytes, report: ReadReport) -> Event | None:
    try:
        event = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if not line.endswith(b"\n"):
            report.torn_tails += 1
        elif line.strip():
            report.bad_lines += 1
        return None
    if event.v != VERSION:
        report.bad_lines += 1
        return None
    return event


def _counted(lines: Iterator[Line], report: ReadReport) -> Iterator[Event]:
    """Follow `seq`. A merged file holds several sequences of one worker: each number continues one of them."""
    ends: dict[tuple[int, str, str], list[int]] = {}
    for (_, number, _), event, _ in lines:
        report.events += 1
        chains = ends.setdefault((number, event.run, event.w), [])
        report.missing += _extend(chains, event.seq)
        yield event


def _extend(chains: list[int], seq: int) -> int:
    """Continue the sequence that ends just before `seq`; return how many numbers were skipped."""
    if len(chains) == 1 and chains[0] == seq - 1:
        chains[0] = seq
        return 0
    if seq == 0:
        chains.append(0)
        return 0
    earlier = [end for end in chains if end < seq]
    if not earlier:
        chains.append(seq)
        return seq if len(chains) == 1 else 0
    nearest = max(earlier)
    chains[chains.index(nearest)] = seq
    return seq - nearest - 1


def _with_aborted(events: Iterator[Event], report: ReadReport) -> Iterator[Event]:
    running: dict[tuple[str, str, str | None, int | None], Event] = {}
    latest = 0
    for event in events:
        latest = max(latest, event.ts)
        if event.ev == "case.start":
            running[event.run, event.w, event.case, event.attempt] = event
        elif event.ev == "case.end":
            running.pop((event.run, event.w, event.case, event.attempt), None)
        yield event
    report.aborted = len(running)
    for start in running.values():
        yield msgspec.structs.replace(start, ev=ABORTED, ts=latest, outcome="other", attrs={"started_ts": start.ts})
