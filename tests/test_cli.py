"""The command `toolcheck`."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from pytest_toolcheck.cli import main

from .specs import run, write_tool
from .test_items import BROKEN, SPEC


def invoke(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture(autouse=True)
def _shop(pytester: pytest.Pytester) -> None:
    write_tool(pytester, BROKEN, SPEC)


def test_call_repeats_one_call_and_judges_it() -> None:
    """The answer is JSON on stdout; a finding is on stderr and makes the exit code 1."""
    good = invoke("call", "shop.tool.yaml", "reserve", '{"seats": 3}')
    assert good.exit_code == 0
    assert json.loads(good.stdout)["value"] == 3
    bad = invoke("call", "shop.tool.yaml", "reserve", '{"seats": 9}')
    assert bad.exit_code == 1
    assert bad.stderr.startswith("rejects_invalid: reserve accepted an input that its schema forbids: 9 is greater")
    refused = invoke("call", "shop.tool.yaml", "reserve", '{"seats": 0}')
    assert refused.exit_code == 0
    assert json.loads(refused.stdout)["outcome"] == "refused"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("shop.tool.yaml", "reserv", "{}"),
            "shop.tool.yaml has no tool 'reserv'. Did you mean 'reserve'? Tools: reserve",
        ),
        (("shop.tool.yaml", "reserve", "{"), "not JSON: "),
        (("shop.tool.yaml", "reserve", "[]"), "found list, expected an object"),
        (("none.tool.yaml", "reserve", "{}"), "does not exist"),
        (("shop.tool.yaml", "reserve"), "either JSON or --case ID"),
        (("shop.tool.yaml", "reserve", "{}", "--case", "x"), "either JSON or --case ID"),
        (
            ("shop.tool.yaml", "reserve", "--case", "boundary[x]"),
            "no case 'boundary[x]'; `toolcheck cases shop.tool.yaml",
        ),
        (("shop.py", "reserve", "{}"), "shop.py:"),
        (("gone.tool.yaml", "reserve", "{}"), "cannot start `no-such-program`: command not found"),
    ],
)
def test_call_says_what_is_wrong_with_its_arguments(args: tuple[str, ...], message: str) -> None:
    """Bad arguments, specs and targets get one clear message and exit code 2: 1 is a finding."""
    Path("gone.tool.yaml").write_text("toolcheck: 1\ntarget: {mcp: {command: [no-such-program]}}\n")
    result = invoke("call", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


HOSTILE = 'it\'s "q" $HOME `id` \\ \n\r\x00\x7f\u2028\u202e ünï'
ECHO = """
def echo(text: str) -> str:
    if text.startswith("it's"):
        raise KeyError(len(text))
    return text
"""


@pytest.mark.parametrize("times", [1, 500])
def test_the_command_of_a_failure_repeats_it_in_a_shell(pytester: pytest.Pytester, times: int) -> None:
    """Whatever the input holds, and however long it is, the line `repeat` can be pasted into `sh` and fails alike."""
    (folder := pytester.path / "it's a ünï folder").mkdir()
    (folder / "echo.py").write_text(ECHO)
    example = json.dumps(HOSTILE * times)
    (folder / "echo.tool.yaml").write_text(
        "toolcheck: 1\ntarget: {python: echo.py}\ndefaults: {variations: {fuzz: 0, categories: [example]}}\n"
        f"tools: {{echo: {{examples: [{{input: {{text: ok}}}}, {{name: odd, input: {{text: {example}}}}}]}}}}\n"
    )
    result = run(pytester, "--toolcheck-log=off", str(folder), "-k", "example")
    [command] = [line.partition("repeat")[2].strip() for line in result.outlines if line.startswith("  repeat")]
    assert len(command) < 2500
    script = (
        f"toolcheck() {{ '{sys.executable}' -c 'from pytest_toolcheck.cli import main; main()' \"$@\"; }}\n{command}\n"
    )
    again = subprocess.run(["sh", "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert again.returncode == 1, again.stderr
    answer = json.loads(again.stdout)
    assert (answer["outcome"], answer["error"]["message"]) == ("crashed", str(len(HOSTILE * times)))


PICK = """
def pick(**chosen: str) -> str:
    if set(chosen.values()) != {chosen["a"]}:
        raise KeyError("".join(text[0] for text in chosen.values()))
    return ""
"""


def test_a_case_of_a_seeded_run_is_repeated_with_its_seed(pytester: pytest.Pytester) -> None:
    """What is chosen at random differs with `--toolcheck-seed`: the command of a failure carries it, and `call` reads it."""
    names = {name: {"enum": [letter * 600 for letter in "xyzw"]} for name in "abcde"}
    schema = {"type": "object", "properties": names, "required": list(names), "additionalProperties": False}
    write_tool(
        pytester, PICK, f"tools: {{pick: {{input: {json.dumps(schema)}, variations: {{strength: 3}}}}}}", name="pick"
    )
    args = ("--toolcheck-log=off", "--toolcheck-seed=7", "-k", "combination and 1", "pick.tool.yaml")
    shown = [line.partition("repeat")[2] for line in run(pytester, *args).outlines if line.startswith("  repeat")]
    commands = shown[:4]
    assert len(commands) == 4
    said = [(shlex.split(command), invoke(*shlex.split(command)[1:]).stdout) for command in commands]
    assert {(words[-4], words[-2], words[-1]) for words, _ in said} == {("--case", "--seed", "7")}
    other = [invoke(*words[1:-1], "0").stdout for words, _ in said]
    letters = [json.loads(text)["error"]["message"] for _, text in said]
    sent = {case["id"]: case["input"] for case in map(json.loads, cases_with("7"))}
    assert [text.strip("'") for text in letters] == [
        "".join(value[0] for value in sent[words[-3]].values()) for words, _ in said
    ]
    assert other != [text for _, text in said]


def cases_with(seed: str) -> list[str]:
    """Return the generated cases of a seed, as JSON Lines."""
    return invoke("cases", "pick.tool.yaml", "pick", "--seed", seed).stdout.splitlines()


def test_an_answer_that_cannot_be_written_is_escaped(pytester: pytest.Pytester) -> None:
    """A lone surrogate in the answer is shown by its escape, and the output stays JSON."""
    write_tool(pytester, "def sign(code: int) -> str:\n    return chr(code)\n", "tools: {sign: }", name="signs")
    result = invoke("call", "signs.tool.yaml", "sign", '{"code": 55296}')
    assert json.loads(result.stdout)["value"] == "\ud800"
    assert result.stderr.startswith("output_schema: sign returned a lone surrogate")


def test_an_answer_that_fails_to_be_written_is_named_with_its_type(pytester: pytest.Pytester) -> None:
    """A broken `__repr__` is the tool's: neither the command nor an item ends in it."""
    write_tool(
        pytester,
        "class Seat:\n    def __repr__(self):\n        raise KeyError\ndef reserve(seats):\n    return Seat()\n",
        SPEC,
    )
    answer = invoke("call", "shop.tool.yaml", "reserve", '{"seats": 3}')
    assert json.loads(answer.stdout)["value"] == "<Seat: repr failed with KeyError>"
    assert answer.stderr.startswith(
        "output_schema: reserve returned a value of type Seat at the top, which is not JSON"
    )
    result = run(pytester, "-k", "valid_call or boundary")
    result.stdout.fnmatch_lines(['  came back accepted "<Seat: repr failed with KeyError>" *'])
    assert result.ret == 1
    assert "pytest_toolcheck" not in result.stdout.str()


def test_an_unknown_category_is_named() -> None:
    """Not an empty list of cases: a word that is no category is refused, with those that there are."""
    result = invoke("cases", "shop.tool.yaml", "reserve", "--category", "boundry")
    assert result.exit_code == 2
    assert "no category 'boundry'; there are example, required," in result.stderr


def test_lint_shows_all_errors_at_once(pytester: pytest.Pytester) -> None:
    """Every problem of every spec in one go, exit code 1; a sound folder exits 0."""
    assert invoke("lint", ".").output == "1 spec: no problems\n"
    Path("wrong.tool.yaml").write_text("toolcheck: 1\ntarget: {python: shop.py}\ntols: {}\ndefaults: {timeout: 5}\n")
    result = invoke("lint", str(pytester.path))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.split(": ")[0].rpartition("/")[2] for line in lines] == ["wrong.tool.yaml:3:1", "wrong.tool.yaml:4:21"]


def test_schema_prints_a_schema_that_accepts_the_spec() -> None:
    """The printed schema is itself valid."""
    schema = json.loads(invoke("schema").output)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid({"toolcheck": 1, "target": {"python": "shop"}})
    assert not jsonschema.Draft202012Validator(schema).is_valid({"toolcheck": 1})


def test_cases_prints_json_lines() -> None:
    """One object a line with id, label, category, pointer, detail and input; a category can be chosen."""
    lines = [json.loads(line) for line in invoke("cases", "shop.tool.yaml", "reserve").output.splitlines()]
    assert {"id", "label", "category", "pointer", "detail", "input"} == set(lines[0])
    assert {line["label"] for line in lines} == {"valid", "invalid"}
    chosen = invoke("cases", "shop.tool.yaml", "reserve", "--category", "boundary").output.splitlines()
    assert {json.loads(line)["category"] for line in chosen} == {"boundary"}
