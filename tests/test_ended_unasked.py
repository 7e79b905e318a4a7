"""A server that answers a call and is gone before the next one: nothing is lost, and yet it is a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pytest_toolcheck import server as server_module
from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.judging import judge
from pytest_toolcheck.server import TargetServer
from pytest_toolcheck.spec.model import McpTarget, ToolSpec
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.base import Outcome

from .targets_kit import call, request, spec_of


class FakeSession:
    id = "fake-1"
    how: str | None = None

    def is_alive(self) -> bool:
        return self.how is None

    def ended_unasked(self) -> str | None:
        return self.how

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch):
    """The server of a file whose sessions are fakes."""
    target = SimpleNamespace(kind="mcp", open=FakeSession, close=lambda: None)
    monkeypatch.setattr(server_module, "make_target", lambda _spec: target)
    return TargetServer(
        spec_of(McpTarget(command=("none",))), SimpleNamespace(log=SimpleNamespace(emit=lambda *_, **__: None))
    )


def test_the_call_that_it_did_not_outlive_is_named_once(server):
    """Seen after the call, or when the next one needs a session; a server that nothing was asked of is none of ours."""
    server.note_call(server.session, 'place {"n": 9}')
    server.note_call(FakeSession(), "elsewhere {}")
    assert server.take_ended() == ""
    server.session.how = "exit code 0"
    told = 'the server ended by itself (exit code 0) after its answer to place {"n": 9}'
    assert server.take_ended() == told
    assert server.take_ended() == ""
    assert server.session.how is None
    server.note_call(server.session, 'place {"n": 9}')
    server.session.how = "exit code 0"
    assert server.session.how is None
    assert server.take_ended() == told


@pytest.mark.parametrize("checks", [{}, {"no_crash": False}], ids=["judged", "switched off"])
def test_it_is_a_finding_of_the_case_at_hand(server, checks):
    """Whatever that case is about: a file's last calls would otherwise hide it."""
    tool = ToolSpec("place", checks=checks)
    plan = SimpleNamespace(tool=tool)
    server.note_call(server.session, "place {}")
    server.session.how = "exit code 0"
    state = SimpleNamespace(plan=plan, server=server, stray="", is_stray_told=False, checks={}, unproven={})
    context = SimpleNamespace(base=dict, report=lambda _finding: None, attrs={})
    found = judge(context, state, Case("id", {}, "valid", "example", "", ""), Outcome("accepted", 1))
    assert [finding.check for finding in found] == ([] if checks else ["no_crash"])


def test_only_a_death_between_calls_is_unasked():
    """A server that dies in a call has lost that call: this is told already."""
    session = make_target(spec_of(McpTarget(command=("python", "raw_server.py")))).open()
    try:
        assert call(session, "text", say="x").kind == "accepted"
        assert session.ended_unasked() is None
        os.kill(session.process_ids()[0], signal.SIGKILL)
        assert session._link.process.exit_code(wait_s=10) is not None
        assert session.ended_unasked() == "killed by SIGKILL"
        assert session.call(request("text", say="x")).kind == "lost"
        assert session.ended_unasked() is None
    finally:
        session.close()


def test_who_ends_what_is_left_is_no_child_of_this_process():
    """Where a server has ended, whoever asks for our children finds none, and so need not look at each thread's."""
    asking = "from pytest_toolcheck.targets.guard import guard; import os\nguard.add(999999); guard.remove(999999)\n"
    asking += (
        "try: os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)\nexcept ChildProcessError: print('none')"
    )
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("none\n", "")
