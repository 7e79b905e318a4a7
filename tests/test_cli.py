"""The command `toolcheck`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from pytest_toolcheck.cli import main

from .specs import write_tool
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
    ],
)
def test_call_says_what_is_wrong_with_its_arguments(args: tuple[str, ...], message: str) -> None:
    """Bad arguments get one clear message and exit code 2."""
    result = invoke("call", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


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
