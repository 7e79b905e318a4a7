"""Caches that others push things out of: calls that live there, and hardly vary, are not accused for that; calls that touch little are."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import pytest

from pytest_toolcheck.budgets import contention, marks, touched
from pytest_toolcheck.budgets.caches import LOOKS, PUSHED_OUT, QUIET, SLOWEST, Caches, _Cells
from pytest_toolcheck.budgets.contention import RECENT_NS, Contention, Doubts
from pytest_toolcheck.budgets.cpu import CpuMeter
from pytest_toolcheck.budgets.latency import LatencyMeter
from pytest_toolcheck.budgets.subjects import Caller, ToolCall, subject_of
from pytest_toolcheck.budgets.touched import MEASURING_BYTES, Touched, own_cache_bytes, touches_little
from pytest_toolcheck.budgets.verdict import ConfirmedVerdict, Sample
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import HttpTarget, PythonTarget, ToolSpec
from pytest_toolcheck.targets.base import ToolDescription

from .targets_kit import python_tools, spec_of

MS, MIB = 1_000_000, 2**20


@pytest.mark.parametrize(
    ("ratios", "slow_down"),
    [
        ([QUIET] * LOOKS, 1),
        ([5.0] * LOOKS, (5 / QUIET) ** 2),
        ([20.0] * LOOKS, SLOWEST),
        ([QUIET] * (LOOKS - 1) + [8.0], 1),
        ([QUIET] * (LOOKS - 2) + [5.0, 5.0], (5 / QUIET) ** 2),
        ([PUSHED_OUT - 0.1] * LOOKS, 1),
    ],
    ids=["quiet", "swept", "never seen so slow", "one odd look", "two of five", "a machine whose far cache is slow"],
)
def test_cells_far_away_tell_whether_they_are_in_a_cache(ratios, slow_down, monkeypatch):
    """What takes several times as long as cells nearby was pushed out, which one odd look does not show."""
    found = iter(ratios)
    monkeypatch.setattr(Caches, "_ratio", lambda self: next(found))
    assert Caches().slow_down() == pytest.approx(slow_down)


def test_cells_are_read():
    """The cells are memory: one takes some time, on any machine, and a clock that is too coarse for that tells nothing."""
    assert _Cells(2**16, 1_000).read_ns() > 0
    assert Caches()._ratio() > 0


def test_a_clock_too_coarse_for_cells_tells_nothing(monkeypatch):
    """Windows' old clock reads 0 for them."""
    monkeypatch.setattr(_Cells, "read_ns", lambda self: 0.0)
    assert Caches().slow_down() == 1


def test_neighbours_that_come_and_go_count_for_a_while(monkeypatch):
    """The worst of the last seconds counts; what was longer ago does not."""
    factors, now = iter([5.0, 1.0, 1.0, 1.0]), [0]
    monkeypatch.setattr(Caches, "slow_down", lambda self: next(factors))
    monkeypatch.setattr(contention, "wall_ns", lambda: now[0])
    watched = Contention()
    watched._blocks = contention.Blocks()
    found = []
    for now[0] in (0, RECENT_NS // 2, RECENT_NS - 1, RECENT_NS + 1):
        found.append(watched.slow_down_of_caches())
    assert found == [5, 5, 5, 1]


def test_without_room_for_blocks_nothing_is_told_of_caches():
    """Nothing is looked at where the reference could not be taken."""
    assert Contention().slow_down_of_caches() == 1


@pytest.fixture(autouse=True)
def no_garbage():
    """A collection of garbage touches all objects."""
    gc.disable()
    yield
    gc.enable()


def bytes_touched(call) -> int | None:
    counting = Touched()
    counting.begin()
    call()
    return counting.end()


KEPT = bytearray(b"x") * (32 * MIB)
linux = pytest.mark.skipif(not touched.has_proc(), reason="the marks of pages are told by /proc")


@linux
def test_what_calls_touch_is_counted():
    """Pages that are read count, as do fresh ones; a call that computes touches little."""
    assert (bytes_touched(lambda: sum(range(1000))) or 0) < 2 * MIB
    assert (bytes_touched(lambda: KEPT.count(b"y")) or 0) > 24 * MIB
    assert (bytes_touched(lambda: bytearray(b"x") * (32 * MIB)) or 0) > 24 * MIB


@linux
def test_what_is_read_from_a_file_is_touched(tmp_path):
    """The pages of the kernel are nobody's: what is copied from them counts."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * (16 * MIB))

    def read() -> None:
        with path.open("rb", buffering=0) as file:
            while file.read(4096):
                pass

    assert (bytes_touched(read) or 0) >= 12 * MIB


def test_a_call_that_does_nothing_is_known_of_python_tools(tmp_path):
    """It is made in the same way, in a module of its own; behind a server nobody offers one."""
    tool = ToolSpec("own")
    target = python_tools(tmp_path, "def own(): raise LookupError", tool)
    spec = spec_of(PythonTarget(str(tmp_path / "tools.py")), tool, path=tmp_path / "any.tool.yaml")
    session = target.open()
    plan = ToolPlan(spec, tool, ToolDescription("own"))
    made = subject_of([ToolCall(plan, {})], session, Caller(session, "", pytest.fail)).idle()
    assert (made.outcome.kind, made.outcome.value) == ("accepted", None)
    served = replace(plan, spec=replace(spec, target=HttpTarget("http://127.0.0.1:9")))
    assert subject_of([ToolCall(served, {})], session, Caller(session, "", pytest.fail)).idle is None
    session.ping = lambda: None
    assert subject_of([ToolCall(served, {})], session, Caller(session, "", pytest.fail)).idle is session.ping


@linux
@pytest.mark.parametrize("by", [None, CpuMeter, LatencyMeter])
def test_what_any_call_touches_on_its_way_is_not_the_tools(by):
    """A call that does nothing is made in the same way, and what that touches is taken off."""

    def far() -> None:
        KEPT.count(b"y")

    counting = Touched(far, by=by)
    counting.begin()
    far()
    assert (counting.end() or 0) < 4 * MIB


@linux
def test_what_children_touch_is_not_known():
    """A call that has a child process at work is not taken for one that touches little."""
    assert not touches_little(bytes_touched(lambda: subprocess.run([sys.executable, "-S", "-c", ""], check=True)))


@linux
def test_what_is_done_aside_is_not_counted():
    """Looking at memory between calls is no business of theirs; what they touch before and after it is."""
    counting = Touched()
    counting.begin()
    with counting.aside():
        KEPT.count(b"y")
    assert (counting.end() or 0) < 8 * MIB
    counting.begin()
    KEPT.count(b"y")
    with counting.aside():
        pass
    assert (counting.end() or 0) > 24 * MIB


def test_without_proc_nothing_is_known_to_touch_little(monkeypatch):
    """Elsewhere than on Linux every call may live in memory."""
    monkeypatch.setattr(touched, "has_proc", lambda: False)
    assert bytes_touched(lambda: None) is None
    assert not touches_little(None)
    little = MEASURING_BYTES + own_cache_bytes() // 2
    assert touches_little(little)
    assert not touches_little(little + 1)


def test_the_size_of_a_processors_own_cache_is_read(tmp_path, monkeypatch):
    """Where the system does not tell it, a small one is assumed."""
    size = tmp_path / "size"
    monkeypatch.setattr(touched, "_CACHE", size)
    for text, expected in [("2048K\n", 2 * MIB), ("what?", 512 * 1024), (None, 512 * 1024)]:
        own_cache_bytes.cache_clear()
        size.unlink(missing_ok=True) if text is None else size.write_text(text)
        assert own_cache_bytes() == expected
    own_cache_bytes.cache_clear()


def judged(
    monkeypatch, *, touched_bytes: int | Sequence[int] | None, caches: float, wall_ms: float
) -> tuple[ConfirmedVerdict, list[float]]:
    """Judge calls that are all of one length against 1 ms, on a machine whose caches are swept."""
    monkeypatch.setattr(Contention, "slow_down", lambda self: 1.05)
    monkeypatch.setattr(Contention, "slow_down_of_caches", lambda self: caches)
    monkeypatch.setattr(Touched, "begin", lambda self: None)
    found = cycle(touched_bytes if isinstance(touched_bytes, list) else [touched_bytes])
    monkeypatch.setattr(Touched, "end", lambda self: next(found))
    rule, doubts, wall = ConfirmedVerdict(0.5, MS, gates=False), Doubts(), round(wall_ms * MS)
    while rule.verdict is None:
        if rule.pause_s:
            doubts.begin_stage()
        rule.feed(Sample(wall))
        doubts.look([rule], [wall])
    return rule, [stage.total for stage in rule.stages if stage.verdict == "fail"]


@pytest.mark.parametrize(
    ("touched_bytes", "caches", "wall_ms", "verdict"),
    [
        (4 * MIB, 5.0, 1.5, "inconclusive"),
        (None, 5.0, 4.9, "inconclusive"),
        (4 * MIB, 5.0, 5.5, "fail"),
        (4 * MIB, 1.0, 1.5, "fail"),
        (100_000, 5.0, 1.5, "fail"),
        ([8 * MIB, 100_000, 8 * MIB, 8 * MIB], 5.0, 1.5, "fail"),
    ],
    ids=["lives in caches", "not known", "more than that", "quiet", "touches little", "garbage is collected"],
)
def test_calls_that_live_in_caches_which_others_sweep_are_not_accused(
    touched_bytes, caches, wall_ms, verdict, monkeypatch
):
    """Though every call takes the same: neighbours that sweep memory all the time slow each alike."""
    assert judged(monkeypatch, touched_bytes=touched_bytes, caches=caches, wall_ms=wall_ms)[0].verdict == verdict


def test_pages_of_libraries_are_not_only_this_processs(monkeypatch, tmp_path):
    """What others touch of them is marked too; what is mapped of other files, and of none, counts."""
    parts = [
        ("7f00-7f01 r--p 00000000 08:01 12 /usr/lib/libpython3.so", 900),
        ("7f01-7f02 r-xp 00001000 08:01 12 /usr/lib/libpython3.so", 800),
        ("7f02-7f03 rw-p 00000000 00:00 0 ", 7),
        ("7f03-7f04 r--s 00000000 08:01 13 /data/with a space", 20),
        ("7f04-7f05 rw-p 00000000 00:00 0 [heap]", 300),
    ]
    lines = [f"{head}\nSize: 4 kB\nReferenced: {size} kB\nVmFlags: rd ex" for head, size in parts]
    (tmp_path / "smaps").write_text("\n".join(lines))
    monkeypatch.setattr(marks, "OWN", tmp_path)
    assert marks.marked_bytes() == 327 * 1024
