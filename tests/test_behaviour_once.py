"""What ordinary cases show counts only as a habit: what a call does once accuses nobody, what each does is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from .behaviour_lab import findings_of

HEAD = "import asyncio, os, time\nmade, kept = [], []\n"
SPEC = "tools: {{tool: {{variations: {{categories: [example, optional], exclude: [repeat]}}{more}}}}}\n"


def found(folder: Path, code: str, more: str = "") -> list[str]:
    return findings_of(folder, HEAD + code, SPEC.format(more=more), cases=True)


@pytest.mark.parametrize("call", [2, 3, 4])
def test_one_call_that_holds_the_loop_is_no_habit(call: int, tmp_path: Path) -> None:
    """Whichever it is: the first is the proof of the base, that nobody looks at."""
    code = (
        "async def tool(fast: bool = False) -> str:\n"
        f"    made.append(0)\n    len(made) == {call} and time.sleep(0.2)\n    return 'ok'"
    )
    assert found(tmp_path, code, ", clock: virtual") == []


def test_a_pool_that_grows_now_and_then_is_no_leak(tmp_path: Path) -> None:
    """One descriptor more in several calls is no one more in each."""
    code = (
        "def tool(fast: bool = False) -> str:\n    made.append(0)\n"
        "    len(made) % 4 == 2 and kept.append(os.open('/dev/null', os.O_RDONLY))\n    return 'ok'\n"
        "import atexit\natexit.register(lambda: [os.close(fd) for fd in kept])"
    )
    assert found(tmp_path, code) == []
