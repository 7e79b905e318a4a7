"""MCP servers as targets: over stdio, over HTTP and in process, well-behaved and not."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import McpTarget, ToolSpec
from pytest_toolcheck.targets import Request, _remote, make_target, mcp
from pytest_toolcheck.targets._server_log import ServerLog

from .targets_kit import SERVERS, call, is_running, request, spec_of

ODD = McpTarget(command=("python", "odd_server.py"))
RAW = McpTarget(command=("python", "raw_server.py"))
IN_PROCESS = McpTarget(server="odd_server:server")
LIMIT_S = 0.3


@pytest.fixture
def target_of():
    """Return a maker of targets, closed at the end of the test."""
    made = []

    def make(target: McpTarget, *tools: ToolSpec):
        made.append(make_target(spec_of(target, *tools)))
        return made[-1]

    yield make
    for target in made:
        target.close()


@pytest.fixture
def open_session(target_of):
    """Return a maker of sessions, closed at the end of the test."""
    opened = []

    def make(target: McpTarget):
        opened.append(target_of(target).open())
        return opened[-1]

    yield make
    for session in opened:
        session.close()


@pytest.fixture
def open_endable(open_session):
    """Return a maker of sessions in this process, of whose tools none hangs beyond the end of the test."""
    yield lambda: open_session(IN_PROCESS)
    released = sys.modules["odd_server"].RELEASED
    released.set()
    released.clear()


@pytest.fixture(scope="module", params=[ODD, IN_PROCESS], ids=["stdio", "in_process"])
def odd(request):
    """A session of the server with every oddity, shared by the tests that leave it alive."""
    session = make_target(spec_of(request.param)).open()
    yield session
    session.close()


@pytest.fixture(scope="module")
def raw():
    """A described session of the server without an SDK."""
    target = make_target(spec_of(RAW))
    target.describe()
    session = target.open()
    yield session
    session.close()


def wait_until_gone(*pids: int) -> list[int]:
    """Return the processes that are still there after at most ten seconds."""
    deadline = time.monotonic() + 10
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


class TestCalls:
    def test_structured_content_is_the_value(self, odd):
        """A result's structured content is its value, the whole result is kept to be shown."""
        outcome = call(odd, "add", a=1, b=2)
        assert (outcome.kind, outcome.value) == ("accepted", {"result": 3})
        assert outcome.raw["content"] == [{"type": "text", "text": "3"}]
        assert 0 < outcome.duration_ns < 10_000_000_000

    def test_is_error_is_a_refusal(self, odd):
        """`isError` refuses, with its text as the message; the session goes on."""
        outcome = call(odd, "add", a="x", valid=False)
        assert (outcome.kind, outcome.error.type) == ("refused", "ToolError")
        assert "Input should be a valid integer" in outcome.error.message
        assert odd.is_alive()

    @pytest.mark.parametrize("value", [None, {"a": None}, 10**30, 1.5, "é\U0001f600\u0000\n", [[]], "x" * 300_000])
    def test_json_values_travel_unchanged(self, odd, value):
        """Null, huge integers, long and strange strings come back as they were sent."""
        assert call(odd, "echo", value=value).value == {"value": value}

    @pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf"), {1, 2}])
    def test_what_the_transport_cannot_carry_is_told_apart(self, odd, value):
        """Such arguments are not sent at all: type NotCarried, and the session lives."""
        outcome = call(odd, "echo", value=value)
        assert (outcome.kind, outcome.error.type) == ("refused", "NotCarried")
        assert odd.is_alive()

    @pytest.mark.parametrize("depth", [100, 300, 900, 5000, 200_000])
    def test_deep_values_have_a_clear_end(self, odd, depth):
        """However deep the arguments: they arrive, or they are told to be unsendable, and the session lives."""
        value: list = []
        for _ in range(depth):
            value = [value]
        outcome = call(odd, "echo", value=value)
        assert outcome.kind == "accepted" or outcome.error.type in ("NotCarried", "ToolError"), outcome.error
        assert call(odd, "add", a=1, b=2).kind == "accepted"

    def test_progress_is_reported(self, odd):
        """Each progress notification reaches the request's listener before the answer."""
        seen = []
        outcome = odd.call(Request(ToolSpec("steps"), {}, "rid", 10.0, True, seen.append))
        assert outcome.kind == "accepted"
        assert [(item.progress, item.total, item.message) for item in seen] == [
            (0, 3, "step 0"),
            (1, 3, "step 1"),
            (2, 3, "step 2"),
        ]
        assert seen[0].at_ns <= seen[-1].at_ns <= outcome.duration_ns

    def test_calls_take_few_turns_of_the_loop(self, odd, monkeypatch):
        """A call that listens to progress waits for nothing after its answer, unless its tool promises heartbeats."""
        turns = []
        selector = odd._connection._owner.loop._selector
        select = selector.select
        monkeypatch.setattr(selector, "select", lambda timeout=None: (turns.append(1), select(timeout))[1])
        heard = dataclasses.replace(request("add", a=1, b=2), on_progress=print)
        assert [odd.call(heard).kind for _ in range(5)] == ["accepted"] * 5
        assert len(turns) < 5 * 40, turns

    def test_calls_from_loops_and_threads(self, odd):
        """A session may be used from a running loop, from another thread, and for many calls at once."""
        assert asyncio.run(odd.call_async(request("add", a=1, b=1))).value == {"result": 2}
        found = []
        thread = threading.Thread(target=lambda: found.append(call(odd, "add", a=2, b=2).value))
        thread.start()
        thread.join()
        assert found == [{"result": 4}]
        outcomes = odd.call_concurrently([request("add", a=n, b=n) for n in range(8)])
        assert [outcome.value["result"] for outcome in outcomes] == [2 * n for n in range(8)]

    def test_call_renames_a_tool(self, odd):
        """`call` in the spec names the tool of the server."""
        assert call(odd, ToolSpec("sum", call="add"), a=1, b=2).value == {"result": 3}


class TestResults:
    @pytest.mark.parametrize(
        ("say", "value"), [('{"a": 1}', {"a": 1}), ("[1]", [1]), ("5", "5"), ("plain", "plain"), ("{broken", "{broken")]
    )
    def test_a_single_text_is_read(self, raw, say, value):
        """Without structured content a text is the object or array that it spells, or itself."""
        assert call(raw, "text", say=say).value == value

    def test_owed_structured_content_is_not_made_up(self, raw, open_session):
        """A tool with an output schema that answers in text gives {"content": …}, for the check to see.

        So it does in a session whose tools were described elsewhere (by another worker).
        """
        for session in (raw, open_session(RAW)):
            assert call(session, "structured").value == {"content": [{"type": "text", "text": '{"a": 1}'}]}
            assert call(session, "text", say='{"a": 1}').value == {"a": 1}

    @pytest.mark.parametrize(("code", "kind"), [(-32602, "refused"), (-32603, "crashed"), (-32000, "crashed")])
    def test_protocol_errors(self, raw, code, kind):
        """-32602 refuses, any other JSON-RPC error is a crash with its code."""
        outcome = call(raw, "code", code=code)
        assert (outcome.kind, outcome.error.code, outcome.error.message) == (kind, code, "said no")

    def test_rejects_may_name_a_code(self, raw):
        """A server's own code can be declared a clean refusal."""
        assert call(raw, ToolSpec("code", rejects=(-32000,)), code=-32000).kind == "refused"

    def test_an_answer_against_the_protocol_is_a_crash(self, raw):
        """A result that is no tool result is told with the field that is wrong; the session goes on."""
        outcome = call(raw, "damaged")
        assert (outcome.kind, outcome.error.type) == ("crashed", "ProtocolError")
        assert "content" in outcome.error.message
        assert call(raw, "text", say="on").value == "on"

    def test_a_lone_surrogate_in_an_answer_arrives(self, raw):
        """What a server sends as an escape is seen, not lost with a time-out."""
        assert call(raw, "surrogate").value == "\ud800"

    def test_prints_beside_the_protocol_are_noise(self, raw):
        """A line on stdout that is no message breaks nothing and is kept with the call that wrote it."""
        assert call(raw, "text", say="x").noise == "stdout: working on tools/call\n"


class TestDescribe:
    def test_tools_are_described_with_their_hints(self, target_of):
        """Schemas, words and hints of `tools/list`; the session that listed them is the next one opened."""
        target = target_of(ODD)
        tools = {tool.name: tool for tool in target.describe()}
        assert tools["add"].annotations == {"read_only": True, "idempotent": True, "destructive": False}
        assert tools["add"].input_schema["required"] == ["a", "b"]
        assert tools["add"].output_schema["required"] == ["result"]
        assert (tools["echo"].annotations, tools["echo"].description) == (None, "Return the value.")
        session = target.open()
        assert target.describe() is target.describe()
        session.close()

    def test_all_pages_are_read(self, target_of):
        """A list in pages is read to its end."""
        assert [tool.name for tool in target_of(RAW).describe()][-1] == "quit"

    def test_a_public_server(self, open_session):
        """The public time server answers, over stdio, from its own package."""
        session = open_session(McpTarget(command=("python", "-m", "mcp_server_time", "--local-timezone", "UTC")))
        assert call(session, "get_current_time", timezone="UTC").value["timezone"] == "UTC"
        assert call(session, "get_current_time", timezone="nowhere").kind == "refused"


class TestDeathAndHang:
    def test_a_server_that_dies_is_lost(self, open_session):
        """The outcome has the exit code and what the server wrote last; the session is dead."""
        session = open_session(ODD)
        outcome = call(session, "die", code=7)
        assert (outcome.kind, outcome.error.code) == ("lost", 7)
        assert outcome.error.message == "the server died: exit code 7\nIt wrote last:\nabout to die"
        assert outcome.noise == "about to die\n"
        assert not session.is_alive()
        assert call(session, "add", a=1, b=1).kind == "lost"

    def test_a_killed_server_is_lost(self, open_session):
        """A signal is named."""
        session = open_session(RAW)
        os.kill(session.process_ids()[0], signal.SIGSEGV)
        assert call(session, "text").error.message.startswith("the server died: killed by SIGSEGV")

    def test_a_hang_costs_its_limit_once(self, open_session):
        """A hung server is killed with its time-out: it is not asked again."""
        session = open_session(RAW)
        pids = session.process_ids()
        outcome = call(session, "hang", limit_s=LIMIT_S)
        assert outcome.kind == "timed_out"
        assert not session.is_alive()
        assert wait_until_gone(*pids) == []

    def test_a_hang_in_process_ends(self, open_endable):
        """A tool that blocks the server's loop in this process is left behind, and other sessions go on."""
        session, other = open_endable(), open_endable()
        assert call(session, "hang", limit_s=LIMIT_S).kind == "timed_out"
        assert not session.is_alive()
        assert call(other, "add", a=1, b=1).kind == "accepted"

    def test_a_blocked_owner_is_left_behind(self, open_endable, monkeypatch):
        """Even a tool that stops the whole loop of its server costs no more than its limit."""
        monkeypatch.setattr(_remote, "HUNG_LOOP_GRACE_S", 0.1)
        session = open_endable()
        assert call(session, "block_loop", limit_s=LIMIT_S).kind == "timed_out"
        assert not session.is_alive()

    def test_what_the_server_logs_in_process_is_heard(self, open_session):
        """The SDK answers no more than that a tool failed; what it logged of this call is its noise, in process too."""
        session = open_session(IN_PROCESS)
        outcome = call(session, "refuse", text="this")
        assert outcome.kind == "refused"
        assert "ValueError: not this" in outcome.noise
        assert call(session, "add", a=1, b=1).noise == ""

    def test_the_log_is_left_alone_after(self):
        """A listener that was closed hears nothing any more."""
        log, logger = ServerLog(), logging.getLogger("mcp.server.lowlevel")
        before = list(logging.getLogger("mcp.server").handlers)
        log.open()
        logger.error("Tool %r failed", "a")
        log.close()
        logger.error("Tool %r failed again", "a")
        assert (log.since(0, "a"), log.since(0, "b"), log.since(log.mark(), "a")) == ("Tool 'a' failed", "", "")
        assert logging.getLogger("mcp.server").handlers == before


class TestProcess:
    def test_the_environment(self, open_session):
        """The user's variables are inherited, `env` is merged over them, and memory can be metered exactly."""
        os.environ["TOOLCHECK_TEST_MINE"] = "mine"
        try:
            session = open_session(McpTarget(command=RAW.command, env={"TOOLCHECK_TEST_SPEC": "spec"}))
        finally:
            del os.environ["TOOLCHECK_TEST_MINE"]
        names = ("TOOLCHECK_TEST_MINE", "TOOLCHECK_TEST_SPEC", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_")
        values = [call(session, "environment", name=name).value for name in names]
        assert values == ["mine", "spec", "1", "131072"]

    def test_python_means_this_interpreter_s(self, open_session, monkeypatch):
        """`python` in a command is that of the environment which runs the tests, wherever PATH points."""
        monkeypatch.setenv("PATH", "/nowhere")
        session = open_session(McpTarget(command=RAW.command))
        assert os.path.samefile(call(session, "executable").value, sys.executable)

    def test_close_ends_the_server_and_its_children(self, open_session):
        """Nothing of a session outlives its end, and the end is quick."""
        session = open_session(RAW)
        child = int(call(session, "spawn").value)
        pids = session.process_ids()
        assert child in pids
        session.close()
        session.close()
        assert wait_until_gone(*pids) == []

    def test_a_server_that_ignores_its_end_is_killed(self, open_session):
        """Closed stdin and SIGTERM are asked for first; SIGKILL is not asked for."""
        session = open_session(McpTarget(command=("python", "-c", STUBBORN)))
        pids = session.process_ids()
        session.close()
        assert wait_until_gone(*pids) == []

    def test_no_orphans(self, tmp_path):
        """However the test process ends, its servers and their children end with it, daemons too."""
        script = tmp_path / "run.py"
        script.write_text(ORPHANS.format(root=str(SERVERS.parent.parent)))
        run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
        ways = [line.split(":") for line in run.stdout.splitlines()]
        assert [how for how, _ in ways] == ["kill -9", "exit", "os._exit"], run.stderr
        for how, named in ways:
            pids = [int(word) for word in named.split()]
            assert len(pids) == 4, run.stderr
            assert wait_until_gone(*pids) == [], how


STUBBORN = """
import signal, sys, time, runpy
signal.signal(signal.SIGTERM, signal.SIG_IGN)
try: runpy.run_path("raw_server.py")
finally: time.sleep(60)
"""

ORPHANS = """
import os, signal, sys
sys.path.insert(0, {root!r})
from tests.targets_kit import spec_of, call
from pytest_toolcheck.spec.model import McpTarget
from pytest_toolcheck.targets import make_target
import mcp.client.stdio  # once for all
STUBBORN = "import sys, time, runpy, signal\\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\\n"
STUBBORN += "import subprocess\\nsubprocess.Popen(['sleep', '61'], start_new_session=True, stdout=2)\\n"
STUBBORN += "try: runpy.run_path('raw_server.py')\\nfinally: time.sleep(60)"
for how in ("kill -9", "exit", "os._exit"):
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    stubborn = make_target(spec_of(McpTarget(command=("python", "-c", STUBBORN)))).open()
    session = make_target(spec_of(McpTarget(command=("python", "raw_server.py")))).open()
    call(session, "spawn")
    print(how + ":", *session.process_ids(), *stubborn.process_ids(), flush=True)
    if how == "kill -9": os.kill(os.getpid(), signal.SIGKILL)
    if how == "os._exit": os._exit(0)
    sys.exit()
"""


class TestStart:
    @pytest.mark.parametrize(
        ("command", "first_line", "more"),
        [
            (
                ("nonesuch-server", "-x"),
                "cannot start `nonesuch-server -x`: command not found: nonesuch-server",
                "PATH",
            ),
            (("python", "-c", "import sys; sys.exit('no config')"), "exit code 1 before it answered", "  no config"),
            (
                ("python", "-c", "import os; os.kill(os.getpid(), 11)"),
                "killed by SIGSEGV before",
                "It wrote nothing to stderr.",
            ),
            (("python", "-c", "print('Hello')"), "exit code 0 before it answered", "  stdout: Hello"),
            (
                ("python", "-m", "no_such_module_x"),
                "exit code 1 before it answered",
                "No module named no_such_module_x",
            ),
        ],
    )
    def test_a_failed_start_is_one_clear_error(self, target_of, command, first_line, more):
        """Command, exit code and the last lines of stderr; the first line stands alone."""
        with pytest.raises(TargetError) as caught:
            target_of(McpTarget(command=command)).open()
        lines = str(caught.value).splitlines()
        assert first_line in lines[0]
        assert shlex.join(command) in lines[0]
        assert more in str(caught.value)

    def test_a_server_that_does_not_answer(self, target_of, monkeypatch):
        """A start has a limit, and the server is killed."""
        monkeypatch.setattr(mcp, "START_LIMIT_S", LIMIT_S)
        with pytest.raises(TargetError, match=r"no answer to `initialize` within 0.3s"):
            target_of(McpTarget(command=("sleep", "60"))).open()

    def test_a_folder_that_does_not_exist(self, target_of):
        """A wrong `cwd` is not told as a command that was not found."""
        with pytest.raises(TargetError, match="the folder /no/such/folder does not exist"):
            target_of(McpTarget(command=("python",), cwd="/no/such/folder")).open()

    def test_a_url_that_nobody_serves(self, target_of):
        """The reason and the URL stand in one line."""
        with pytest.raises(TargetError, match=r"cannot reach the MCP server http://127.0.0.1:9/mcp: ConnectError"):
            target_of(McpTarget(url="http://127.0.0.1:9/mcp")).open()

    @pytest.mark.parametrize("server", ["no_such_module_x:server", "odd_server:nothing", "odd_server:sys"])
    def test_an_attribute_that_is_not_there(self, target_of, server):
        """An in-process server that cannot be found, or is none, is told as for functions."""
        with pytest.raises(
            TargetError, match=r"cannot import no_such_module_x|odd_server\.py has no 'nothing'|sys is no MCP server"
        ):
            target_of(McpTarget(server=server)).open()


@pytest.fixture(scope="module")
def http_server():
    """The odd server over Streamable HTTP on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "odd_server.py", "http", str(port)],
        cwd=SERVERS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/mcp", process
    process.kill()
    process.wait()


class TestHttp:
    def test_calls_over_http(self, http_server, open_session):
        """The same calls work over Streamable HTTP, with headers, and a death of the server is `lost`."""
        url, process = http_server
        session = open_session(McpTarget(url=url, headers={"x-mine": "1"}))
        assert call(session, "add", a=1, b=2).value == {"result": 3}
        assert call(session, "add", a="x", valid=False).kind == "refused"
        assert call(session, "hang", limit_s=LIMIT_S).kind == "timed_out"
        second = open_session(McpTarget(url=url))
        assert call(second, "add", a=1, b=2).kind == "accepted"
        process.kill()
        process.wait()
        assert call(second, "add", a=1, b=2).kind == "lost"
        assert not second.is_alive()
