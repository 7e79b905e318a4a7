"""Events a second into the log, beside the plain way: json.dumps and one os.write a line.

    python tests/benchmarks/log_speed.py [events] [rounds]

Both write the same line of about 350 bytes to a file opened with O_APPEND. The best of the rounds counts: anything else
is the machine's other work. The last figure is the time to read it all again.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pytest_toolcheck.events import EventLog, ReadReport, bind, new_rid, open_run, read_events, span

CASE = "tests/orders.tool.yaml::place_order::boundary[count:251]"


def write_ours(log: EventLog, events: int) -> None:
    with bind(case=CASE, attempt=0), span(tool="place_order", rid=new_rid()):
        for i in range(events):
            log.emit("call.end", outcome="accepted", dur_ms=1.25, attrs={"valid": True, "bytes": i, "kind": "boundary"})


def write_with_json(descriptor: int, run: str, events: int) -> None:
    with span() as bound:
        context = {"run": run, "w": "main", "case": CASE, "attempt": 0, **bound.fields}
    for i in range(events):
        line = {
            "v": 1,
            "ts": time.time_ns() // 1000,
            "seq": i,
            "ev": "call.end",
            **context,
            "tool": "place_order",
            "rid": "0123456789abcdef",
            "outcome": "accepted",
            "dur_ms": 1.25,
            "attrs": {"valid": True, "bytes": i, "kind": "boundary"},
        }
        os.write(descriptor, (json.dumps(line) + "\n").encode())


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU time of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main(events: int = 100_000, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as scratch, open_run(Path(scratch), worker="main") as log:
        peer = os.open(Path(scratch) / "peer", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        ours, plain = [], []
        for _ in range(rounds):
            ours.append(seconds(lambda: write_ours(log, events)))
            plain.append(seconds(lambda: write_with_json(peer, log.run, events)))
        size = log.path.stat().st_size / (events * rounds) if log.path else 0
        print(f"line {size:.0f} bytes, best of {rounds} x {events} events")
        for clock, name in enumerate(("wall", "CPU")):
            best, other = events / min(t[clock] for t in ours), events / min(t[clock] for t in plain)
            print(
                f"{name:4}  log {best:9,.0f} events/s   json + write {other:9,.0f} events/s   ratio {best / other:.2f}"
            )
        report = ReadReport()
        wall, _ = seconds(lambda: sum(1 for _ in read_events(log.directory, report=report)))
        print(f"read  {report.events / wall:9,.0f} events/s   missing {report.missing}, bad {report.bad_lines}")
        os.close(peer)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
