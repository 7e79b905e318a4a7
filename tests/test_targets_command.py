"""Commands as targets: one process a call."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import time

import psutil
import pytest

from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.spec.model import CommandTarget, ToolSpec
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets._command_line import fill
from pytest_toolcheck.targets._text_values import NotCarriedError

from .targets_kit import call, is_running, request, spec_of

ECHO = "import json, sys; print(json.dumps({'in': json.load(sys.stdin), 'argv': sys.argv[1:]}))"
LIMIT_S = 0.3


def session_of(code: str, *arguments: str, **options):
    target = CommandTarget(argv=("python", "-c", code, *arguments), **options)
    return make_target(spec_of(target)).open()


def test_json_on_stdin():
    """The input is on stdin, the value is the JSON that is printed; `call` adds arguments."""
    session = session_of(ECHO, stdin="json")
    assert call(session, ToolSpec("x", call="--to '{a}'"), a="é", b=[None]).value == {
        "in": {"a": "é", "b": [None]},
        "argv": ["--to", "é"],
    }


@pytest.mark.parametrize(
    ("template", "arguments", "filled"),
    [
        (["t", "--n", "{n}", "{file}"], {"n": 3, "file": "a b"}, ["t", "--n", "3", "a b"]),
        (["t", "--n", "{n}", "{file}"], {"file": "x"}, ["t", "x"]),
        (["t", "--n={n}", "{files}"], {"files": ["a", "b"]}, ["t", "a", "b"]),
        (
            ["t"],
            {"dry_run": True, "quiet": False, "n": 3, "tag": ["x", "y"]},
            ["t", "--dry-run", "--n=3", "--tag=x", "--tag=y"],
        ),
    ],
)
def test_arguments_from_the_input(template, arguments, filled):
    """Holes are filled, empty ones left out with their option, lists spread; without holes there are options."""
    assert list(fill(template, arguments, {})) == filled


@pytest.mark.parametrize("arguments", [{"other": 1}, {"n": None}, {"n": {"a": 1}}, {"n": "3"}])
def test_what_a_command_line_cannot_say(arguments):
    """An argument without a place, null, objects and texts that spell another value are not carried."""
    with pytest.raises(NotCarriedError):
        list(fill(["t", "{n}"], arguments, {"properties": {"n": {"type": "integer"}}}))


OPTIONS = {
    "type": "object",
    "properties": {
        "width": {"type": "integer"},
        "fast": {"type": "boolean"},
        "signed": {"const": True},
        "color": {"enum": ["red", "blue"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "parts": {"type": "array", "minItems": 1},
    },
    "additionalProperties": False,
}
"""The parameters of a tool whose input becomes options."""


@pytest.mark.parametrize(
    "arguments",
    [{"fast": []}, {"width": [1]}, {"width": [1, 2]}, {"color": ["red"]}, {"color": []}, {"color": False},
     {"signed": False}, {"parts": []}, {"tags": "a"}, {"more": []}, {"more": False}, {"more": ["x"]}],
)  # fmt: skip
def test_forbidden_values_that_look_like_allowed_ones(arguments):
    """No, one and several values in nothing are one command line with another input: they are not carried."""
    with pytest.raises(NotCarriedError):
        list(fill(["t"], arguments, OPTIONS))


@pytest.mark.parametrize(
    ("arguments", "filled"),
    [
        ({"fast": False}, []),
        ({"tags": []}, []),
        ({"fast": 1}, ["--fast=1"]),
        ({"width": False}, ["--width=false"]),
        ({"color": "green"}, ["--color=green"]),
        ({"more": True}, ["--more"]),
        ({"more": 1}, ["--more=1"]),
    ],
)
def test_what_options_do_say(arguments, filled):
    """What is allowed, and what a command can see to be wrong, is sent."""
    assert list(fill(["t"], arguments, OPTIONS)) == ["t", *filled]


@pytest.mark.parametrize(("missing", "is_said"), [("fast", False), ("tags", False), ("width", True), ("parts", True)])
def test_a_required_option_that_is_left_out(missing, is_said):
    """What says nothing when it is false or empty cannot be missing: only a missing value can be seen."""
    schema = {**OPTIONS, "required": [missing]}
    if is_said:
        assert list(fill(["t"], {}, schema)) == ["t"]
    else:
        with pytest.raises(NotCarriedError):
            list(fill(["t"], {}, schema))


def test_an_empty_list_takes_its_option_with_it():
    """`--tags {tags}` without a tag would leave an option that waits for a value."""
    assert list(fill(["t", "--tags", "{tags}", "x"], {"tags": []}, OPTIONS)) == ["t", "x"]
    with pytest.raises(NotCarriedError):
        list(fill(["t", "--width", "{width}"], {"width": [1]}, OPTIONS))


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_not_carried_is_told_apart(value):
    """NUL and lone surrogates cannot be handed over: nothing is run."""
    outcome = call(session_of("raise SystemExit(1)", "{x}"), "t", x=value)
    assert (outcome.kind, outcome.error.type) == ("refused", "NotCarried")


@pytest.mark.parametrize(
    ("code", "rejects", "kind", "exit_code"),
    [
        ("print(1)", None, "accepted", None),
        ("import sys; print('bad sku', file=sys.stderr); sys.exit(2)", None, "refused", 2),
        ("import sys; print('bad sku', file=sys.stderr); sys.exit(3)", None, "crashed", 3),
        ("import sys; print('bad sku', file=sys.stderr); sys.exit(65)", ("64-70",), "refused", 65),
        ("import sys; print('bad sku', file=sys.stderr, flush=True); import os; os.abort()", None, "crashed", -6),
    ],
)
def test_exit_codes(code, rejects, kind, exit_code):
    """0 accepts, 2 refuses, others and signals crash, unless `rejects` says otherwise; stderr is the message."""
    outcome = call(session_of(code), ToolSpec("t", rejects=rejects))
    assert outcome.kind == kind
    if exit_code is not None:
        assert outcome.error.code == exit_code
        assert outcome.error.message.startswith("bad sku")


USAGE = "usage: tiles [-h] --rows ROWS\n             --columns COLUMNS"


@pytest.mark.parametrize(
    "reason", ["tiles: error: argument --rows: 1 to 12 expected", "Error: Invalid value for '--rows'"]
)
def test_the_reason_comes_before_the_usage(reason):
    """argparse and click write the usage first; the first line of a message is all that a finding shows."""
    outcome = call(
        session_of(f"import sys; sys.exit(print({f'{USAGE}{chr(10)}{reason}'!r}, file=sys.stderr) or 2)"), "t"
    )
    assert outcome.error.message.splitlines() == [reason, *USAGE.splitlines()]


@pytest.mark.parametrize(("printed", "value"), [("[1, 2]", [1, 2]), ("plain\\n", "plain"), ("", None), ("5", 5)])
def test_output(printed, value):
    """JSON is read, other text is kept without its last newline, nothing is None."""
    assert call(session_of(f"print('{printed}', end='')"), "t").value == value


def test_stderr_is_noise():
    """What an accepted call writes to stderr is kept beside its value."""
    outcome = call(session_of("import sys; print(1); print('careful', file=sys.stderr)"), "t")
    assert (outcome.value, outcome.noise) == (1, "careful\n")


def test_a_hang_ends_with_all_its_children(tmp_path):
    """The whole group is killed at the limit."""
    note = tmp_path / "pid"
    code = f"""import subprocess
child = subprocess.Popen(["sleep", "60"])
open({str(note)!r}, "w").write(str(child.pid))
child.wait()"""
    session = session_of(code)
    outcome = call(session, "t", limit_s=2.0)
    assert outcome.kind == "timed_out"
    deadline = time.monotonic() + 10
    pid = int(note.read_text())
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)
    assert session.is_alive()
    assert session.process_ids() == ()


def test_folder_environment_and_interpreter(tmp_path):
    """`cwd` and `env` hold, and `python` is this environment's."""
    code = "import json, os, sys; print(json.dumps([os.getcwd(), os.environ['MINE'], sys.executable]))"
    session = session_of(code, cwd=str(tmp_path), env={"MINE": "1"})
    folder, mine, python = call(session, "t").value
    assert (os.path.realpath(folder), mine) == (os.path.realpath(tmp_path), "1")
    assert os.path.samefile(python, sys.executable)


def test_from_loops_and_at_once():
    """A session may be used from a running loop, and for many calls at once."""
    session = session_of(ECHO, stdin="json")
    assert asyncio.run(session.call_async(request("t", n=1))).value["in"] == {"n": 1}
    outcomes = session.call_concurrently([request("t", n=n) for n in range(4)])
    assert [outcome.value["in"]["n"] for outcome in outcomes] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (CommandTarget(("nonesuch-tool", "-x")), "command not found: nonesuch-tool"),
        (CommandTarget(("./nonesuch",)), "command not found: ./nonesuch"),
        (CommandTarget(("python",), cwd="/no/such/folder"), "the folder /no/such/folder does not exist"),
    ],
)
def test_what_cannot_be_run(target, words):
    """A command or folder that is not there is told when the session is opened."""
    with pytest.raises(TargetError, match=words):
        make_target(spec_of(target)).open()


def test_the_spec_s_tools_are_described():
    """The tools are those that the spec names, with the command that each runs."""
    target = make_target(spec_of(CommandTarget(("git",)), ToolSpec("log", call="log -n {count}")))
    (tool,) = target.describe()
    assert (tool.name, tool.source) == ("log", "git log -n '{count}'")
    assert json.dumps(tool.input_schema) == "null"


LEAVES = (
    "import subprocess, sys\n"
    "subprocess.Popen(['sleep', '60'], start_new_session=True, stdin=-3, {pipes})\n"
    "print('{{}}')"
)


def test_what_a_command_leaves_running_is_counted_and_ended():
    """A process that left the command's group is found, also when the command itself was given up for it."""
    session = session_of(LEAVES.format(pipes="stdout=-3, stderr=-3"), stdin="json")
    before = {child.pid for child in psutil.process_iter()}
    outcome = session.call(dataclasses.replace(request("x"), observe=True))
    assert (outcome.kind, outcome.observed.left) == ("accepted", {"child processes": 1})
    assert session.counts() == {"child processes": 1}
    held = session_of(LEAVES.format(pipes="stderr=-3"), stdin="json").call(request("x", limit_s=3 * LIMIT_S))
    assert held.kind == "timed_out"
    assert held.error.message.endswith("it ended (exit code 0), but what it left running holds its output open")
    sleeping = [p for p in psutil.process_iter() if p.pid not in before and p.name() == "sleep"]
    while any(is_running(process.pid) for process in sleeping):
        time.sleep(0.001)


def test_what_ends_with_the_command_is_not_left_behind():
    """A child that is waited for, or ends a moment later, is none that was left."""
    code = "import subprocess; subprocess.run(['true']); subprocess.Popen(['true']); print('{}')"
    outcome = session_of(code, stdin="json").call(dataclasses.replace(request("x"), observe=True))
    assert outcome.observed.left == {}


def test_output_that_is_no_utf_8_is_bytes():
    """Bytes are no JSON: the check of the result says so."""
    code = "import sys; sys.stdout.buffer.write(bytes([255, 254]))"
    assert call(session_of(code, stdin="json"), "x").value == b"\xff\xfe"
