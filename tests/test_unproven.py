"""What cannot work is told once, with its line: a `call` to nothing, a tool that answers no valid call, a wrong example."""

from __future__ import annotations

import pytest

from .specs import events, run, write_tool

NOTES = """
def get_note(id: int) -> str:
    if id != 1:
        raise ValueError(f"unknown note {id}")
    return "a"

LIMIT = 5
"""


def test_a_call_to_nothing_is_one_error_with_its_line(pytester: pytest.Pytester) -> None:
    """Nothing is called: each wrong `call` of the file is named with its place and a near name."""
    spec = "tools:\n  one: {call: get_nte}\n  two: {call: LIMIT}\n  three: {call: gone.module:attr, input: true}\n"
    write_tool(pytester, NOTES, spec + "  get_note: {}\n  four: {input: {type: object}}\n")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "shop.tool.yaml:4:9: tool 'one' cannot be called: shop.py has no 'get_nte'. Did you mean 'get_note'? *",
            "shop.tool.yaml:5:9: tool 'two' cannot be called: LIMIT is no function, it is of type int",
            "shop.tool.yaml:6:11: tool 'three' cannot be called: cannot import gone.module: ModuleNotFoundError: *",
            "shop.tool.yaml:8:3: tool 'four' cannot be called: shop.py has no 'four'*",
        ]
    )


def test_a_tool_of_a_target_with_fixtures_needs_its_input(pytester: pytest.Pytester) -> None:
    """Such a target is not asked for its tools when tests are collected, so the message does not say that it has none."""
    target = "toolcheck: 1\ntarget: {mcp: {command: ['${fixture:server}']}}\ntools: {look: {timeout: 1s}}\n"
    pytester.path.joinpath("late.tool.yaml").write_text(target)
    result = run(pytester)
    result.stdout.fnmatch_lines(["late.tool.yaml:3:9: tool 'look' has no 'input': *so write the tool's 'input' here"])


def test_a_tool_that_always_crashes_fails_once(pytester: pytest.Pytester) -> None:
    """One failure says that no valid call succeeded, with the crash and what to add; the cases are skipped."""
    code = """
    from typing import Literal
    def broken(count: int, mode: Literal["a", "b"] = "a") -> int:
        if count == 7 and mode == "b":
            raise IndexError("another cause")
        return {}["nope"]
    """
    write_tool(pytester, code, "tools: {broken: {values: {count: {valid: [1, 7]}}}}")
    result = run(pytester, "--toolcheck-log=log.jsonl")
    result.stdout.fnmatch_lines(
        [
            "valid_call: no valid call succeeded: broken: *",
            "no_crash: broken crashed: KeyError: 'nope' at shop.py:*",
            "*add to the spec:",
            "*no_crash: broken crashed: KeyError: 'nope' at shop.py:*",
        ]
    )
    outcomes = result.parseoutcomes()
    failed = [e for e in events(pytester.path / "log.jsonl") if e["ev"] == "check.failed"]
    assert outcomes["failed"] <= 2 < outcomes["skipped"]
    assert len({e["attrs"]["cause"] for e in failed}) == len(failed)


def test_a_command_that_reads_nothing_is_told_of_stdin(pytester: pytest.Pytester) -> None:
    """A program that reads JSON from stdin, where the spec does not say so: the advice is the line that is missing."""
    pytester.makefile(
        ".tool.yaml",
        reads="toolcheck: 1\ntarget: {command: {argv: [python, -c, 'import json, sys; json.load(sys.stdin)']}}\n"
        "tools: {reads: {input: {type: object, properties: {n: {enum: [1, 2]}}}, variations: {categories: [example], fuzz: 0}}}\n",
    )
    result = run(pytester, "-k", "valid_call")
    result.stdout.fnmatch_lines(["*target:", "*command:", "*stdin: json   # it seems to read its input from stdin*"])


def test_what_is_wrong_with_each_refusal_is_told_once(pytester: pytest.Pytester) -> None:
    """No input is accepted and each error shows a path: one failure with both, the cases are skipped."""
    code = """
    def read(name: str) -> str:
        raise ValueError("not found in /home/shop/data/store.txt")
    """
    write_tool(pytester, code)
    result = run(pytester)
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        ["valid_call: no valid call *", "clean_error: read refused, but its error shows a path *"]
    )


def test_a_crash_of_another_cause_is_still_found(pytester: pytest.Pytester) -> None:
    """Only what `valid_call` has told is not told again."""
    code = """
    def broken(count: int, deep: list[list[int]] = []) -> int:
        if count == 1:
            raise ValueError("not one")
        return {}["nope"] if not deep else deep[0][99]
    """
    write_tool(pytester, code)
    result = run(pytester, "-k", "not fuzz")
    result.stdout.fnmatch_lines(["no_crash: broken crashed: IndexError*"])


@pytest.mark.parametrize("wrong", ["{id: one}", "{ids: 1}"])
def test_an_example_that_the_found_schema_forbids_fails(pytester: pytest.Pytester, wrong: str) -> None:
    """It is refused, and that is no success: the example is named with its line, and how to say that it is meant."""
    write_tool(
        pytester, NOTES, f"tools:\n  get_note:\n    examples:\n      - input: {{id: 1}}\n      - input: {wrong}\n"
    )
    result = run(pytester, "-k", "example")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "expected: get_note: the tool's input schema forbids this example: *expect: {error: *",
            "*promised  expect (shop.tool.yaml:7)",
        ]
    )


def test_an_example_of_a_refusal_may_break_the_schema(pytester: pytest.Pytester) -> None:
    """With `expect: {error: …}` a refusal is what is meant."""
    spec = "tools: {get_note: {examples: [{input: {id: 1}}, {input: {id: one}, expect: {error: unknown}}]}}"
    write_tool(pytester, NOTES, spec)
    run(pytester, "-k", "example").assert_outcomes(passed=2)


def test_an_unset_variable_is_told_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in its place breaks further rules; nobody meant it, so they are not told."""
    monkeypatch.delenv("NOT_SET", raising=False)
    pytester.path.joinpath("a.tool.yaml").write_text('toolcheck: 1\ntarget: {python: "${env:NOT_SET}"}\nodd: 1\n')
    result = run(pytester)
    told = [line for line in result.outlines if line.startswith("a.tool.yaml:")]
    assert told[0].startswith("a.tool.yaml:2:18: 'target.python': the environment variable NOT_SET is not set: ")
    assert [line[:16] for line in told[1:]] == ["a.tool.yaml:3:1:"]


def test_a_target_that_cannot_be_reached_is_told_at_its_line(pytester: pytest.Pytester) -> None:
    """One error for the file, not one for each case: a command, a server, a module that is not there."""
    for name, target in {
        "command": "command: {argv: [no-such-program]}",
        "server": "mcp: {command: [no-such-program]}",
        "module": "python: no.such.module",
    }.items():
        text = f"toolcheck: 1\n\ntarget: {{{target}}}\ntools: {{a: {{input: {{type: object}}}}}}\n"
        pytester.path.joinpath(f"{name}.tool.yaml").write_text(text)
    result = run(pytester, "--continue-on-collection-errors")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines_random(
        [
            "command.tool.yaml:3:1: cannot run `no-such-program`: command not found: no-such-program",
            "server.tool.yaml:3:1: cannot start `no-such-program`: command not found: no-such-program",
            "module.tool.yaml:3:1: cannot import no.such.module: ModuleNotFoundError: *",
        ]
    )


def test_a_fixture_that_does_not_exist_is_told_once(pytester: pytest.Pytester) -> None:
    """Not once for each case; one that exists is set up as before."""
    spec = "tools: {get_note: {examples: [{input: {id: '${fixture:NAME}'}}]}}"
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef one(): return 1\n")
    write_tool(pytester, NOTES, spec.replace("NAME", "two"))
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["shop.tool.yaml:3:9: no such fixture: ${fixture:two}; write it in a conftest.py"])
    write_tool(pytester, NOTES, spec.replace("NAME", "one"))
    run(pytester, "-k", "valid_call").assert_outcomes(passed=1)


def test_values_of_no_parameter_are_an_error(pytester: pytest.Pytester) -> None:
    """Also where the schema is discovered: they would be used nowhere."""
    write_tool(pytester, NOTES, "tools: {get_note: {values: {ids: {valid: [1]}}}}")
    run(pytester).stdout.fnmatch_lines(
        ["shop.tool.yaml:3:29: 'values': the tool 'get_note' has no parameter 'ids'. Did you mean 'id'? Parameters: id"]
    )


def test_a_batch_of_nothing_proves_nothing(pytester: pytest.Pytester) -> None:
    """Where each item is refused, the empty array that is accepted is no valid call; tools that take items are not accused."""
    code = """
    def carry_out(steps: list[dict]) -> list:
        for step in steps:
            if step.get("kind") != "turn left at the mill": raise ValueError("no such step")
        return [step["kind"] for step in steps]
    def total(numbers: list[float]) -> float:
        return sum(numbers)
    def odd_ones(numbers: list[int]) -> list[int]:
        return [number for number in numbers if number % 2]
    def known(names: list[str]) -> list[str]:
        if any(name not in ("a", "text") for name in names): raise ValueError("unknown name")
        return names
    def clear(tags: list[str] = []) -> str:
        if tags: raise ValueError("not yet")
        return "cleared"
    """
    write_tool(pytester, code, "defaults: {variations: {fuzz: 0}}\n")
    result = run(pytester, "-k", "valid_call", "-rf")
    failed = [line for line in result.outlines if line.startswith("FAILED shop")]
    assert [line.split("::")[1] for line in failed] == ["carry_out"]
    result.stdout.fnmatch_lines(
        [
            "valid_call: no call but an empty one succeeded: carry_out: *",
            "*add to the spec:",
            "findings, by cause (1):",
            "  valid_call: no call but an empty one succeeded: carry_out: *",
        ]
    )
