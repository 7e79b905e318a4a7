"""What a command prints beside its JSON: a line left over from debugging, which no reader of its output expects."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .base import Evidence, Finding, as_json, shorten

_MOST_CONTROLS = 2


def printed_beside_json(evidence: Evidence) -> Finding | None:
    """Fail when a command that prints JSON otherwise has printed JSON and something else."""
    raw, text = evidence.outcome.raw, evidence.outcome.value
    if (
        not isinstance(raw, dict)
        or "exit_code" not in raw
        or not isinstance(text, str)
        or evidence.tool.output is not None
    ):
        return None
    beside = next(_beside_json(text.splitlines()), None)
    if beside is None or not _prints_json_otherwise(evidence):
        return None
    return Finding(
        "output_schema",
        f"{evidence.tool.name} printed JSON, and beside it: {shorten(beside, 120)}",
        "output_schema beside JSON",
        "JSON alone, as in its other answers; all else belongs on stderr",
        details=(("result", shorten(text, 2000)),),
    )


def _beside_json(lines: list[str]) -> Iterator[str]:
    """Yield what stands before or after an object or a list; one on each line is a form of its own."""
    for cut in range(1, min(len(lines), 20)):
        for json_lines, others in ((lines[cut:], lines[:cut]), (lines[:-cut], lines[-cut:])):
            if _is_container("\n".join(json_lines)) and not any(map(_is_container, others)):
                told = [line for line in others if line.strip()]
                yield from told[:1]


def _is_container(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _prints_json_otherwise(evidence: Evidence) -> bool:
    sent = as_json(evidence.case.input)
    others = [dict(good) for good in evidence.known_good if as_json(good) != sent]
    if evidence.retry is None:
        return False
    return any(isinstance(evidence.retry(other).value, dict | list) for other in others[:_MOST_CONTROLS])
