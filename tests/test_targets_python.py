"""Python functions as tools: discovery, arguments, results, errors, time limits."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time

import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import PythonTarget, ToolSpec
from pytest_toolcheck.targets import make_target

from .targets_kit import call, python_tools, request, spec_of

SHORT_S = 0.1


@pytest.fixture
def session_of(tmp_path):
    """Return a maker of sessions, closed at the end of the test."""
    opened = []

    def make(source: str, *tools: ToolSpec):
        opened.append(python_tools(tmp_path, source, *tools, name=f"tools{len(opened)}.py").open())
        return opened[-1]

    yield make
    for session in opened:
        session.close()


def described(tmp_path, source: str, *tools: ToolSpec):
    return {item.name: item for item in python_tools(tmp_path, source, *tools).describe()}


class TestDiscovery:
    def test_public_functions_of_the_module_are_tools(self, tmp_path):
        """Functions that the module defines are found; imported, private and class names are not."""
        source = (
            "from json import dumps\nimport functools\n"
            "class Shop:\n    def buy(self, sku: str) -> str: return sku\n"
            "buy = Shop().buy\n"
            "def quote(): ...\nasync def later(): ...\ndef _hidden(): ...\n"
            "@functools.lru_cache\ndef cached(n: int): return n\n"
        )
        assert set(described(tmp_path, source)) == {"buy", "quote", "later", "cached"}

    def test_all_names_what_is_public(self, tmp_path):
        """`__all__` decides alone, imported functions included."""
        source = "from json import dumps\n__all__ = ['dumps']\ndef other(): ...\n"
        assert set(described(tmp_path, source)) == {"dumps"}

    def test_call_names_another_function(self, tmp_path):
        """A tool of the spec with `call` is described under its own name; one that is not there says so."""
        tools = (ToolSpec("order", call="place"), ToolSpec("encode", call="json:dumps"), ToolSpec("absent"))
        found = described(tmp_path, "def place(sku: str): ...\n", *tools)
        assert {"order", "encode", "place", "absent"} == set(found)
        assert found["absent"].missing == "tools.py has no 'absent'. It has: place"
        assert found["order"].input_schema["required"] == ["sku"]

    def test_a_method_of_a_class_says_that_it_needs_an_object(self, tmp_path):
        """`Shop.buy` has nobody to be `self`; a static method has no need of one."""
        source = "class Shop:\n    def buy(self, sku: str): ...\n    @staticmethod\n    def sell(sku: str): ...\n"
        found = described(tmp_path, source, ToolSpec("buy", call="Shop.buy"), ToolSpec("sell", call="Shop.sell"))
        assert (
            found["buy"].missing == "Shop.buy is a method of a class: make an object in the module, and name its method"
        )
        assert found["sell"].missing is None

    def test_source_names_file_and_line(self, tmp_path):
        """The description says where the function stands."""
        assert described(tmp_path, "\n\ndef place(): ...\n")["place"].source.endswith("tools.py:4")


class TestSchemas:
    @pytest.mark.parametrize(
        ("hint", "schema"),
        [
            ("int", {"type": "integer"}),
            ("Annotated[int, Field(ge=1, le=5)]", {"type": "integer", "minimum": 1, "maximum": 5}),
            ("Literal['a', 'b']", {"enum": ["a", "b"], "type": "string"}),
            ("list[str]", {"type": "array", "items": {"type": "string"}}),
            ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
            ("datetime.date", {"type": "string", "format": "date"}),
            ("threading.Lock", {}),
        ],
    )
    def test_hint_becomes_schema(self, tmp_path, hint, schema):
        """A hint is the schema of its parameter; one that no schema can say leaves it open."""
        source = (
            f"import datetime, threading\nfrom typing import *\nfrom pydantic import Field\ndef f(x: {hint}): ...\n"
        )
        assert described(tmp_path, source)["f"].input_schema["properties"]["x"] == schema

    def test_shared_types_are_definitions(self, tmp_path):
        """Two parameters of one model refer to one definition of the input's schema."""
        source = (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
            "def f(a: P, b: list[P] | None = None) -> P: ...\n"
        )
        schema = described(tmp_path, source)["f"].input_schema
        assert schema["properties"]["a"] == {"$ref": "#/$defs/P"}
        assert schema["$defs"]["P"]["required"] == ["x"]
        assert schema["required"] == ["a"]

    def test_defaults_and_extra_keywords(self, tmp_path):
        """A default makes a parameter optional and is told; `**kwargs` alone admits unknown ones; None is meant."""
        found = described(tmp_path, "def f(a: int = 3, b: str = None): ...\ndef g(*args, **rest): ...\n")
        assert found["f"].input_schema == {
            "type": "object",
            "properties": {
                "a": {"type": "integer", "default": 3},
                "b": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            },
            "additionalProperties": False,
        }
        assert found["g"].input_schema == {"type": "object", "properties": {}, "additionalProperties": True}

    @pytest.mark.parametrize(
        "doc",
        [
            "Place.\n\n    Args:\n        sku: what to buy\n    ",
            "Place.\n\n    Parameters\n    ----------\n    sku : str\n        what to buy\n    ",
            "Place.\n\n    :param sku: what to buy\n    ",
        ],
        ids=["google", "numpy", "rest"],
    )
    def test_docstring_describes_tool_and_parameters(self, tmp_path, doc):
        """All three usual styles give the parameter's description."""
        tool = described(tmp_path, f'def place(sku: str):\n    """{doc}"""\n')["place"]
        assert tool.description.strip() == "Place."
        assert tool.input_schema["properties"]["sku"]["description"] == "what to buy"

    def test_return_hint_is_the_output_schema(self, tmp_path):
        """The return hint is the output's schema, a generator's items an array; without a hint there is none."""
        source = (
            "from collections.abc import Iterator\ndef a() -> int: ...\ndef b(): ...\ndef c() -> Iterator[int]: ...\n"
        )
        found = described(tmp_path, source)
        assert found["a"].output_schema == {"type": "integer"}
        assert found["b"].output_schema is None
        assert found["c"].output_schema == {"type": "array", "items": {"type": "integer"}}


class TestArguments:
    def test_plain_hints_get_raw_values(self, session_of):
        """Nothing is checked or coerced for JSON types: the test sees what the function itself does."""
        session = session_of("def kind(x: int): return type(x).__name__\n")
        assert call(session, "kind", x="5", valid=False).value == "str"

    def test_foreign_types_are_made_from_json(self, session_of):
        """A dataclass, an enum, a date and a set are made of JSON for the function, and its result is JSON again."""
        session = session_of(
            "import datetime, enum\nfrom dataclasses import dataclass\n"
            "class C(enum.Enum):\n    RED = 'red'\n"
            "@dataclass\nclass Item:\n    sku: str\n    count: int = 1\n"
            "def f(item: Item, color: C, day: datetime.date, tags: set[str]):\n"
            "    return {'item': item, 'color': color, 'next': day + datetime.timedelta(1), 'tags': tags}\n"
        )
        outcome = call(session, "f", item={"sku": "A"}, color="red", day="2024-02-28", tags=["x"])
        assert outcome.value == {
            "item": {"sku": "A", "count": 1},
            "color": "red",
            "next": "2024-02-29",
            "tags": ["x"],
        }

    def test_positional_only_parameters_are_filled(self, session_of):
        """`def f(a, /)` is callable by name from JSON."""
        assert call(session_of("def f(a, b=2, /, c=3): return [a, b, c]\n"), "f", a=1, c=9).value == [1, 2, 9]

    def test_a_missing_argument_is_a_refusal_of_an_invalid_input(self, session_of):
        """Python's own TypeError refuses an invalid input, and is a crash for a valid one."""
        session = session_of("def f(a): ...\n")
        assert call(session, "f", valid=False).kind == "refused"
        assert call(session, "f", valid=True).kind == "crashed"
        assert call(session, ToolSpec("f", rejects=("KeyError",)), valid=False).kind == "refused"


class TestResults:
    def test_generators_are_collected(self, session_of):
        """A generator, an async generator and a returned coroutine give their items and results."""
        session = session_of(
            "def a():\n    yield 1\n    yield 2\n"
            "async def b():\n    yield 1\n    yield 2\n"
            "async def _c(): return [1, 2]\n"
            "def c(): return _c()\n"
        )
        assert [call(session, name).value for name in "abc"] == [[1, 2]] * 3

    def test_what_is_not_json_is_kept(self, session_of):
        """NaN, bytes, cycles and unknown objects reach the check of the output unchanged."""
        session = session_of(
            "def f():\n    cycle = []\n    cycle.append(cycle)\n"
            "    return {'nan': float('nan'), 'bytes': b'x', 'cycle': cycle,\n"
            "     'object': object(), 'keys': {1: 2, (1,): 2}}\n"
        )
        value = call(session, "f").value
        assert math.isnan(value["nan"])
        assert value["bytes"] == b"x"
        assert value["cycle"][0][0] is value["cycle"][0]
        assert type(value["object"]) is object
        assert (1,) in value["keys"]


class TestErrors:
    def test_value_error_is_a_refusal_and_others_crash(self, session_of):
        """The defaults of spec-format.md: ValueError and its kind except UnicodeError; TypeError for invalid input."""
        session = session_of("import json\ndef f(how): exec(how)\n")
        kinds = {
            how: call(session, "f", how=how).kind
            for how in (
                "raise ValueError",
                "json.loads('{')",
                "b'\\xff'.decode()",
                "[][0]",
                "1 + ''",
                "raise SystemExit(3)",
            )
        }
        assert list(kinds.values()) == ["refused", "refused", "crashed", "crashed", "crashed", "crashed"]
        assert call(session, "f", how="1 + ''", valid=False).kind == "refused"

    def test_rejects_names_exceptions(self, session_of):
        """`rejects` replaces the default; names match bases, dotted and re-exported ones too."""
        session = session_of("import asyncio\nclass Gone(LookupError): ...\ndef f(how): raise eval(how)\n")
        tool = ToolSpec("f", rejects=("LookupError", "asyncio.TimeoutError"))
        assert call(session, tool, how="Gone()").kind == "refused"
        assert call(session, tool, how="TimeoutError()").kind == "refused"
        assert call(session, tool, how="ValueError()").kind == "crashed"

    def test_error_names_the_innermost_frame_of_the_tool(self, session_of):
        """The location is the tool's own line, not the library's; the stack has none of our frames."""
        session = session_of("import json\ndef f():\n    return json.dumps(object())\n")
        error = call(session, "f").error
        assert error.location == "tools0.py:4 in f"
        assert "pytest_toolcheck" not in error.stack
        assert error.type == "TypeError"

    def test_a_broken_message_is_no_error_of_ours(self, session_of):
        """An exception whose __str__ raises is told all the same."""
        session = session_of("class E(Exception):\n    def __str__(self): raise RuntimeError\ndef f(): raise E\n")
        assert call(session, "f").error.message == "<its message cannot be shown: RuntimeError>"

    def test_ctrl_c_goes_through(self, session_of):
        """KeyboardInterrupt ends the run, it is not a finding."""
        session = session_of("def f(): raise KeyboardInterrupt\nasync def g(): raise KeyboardInterrupt\n")
        for name in "fg":
            with pytest.raises(KeyboardInterrupt):
                call(session, name)

    def test_unknown_tool_says_what_there_is(self, session_of):
        """A tool that is not there is told with the names that are."""
        outcome = call(session_of("def place(): ...\n"), "plase")
        assert outcome.error.message == "tools0.py has no 'plase'. Did you mean 'place'? It has: place"


HANGS = {
    "sleep": "import time\ndef f(): time.sleep(30)\n",
    "busy": "def f():\n    while True: pass\n",
    "swallows": "import time\ndef f():\n    while True:\n        try: time.sleep(30)\n        except Exception: pass\n",
    "swallows the first stop": (
        "import time\ndef f():\n    try: time.sleep(30)\n    except BaseException: time.sleep(30)\n"
    ),
    "async": "import asyncio\nasync def f(): await asyncio.sleep(30)\n",
    "blocks its loop": "import time\nasync def f(): time.sleep(30)\n",
    "swallows cancellation": (
        "import asyncio\nasync def f():\n    while True:\n        try: await asyncio.sleep(30)\n"
        "        except asyncio.CancelledError: pass\n"
    ),
    "awaits later": "import asyncio\ndef f(): return asyncio.sleep(30)\n",
}


class TestTimeLimit:
    @pytest.mark.parametrize("how", HANGS)
    def test_every_hang_ends(self, session_of, how):
        """A hang is stopped soon after the limit, whatever it does, and the session is not used again."""
        session = session_of(HANGS[how])
        started = time.monotonic()
        outcome = call(session, "f", limit_s=SHORT_S)
        assert outcome.kind == "timed_out"
        assert time.monotonic() - started < 10
        assert not session.is_alive()

    def test_the_place_of_a_hang_is_told(self, session_of):
        """The error says where the tool was when it was stopped."""
        assert call(session_of(HANGS["busy"]), "f", limit_s=SHORT_S).error.location == "tools0.py:3 in f"

    def test_the_place_where_an_async_tool_waits_is_told(self, session_of):
        """For a call that awaits, it is the innermost line of the tool's own code."""
        source = "import asyncio\nasync def _g():\n    await asyncio.sleep(30)\nasync def f():\n    await _g()\n"
        assert call(session_of(source), "f", limit_s=SHORT_S).error.location == "tools0.py:4 in _g"

    @pytest.mark.parametrize(
        "head",
        [
            "from dataclasses import dataclass\n@dataclass\nclass Box:\n    n: int\n    def __post_init__(self):\n",
            "import pydantic\nclass Box(pydantic.BaseModel):\n    n: int\n    def model_post_init(self, _):\n",
        ],
        ids=["dataclass", "model"],
    )
    def test_a_hang_while_arguments_are_made_ends(self, session_of, head):
        """Code of the user's own classes runs before the function does, and is stopped in time as well."""
        session = session_of(f"{head}        while True: pass\ndef f(box: Box): return 1\n")
        outcome = call(session, "f", limit_s=SHORT_S, box={"n": 1})
        assert (outcome.kind, session.is_alive()) == ("timed_out", False)
        assert "while True" in outcome.error.stack

    @pytest.mark.parametrize("how", ["sleep", "async"])
    def test_in_another_thread_a_hang_is_left_behind(self, session_of, how):
        """Where no alarm can ring, the caller goes on without the call."""
        session = session_of(HANGS[how].replace("30", "1"))
        got = []
        thread = threading.Thread(target=lambda: got.append(call(session, "f", limit_s=SHORT_S)))
        thread.start()
        thread.join()
        assert got[0].kind == "timed_out"

    def test_a_surrounding_timer_goes_on(self, session_of):
        """pytest-timeout's timer and handler are put back with what is left of it."""
        handler = signal.signal(signal.SIGALRM, lambda *_: None)
        before = signal.setitimer(signal.ITIMER_REAL, 50.0)
        try:
            ours = signal.getsignal(signal.SIGALRM)
            call(session_of(HANGS["sleep"]), "f", limit_s=SHORT_S)
            assert signal.getsignal(signal.SIGALRM) is ours
            assert 1 < signal.getitimer(signal.ITIMER_REAL)[0] < 50 - SHORT_S / 2
        finally:
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, *before)

    def test_a_surrounding_timer_that_is_due_first_rings(self, session_of):
        """A hard limit of the test that ends before the call's own is not put off."""

        class HardLimit(BaseException):
            pass

        HardLimit.__module__ = "_pytest.outcomes"

        def ring(*_):
            raise HardLimit

        handler = signal.signal(signal.SIGALRM, ring)
        before = signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(HardLimit):
                call(session_of(HANGS["sleep"]), "f", limit_s=20)
        finally:
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, *before)


class TestLoops:
    def test_a_plain_tool_may_run_a_loop_itself(self, session_of):
        """A plain function is called outside any loop, even where one is running around the test."""
        session = session_of("import asyncio\nasync def _g(): return 1\ndef f(): return asyncio.run(_g())\n")

        async def inside():
            return call(session, "f")

        assert call(session, "f").value == 1
        assert asyncio.run(inside()).value == 1

    def test_async_tools_share_the_session_s_loop(self, session_of):
        """Calls of one session run on one loop, so what a tool keeps of its loop stays good."""
        session = session_of("import asyncio\nasync def f(): return id(asyncio.get_running_loop())\n")
        assert call(session, "f").value == call(session, "f").value == id(session.loop)

    def test_call_works_inside_a_running_loop(self, session_of):
        """`call` may be used in an async test: the tool runs in a thread of its own."""
        session = session_of("import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 1\n")

        async def inside():
            return call(session, "f").value, (await session.call_async(request("f"))).value

        assert asyncio.run(inside()) == (1, 1)

    def test_call_async_runs_plain_tools_beside_the_loop(self, session_of):
        """The caller's loop goes on while a plain tool works; a hang ends there too."""
        session = session_of(
            "import threading, time\ndef f(): return threading.current_thread().name\ndef g(): time.sleep(1)\n"
        )

        async def inside():
            return await session.call_async(request("f")), await session.call_async(request("g", limit_s=SHORT_S))

        ran, hung = asyncio.run(inside())
        assert ran.value == "toolcheck-call"
        assert hung.kind == "timed_out"

    @pytest.mark.parametrize("source", ["def f(n): B.wait()", "async def f(n): await asyncio.to_thread(B.wait)"])
    def test_concurrent_calls_run_at_once(self, session_of, source):
        """Calls that wait for each other all end, in the order of the requests."""
        session = session_of(f"import asyncio, threading\nB = threading.Barrier(3, timeout=20)\n{source}; return n\n")
        outcomes = session.call_concurrently([request("f", n=n) for n in range(3)])
        assert [outcome.value for outcome in outcomes] == [0, 1, 2]

    def test_close_cancels_what_is_left(self, session_of):
        """A task that a tool left behind is cancelled with the session, without a warning."""
        session = session_of(
            "import asyncio\nT = []\nasync def f():\n    T.append(asyncio.create_task(asyncio.sleep(60)))\n"
            "def g(): return T[0].cancelled()\n"
        )
        call(session, "f")
        session.close()
        assert call(session, "g").value is True


class TestModules:
    @pytest.mark.parametrize(
        ("source", "first_line"),
        [
            (
                "import json\njson.loads('{')\n",
                r"cannot import tools.py: JSONDecodeError: .* \(.*tools.py:3\)",
            ),
            (
                "import nonesuch\n",
                r"cannot import tools.py: ModuleNotFoundError: No module named 'nonesuch' \(.*tools.py:2\)",
            ),
            ("def f(:\n", r"cannot import tools.py: SyntaxError: .* \(.*tools.py:2\)"),
            ("x = 1\nraise SystemExit(2)\n", r"cannot import tools.py: SystemExit: 2 \(.*tools.py:3\)"),
            (
                "class Gone(BaseException):\n    def __str__(self):\n        return 1\nraise Gone\n",
                r"cannot import tools.py: Gone: <its message cannot be shown: TypeError> \(.*tools.py:5\)",
            ),
        ],
    )
    def test_an_import_error_is_one_clear_line(self, tmp_path, source, first_line):
        """The first line has the reason and the innermost line of the user's file."""
        with pytest.raises(TargetError) as caught:
            python_tools(tmp_path, source).describe()
        assert __import__("re").fullmatch(first_line, str(caught.value).splitlines()[0])
        assert "importlib" not in str(caught.value)

    def test_a_missing_dependency_is_named_with_the_line_that_needs_it(self, tmp_path):
        """Not the target is missing but what it imports: the message says which module, and where it is imported."""
        (tmp_path / "needs_more.py").write_text("import os\nimport nonesuch.part\n")
        for module in ("needs_more.py", "needs_more"):
            target = make_target(spec_of(PythonTarget(module, path=(".",)), path=tmp_path / "a.tool.yaml"))
            with pytest.raises(TargetError) as caught:
                target.open()
            first, second = str(caught.value).splitlines()[:2]
            assert first.startswith(f"cannot import {module}: ModuleNotFoundError: No module named 'nonesuch' (")
            assert first.endswith("needs_more.py:2)")
            assert second.startswith("Install what has the module nonesuch for ")

    @pytest.mark.parametrize(
        "source", ["import json.decoder.deeper\n", "raise ModuleNotFoundError('use shop2', name='shop')\n"]
    )
    def test_nothing_is_to_be_installed_where_the_error_says_otherwise(self, tmp_path, source):
        """A module without that part, or a package that says what has become of it: there is nothing to install."""
        with pytest.raises(TargetError) as caught:
            python_tools(tmp_path, source).describe()
        assert "Install" not in str(caught.value)

    def test_a_missing_file_or_module_is_told(self, tmp_path):
        """A target that is not there says so, and a dotted module how to give its folder."""
        for module, words in (
            (str(tmp_path / "no.py"), "there is no file"),
            ("no_such_module_x", "path: \\[folder\\]"),
        ):
            with pytest.raises(TargetError, match=words):
                make_target(spec_of(PythonTarget(module), path=tmp_path / "a.tool.yaml")).open()

    def test_same_names_in_two_folders_do_not_meet(self, tmp_path):
        """Two specs with equally named files, helpers and packages each get their own."""
        found = []
        for number, name in enumerate("ab"):
            folder = tmp_path / name
            (folder / "shop_pkg").mkdir(parents=True)
            (folder / "shop_pkg" / "__init__.py").write_text(f"def f(): return {number}\n")
            (folder / "shop_helper.py").write_text(f"N = {number}\n")
            found.append(python_tools(folder, "from shop_helper import N\ndef f(): return N\n").open())
            dotted = PythonTarget("shop_pkg", path=(".",))
            found.append(make_target(spec_of(dotted, path=folder / "any.tool.yaml")).open())
        assert [call(session, "f").value for session in found] == [0, 0, 1, 1]

    def test_one_file_in_two_specs_is_two_modules(self, tmp_path):
        """The state of a `.py` target is not shared between specs."""
        (tmp_path / "state.py").write_text("N = []\ndef f():\n    N.append(1)\n    return len(N)\n")
        target = PythonTarget(str(tmp_path / "state.py"))
        sessions = [make_target(spec_of(target, path=tmp_path / f"{n}.tool.yaml")).open() for n in "ab"]
        assert [call(session, "f").value for session in sessions] == [1, 1]

    def test_a_patched_function_is_the_one_called(self, tmp_path, monkeypatch):
        """What a fault or a fixture puts in a function's place takes effect."""
        target = python_tools(tmp_path, "def f(): return 1\n")
        session = target.open()
        assert call(session, "f").value == 1
        monkeypatch.setattr(target.module, "f", lambda: 2)
        assert call(session, "f").value == 2
