"""One file out of the segments of a run, for `--toolcheck-log=FILE.jsonl`; the segments live on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .reader import ReadReport, find_segments, read_lines


def merge_to(run_directory: Path, path: Path) -> ReadReport:
    """Write the whole lines of all segments, in order, to `path`, which appears whole or not at all. Raises OSError."""
    report = ReadReport(files=find_segments(run_directory))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        with partial.open("xb", buffering=1 << 20) as file:
            for _, _, line in read_lines(report.files, report):
                file.write(line if line.endswith(b"\n") else line + b"\n")
                report.events += 1
        partial.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
    return report
