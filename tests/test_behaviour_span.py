"""`read_only` over a tool's own cases: what nothing was changed by is not called again, what writes is found as before."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from pytest_toolcheck.behaviour import span as spans
from pytest_toolcheck.behaviour.span import Span, after_cases, without_effect
from pytest_toolcheck.collect import ScenarioItem
from pytest_toolcheck.refused import Refused
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.base import CallError, Outcome
from pytest_toolcheck.targets.mcp import McpServer

from .specs import events, run
from .targets_kit import is_running, spec_of

SERVER = """
import json, sys
known, asked = {"red": 1, "blue": 2}, []

def look_up(word):
    WRITES
    if word not in known:
        raise ValueError(f"no such word: {word!r}")
    return {"word": word, "number": known[word]}

def summary():
    return {"words": sorted(known), "asked": asked}

text = {"type": "object", "properties": {"word": {"type": "string", "description": "such as 'red'"}}, "required": ["word"]}
schemas = {"look_up": text, "summary": {"type": "object"}}
for line in sys.stdin:
    message = json.loads(line)
    if message["method"] == "initialize":
        result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "words", "version": "1"}}
    elif message["method"] == "tools/list":
        hints = {"readOnlyHint": True}
        result = {"tools": [{"name": n, "inputSchema": s, "annotations": hints} for n, s in schemas.items()]}
    elif message["method"] == "tools/call":
        try:
            answer = globals()[message["params"]["name"]](**message["params"].get("arguments", {}))
            result = {"content": [{"type": "text", "text": json.dumps(answer)}]}
        except (ValueError, TypeError) as error:
            result = {"content": [{"type": "text", "text": str(error)}], "isError": True}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


def promise_of(pytester: pytest.Pytester, writes: str) -> tuple[list[str], Counter[str]]:
    """Run a server; return what its promise to change nothing failed with, and how often each input was sent beside it."""
    (pytester.path / "words.py").write_text(SERVER.replace("WRITES", writes), encoding="utf-8")
    command = json.dumps([sys.executable, "words.py"])
    pytester.makefile(".tool.yaml", words=f"toolcheck: 1\ntarget: {{mcp: {{command: {command}}}}}\n")
    run(pytester, "--toolcheck-log=log", "-k", "look_up and (unicode or repeat)")
    seen = list(events(pytester.path / "log"))
    shutil.rmtree(pytester.path / "log")
    broken = [e["attrs"]["message"] for e in seen if e["ev"] == "check.failed" and e["attrs"]["check"] == "read_only"]
    calls = [
        e for e in seen if e["ev"] == "call.start" and e["case"].endswith("[read_only]") and e["tool"] == "look_up"
    ]
    sent = [e["attrs"]["input"]["word"] for e in calls]
    return broken, Counter(map(str, sent))


def test_what_a_refused_call_writes_is_found_and_what_none_writes_is_not_called_again(
    pytester: pytest.Pytester,
) -> None:
    """A rare word that is written down though it is refused; the twin writes nothing, and its cases are not made anew."""
    broken, _ = promise_of(pytester, "if word.startswith('Stra'): asked.append(word)")
    assert len(broken) == 1
    assert broken[0].startswith('look_up is not read_only: called with {"word": "Stra')
    broken, sent = promise_of(pytester, "pass")
    assert broken == []
    assert "Straße" not in sent  # a case was refused it, and nothing had changed when the promise was tried
    assert sent["red"] > 5


def test_a_promise_stands_behind_the_cases_of_its_tool_whatever_shuffles_them() -> None:
    """Other items, and those of other tools, stay in their order."""

    def item(name: str, state: object, *, is_case: bool) -> ScenarioItem:
        made = ScenarioItem.__new__(ScenarioItem)
        made.name, made.state = name, cast("Any", state)
        made.case_attrs = {"label": "valid"} if is_case else {}
        return made

    plan = SimpleNamespace(spec=SimpleNamespace(target=None))
    one, two = SimpleNamespace(plan=plan), SimpleNamespace(plan=plan)
    items: list[Any] = [
        item("repeat[read_only]", one, is_case=False),
        item("a", one, is_case=True),
        item("x", two, is_case=True),
        SimpleNamespace(name="hand-written"),
        item("valid_call", one, is_case=False),
        item("b", one, is_case=True),
        item("y", two, is_case=True),
        item("repeat[read_only]", two, is_case=False),
        item("z", two, is_case=False),
    ]
    after_cases(items)
    names = ["a", "x", "hand-written", "valid_call", "b", "repeat[read_only]", "y", "repeat[read_only]", "z"]
    assert [each.name for each in items] == names


def test_what_is_not_known_of_a_span_is_asked_again() -> None:
    """Another session, a call meanwhile that may write, or a change: then no input of the cases is known to do nothing."""
    watch = SimpleNamespace(settle=lambda: 1, changes=lambda before, now: [] if before == now else ["/asked"])
    session = cast("Any", SimpleNamespace())

    def told(state: int = 1, *, written: int = 3, other: bool = False) -> set[str]:
        seen = cast("Any", SimpleNamespace(watch=watch, state=state))
        span = Span(SimpleNamespace() if other else session, seen, written, {"red"})
        known, server = SimpleNamespace(span=span), SimpleNamespace(written=3)
        return without_effect(cast("Any", SimpleNamespace(known=known, session=session, server=server)))

    assert told() == {"red"}
    assert told(other=True) == told(written=2) == told(state=0) == set()


def test_a_span_is_followed_where_all_that_is_called_in_it_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a tool's first case to its promise; a spare server waits for those that are measured, and for writers."""

    def item(state: Any, path: str = "a", *, reads: bool = True, budgets: Any = None) -> Any:
        tool = SimpleNamespace(annotations=SimpleNamespace(read_only=reads, deterministic=False), budgets=budgets)
        state.plan = SimpleNamespace(tool=tool)
        return SimpleNamespace(state=state, path=path)

    own = SimpleNamespace()
    case, promise, writer = item(own), item(own), item(SimpleNamespace(), reads=False)
    elsewhere = item(SimpleNamespace(), "b", reads=False)
    assert spans._are_only_read([writer, case, elsewhere], promise)
    assert not spans._are_only_read([case, writer], promise)
    assert not spans._are_only_read([writer], promise)
    assert not spans._hinders(case)
    assert spans._hinders(writer)
    assert spans._hinders(item(SimpleNamespace(), budgets={"latency": {}}))

    outcome = SimpleNamespace(kind="accepted", value=1)
    for sees in (False, True):
        watch = SimpleNamespace(sees_something=sees, settle=lambda: 1)
        trial = SimpleNamespace(watch=lambda *_, watch=watch, **__: watch)
        monkeypatch.setattr(spans, "Trial", lambda *_, trial=trial: trial)
        known = SimpleNamespace(span=None)
        running = SimpleNamespace(
            known=known,
            base=dict,
            proof=SimpleNamespace(tried=[({}, outcome)]),
            session=None,
            server=SimpleNamespace(written=0),
        )
        spans.begin(cast("Any", running))
        assert (known.span is not None) is sees


def test_a_refusal_is_known_until_something_may_have_been_written() -> None:
    """Refused for now, accepted since, or with a call between that may write: then it is asked again."""
    known, sent = Refused(), {"word": "green"}
    no = Outcome("refused", 1, error=CallError("ValueError", "no such word"))
    known.note(sent, no, written=3)
    assert known.holds({"word": "green"}, written=3)
    assert not known.holds(sent, written=4)
    assert not known.holds({"word": "blue"}, written=3)
    known.note(sent, Outcome("accepted", 1, value=1), written=3)
    assert not known.holds(sent, written=3)
    for said in ("rate limit exceeded", "server is busy", "try again", "timed out"):
        known.note(sent, Outcome("refused", 1, error=CallError("ValueError", said)), written=3)
        assert not known.holds(sent, written=3)


def test_a_server_that_was_started_ahead_is_the_next_session_and_does_not_outlive_the_target() -> None:
    """What is needed soon can start while cases run; one that has ended meanwhile is started again."""
    target = make_target(spec_of(McpTarget(command=("python", "raw_server.py"))))
    assert isinstance(target, McpServer)

    def ahead() -> int:
        target.prepare()
        assert target._waiting is not None
        return target._waiting.pid

    pids, sessions = [ahead(), ahead()], [target.open()]
    assert {*pids} <= {*sessions[0].process_ids()}
    pids.append(ahead())
    psutil.Process(pids[-1]).kill()
    psutil.Process(pids[-1]).wait()
    sessions.append(target.open())
    assert pids[-1] not in sessions[1].process_ids()
    pids.append(ahead())
    target.close()
    for session in sessions:
        session.close()
    assert not any(map(is_running, pids))
