"""The parts that targets are made of: judging errors, the owner thread, the output of processes, JSON-like values."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import importlib.util
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_toolcheck.errors import MissingExtra
from pytest_toolcheck.spec.model import CommandTarget, HttpTarget, McpTarget, PythonTarget, WebSocketTarget
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets._jsonlike import to_json_like
from pytest_toolcheck.targets._openapi import read_operations
from pytest_toolcheck.targets._text_values import uncarried
from pytest_toolcheck.targets._timelimit import Expired
from pytest_toolcheck.targets.classify import code_kind, exception_kind, is_named, matches_code
from pytest_toolcheck.targets.owner import Connection, Owner, shared_owner
from pytest_toolcheck.targets.processes import KEPT_OUTPUT_BYTES, Output, describe_exit

from .targets_kit import spec_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


class TestMakeTarget:
    @pytest.mark.parametrize(
        ("target", "module", "extra"),
        [
            (McpTarget(url="http://x"), "mcp", "mcp"),
            (HttpTarget("http://x"), "httpx", "http"),
            (WebSocketTarget("ws://x"), "websockets", "websocket"),
        ],
    )
    def test_a_missing_client_is_told(self, monkeypatch, target, module, extra):
        """Without its client library a target says what to install."""
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *more: None if name == module else find(name, *more)
        )
        with pytest.raises(MissingExtra, match=rf"pip install 'pytest-toolcheck\[{extra}\]'"):
            make_target(spec_of(target))

    @pytest.mark.parametrize(
        "target",
        [
            PythonTarget("no_such_module"),
            McpTarget(command=("nonesuch",)),
            HttpTarget("http://127.0.0.1:9"),
            WebSocketTarget("ws://127.0.0.1:9"),
            CommandTarget(("nonesuch",)),
        ],
        ids=lambda target: target.kind,
    )
    def test_making_a_target_reaches_nothing(self, target):
        """Nothing is imported, started or connected before the target is used."""
        made = make_target(spec_of(target))
        assert made.kind == target.kind
        made.close()

    def test_the_room_itself_is_light(self):
        """Importing the room brings no client library, no asyncio and no pydantic."""
        code = "import sys, pytest_toolcheck.targets; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        heavy = {"mcp", "httpx", "websockets", "asyncio", "pydantic", "psutil", "jsonschema"}
        assert heavy.isdisjoint(loaded)


class TestClassify:
    @pytest.mark.parametrize(
        ("pattern", "code", "matches"),
        [
            ("4xx", 404, True),
            ("4xx", 500, False),
            ("4xx", 4, False),
            ("42x", 422, True),
            ("422", 422, True),
            (422, 422, True),
            ("400-499", 499, True),
            ("400-499", 500, False),
            ("-32602", -32602, True),
        ],
    )
    def test_codes(self, pattern, code, matches):
        """A code is named exactly, by its first digits, or by a range."""
        assert matches_code(pattern, code) is matches

    @given(st.integers(100, 599), st.integers(1, 5))
    def test_a_class_of_statuses_is_a_hundred(self, code, first):
        """`Nxx` is exactly the range N00-N99."""
        assert matches_code(f"{first}xx", code) == (code // 100 == first) == matches_code(f"{first}00-{first}99", code)

    def test_rejects_replaces_the_default(self):
        """What `rejects` names is all that is a refusal."""
        assert code_kind(422, rejects=None, default=("4xx",)) == "refused"
        assert code_kind(422, rejects=("409",), default=("4xx",)) == "crashed"
        assert code_kind(409, rejects=("ValueError", 409), default=()) == "refused"

    def test_names_of_exceptions(self):
        """Plain and dotted names of the class, its bases, and its aliases in other modules."""
        error = subprocess.TimeoutExpired("x", 1)
        for name in ("TimeoutExpired", "subprocess.TimeoutExpired", "SubprocessError", "Exception"):
            assert is_named(error, [name])
        assert is_named(FileNotFoundError(), ["os.error"])
        assert not is_named(error, ["TimeoutError", "other.TimeoutExpired", 5])

    @pytest.mark.parametrize(
        ("error", "valid", "kind"),
        [
            (ValueError(), True, "refused"),
            (UnicodeDecodeError("utf-8", b"x", 0, 1, ""), True, "crashed"),
            (TypeError(), False, "refused"),
            (TypeError(), True, "crashed"),
            (TypeError(), None, "crashed"),
            (KeyError(), False, "crashed"),
            (AssertionError(), False, "crashed"),
            (ExceptionGroup("", [ValueError()]), False, "crashed"),
        ],
    )
    def test_defaults(self, error, valid, kind):
        """The defaults are those of spec-format.md."""
        assert exception_kind(error, rejects=None, valid=valid) == kind


class TestJsonLike:
    @given(JSON)
    def test_json_is_unchanged(self, value):
        """What is JSON already comes back equal, and of the same types."""
        assert repr(to_json_like(value)) == repr(value)

    def test_objects_become_json(self):
        """Dataclasses, enums, tuples, sets and keys at every depth."""

        class Size(enum.IntEnum):
            BIG = 3

        @dataclass
        class Box:
            size: Size
            inside: tuple[object, ...] = ()

        assert to_json_like([Box(Size.BIG, (Box(Size.BIG), {1}, Path("a/b")))]) == [
            {"size": 3, "inside": [{"size": 3, "inside": []}, [1], "a/b"]}
        ]
        assert to_json_like({True: 1, None: 2, 1.5: 3}) == {"true": 1, "null": 2, "1.5": 3}

    def test_depth_has_no_end(self):
        """A value too deep to convert is kept as it is."""
        value: list = []
        for _ in range(100_000):
            value = [value]
        assert to_json_like(value) is value

    @given(JSON)
    def test_json_can_be_carried(self, value):
        """Every JSON value without lone surrogates can be sent."""
        has_surrogate = any("\ud800" <= sign <= "\udfff" for sign in str(value))
        assert has_surrogate or uncarried({"x": value}) is None


class TestOutput:
    @given(st.lists(st.binary(max_size=300)), st.integers(0, 20))
    def test_since_is_what_came_after_the_mark(self, chunks, at):
        """A slice begins at its mark, whatever was written before."""
        output = Output()
        for chunk in chunks[:at]:
            output.feed(chunk)
        mark = output.mark()
        for chunk in chunks[at:]:
            output.feed(chunk)
        assert output.since(mark) == b"".join(chunks[at:]).decode(errors="replace")

    def test_only_the_end_is_kept(self):
        """A talkative server does not fill the memory: the last bytes stay, and a slice is never of other calls."""
        output = Output()
        for number in range(40):
            output.feed(b"%05d\n" % number * 1000)
        mark = output.mark()
        output.feed(b"last\n")
        assert output.since(mark) == "last\n"
        assert output.last_lines(2) == "00039\nlast"
        assert KEPT_OUTPUT_BYTES / 2 < len(output.since(0)) <= KEPT_OUTPUT_BYTES
        output.feed(b"x" * 10 * KEPT_OUTPUT_BYTES)
        assert output.since(mark) == "x" * KEPT_OUTPUT_BYTES

    def test_exit_codes_in_words(self):
        """A signal is told by its name, a code as a number."""
        assert [describe_exit(code) for code in (0, 3, -9, -250, None)] == [
            "exit code 0",
            "exit code 3",
            "killed by SIGKILL",
            "killed by signal 250",
            "still running",
        ]


@contextlib.asynccontextmanager
async def a_client(seen: list[object]):
    opened_in = asyncio.current_task()
    seen.append("open")
    yield opened_in
    seen.append("closed in its task" if asyncio.current_task() is opened_in else "closed elsewhere")


async def value_of(value: object) -> object:
    await asyncio.sleep(0)
    return value


class TestOwner:
    def test_a_connection_is_opened_and_closed_by_one_task(self):
        """Whoever calls `close`, from whichever thread, the task that opened the client leaves it."""
        seen: list[object] = []
        connection = Connection(lambda: a_client(seen), owner=shared_owner())
        connection.open(limit_s=10)
        assert connection.run(value_of(1), limit_s=10) == 1
        assert asyncio.run(connection.run_async(value_of(2), limit_s=10)) == 2
        closer = threading.Thread(target=connection.close)
        closer.start()
        closer.join()
        connection.close()
        assert seen == ["open", "closed in its task"]

    def test_what_opening_raises_is_raised(self):
        """The first cause, without the groups around it."""

        @contextlib.asynccontextmanager
        async def broken():
            raise ExceptionGroup("a", [ExceptionGroup("b", [LookupError("why")])])
            yield

        with pytest.raises(LookupError, match="why"):
            Connection(broken, owner=shared_owner()).open(limit_s=10)

    def test_opening_has_a_limit(self):
        """A client that never opens is left, and its clean-up runs."""
        cleaned = threading.Event()

        @contextlib.asynccontextmanager
        async def slow():
            try:
                await asyncio.Event().wait()
                yield
            finally:
                cleaned.set()

        with pytest.raises(Expired):
            Connection(slow, owner=shared_owner()).open(limit_s=0.05)
        assert cleaned.wait(10)

    def test_a_blocked_loop_is_given_up(self):
        """Work on a loop that is blocked is left after its limit."""
        owner, release = Owner(), threading.Event()

        async def block():
            release.wait(20)

        connection = Connection(lambda: a_client([]), owner=owner)
        connection.open(limit_s=10)
        with pytest.raises(Expired):
            connection.run(block(), limit_s=0.05)
        release.set()
        connection.close()
        owner.stop()
        assert owner.loop.is_closed()

    def test_the_thread_does_not_hold_the_interpreter(self):
        """A program that never closes its connections ends, quietly."""
        code = (
            "from pytest_toolcheck.targets.owner import shared_owner\n"
            "import asyncio\nshared_owner().submit(asyncio.sleep(60))\n"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
        assert run.stderr == ""


def test_openapi_of_version_3_0_is_modern_schema():
    """Boolean exclusive bounds, `nullable` and references become JSON Schema 2020-12; recursion is kept."""
    tree = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}}, "nullable": True}
    number = {"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 2, "exclusiveMaximum": False}
    body = {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"t": {"$ref": "#/components/schemas/Tree"}}}
            }
        }
    }
    document = {
        "components": {
            "schemas": {"Tree": tree, "Unused": {}},
            "parameters": {"N": {"name": "n", "in": "query", "schema": number}},
        },
        "paths": {"/a/{b}": {"post": {"parameters": [{"$ref": "#/components/parameters/N"}], "requestBody": body}}},
    }
    ((tool, operation),) = read_operations(document)
    assert tool.name == "post_a_b"
    assert operation.places == {"n": "query"}
    assert tool.input_schema["properties"]["n"] == {"type": "number", "exclusiveMinimum": 1, "maximum": 2}
    assert list(tool.input_schema["$defs"]) == ["Tree"]
    assert tool.input_schema["$defs"]["Tree"]["type"] == ["object", "null"]
    assert tool.input_schema["$defs"]["Tree"]["properties"]["next"] == {"$ref": "#/$defs/Tree"}
