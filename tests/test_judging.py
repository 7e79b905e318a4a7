"""Verdicts: what is found, in which words, and that correct twins are not accused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_toolcheck.tool_state import ToolState

from .specs import run, write_tool

CORRECT = '''
def reserve(seats: int, row: str = "A") -> dict:
    """Reserve seats."""
    if type(seats) is not int or not 1 <= seats <= 8:
        raise ValueError(f"seats: expected a whole number from 1 to 8, found {seats!r}")
    if row not in ("A", "B", "C"):
        raise ValueError(f"row: expected A, B or C, found {row!r}")
    return {"reserved": seats, "row": row}
'''
SPEC = """
tools:
  reserve:
    input:
      type: object
      properties:
        seats: {type: integer, minimum: 1, maximum: 8, description: how many}
        row: {enum: [A, B, C], description: which row}
      required: [seats]
      additionalProperties: false
    output: {type: object, properties: {reserved: {type: integer}, row: {type: string}}, required: [reserved, row]}
"""


def outcome(pytester: pytest.Pytester, old: str = "", new: str = "", *more: str, spec: str = SPEC) -> pytest.RunResult:
    """Run the tool with one deliberate change to its code."""
    assert old in CORRECT
    write_tool(pytester, CORRECT.replace(old, new, 1), spec)
    return run(pytester, "--toolcheck-log=off", *more)


def test_a_correct_tool_passes_every_case(pytester: pytest.Pytester) -> None:
    """A tool that keeps its schema's promises is accused of nothing, and really was called."""
    result = outcome(pytester)
    counts = result.parseoutcomes()
    assert counts["passed"] > 30
    assert set(counts) <= {"passed"}
    result.stdout.re_match_lines(
        [r"shop\.tool\.yaml::reserve: \d+ cases, valid accepted \d+ of \d+, invalid refused (\d+) of \1, .*"]
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1 <= seats", "1 < seats", "accepts_valid: reserve refused a valid input (*"),
        ("<= 8", "< 8", "accepts_valid: reserve refused a valid input (boundary seats: *"),
        (
            "<= 8",
            "<= 9",
            "rejects_invalid: reserve accepted an input that its schema forbids: 9 is greater than the maximum of 8",
        ),
        (
            "1 <= seats",
            "0 <= seats",
            "rejects_invalid: reserve accepted an input that its schema forbids: 0 is less than the minimum of 1",
        ),
        (
            "type(seats) is not int or ",
            "",
            "rejects_invalid: reserve accepted an input that its schema forbids: * is not of type 'integer'",
        ),
        ('"B", "C")', '"B")', "accepts_valid: reserve refused a valid input (enum row: *"),
        (
            '"B", "C")',
            '"B", "C", "a")',
            "rejects_invalid: reserve accepted an input that its schema forbids: 'a' is not one of *",
        ),
        (
            '"reserved": seats',
            '"reserved": str(seats)',
            "output_schema: reserve returned what its output schema forbids: '*' is not of type 'integer' (at /reserved)",
        ),
        (
            '"reserved": seats',
            '"reserved": float("nan")',
            "output_schema: reserve returned nan at /reserved, which is not JSON",
        ),
        ("return {", "assert seats < 8\n    return {", "no_crash: reserve crashed: AssertionError: * at shop.py:*"),
        (
            'f"row: expected',
            'f"/usr/lib/shop/rows.txt: expected',
            "clean_error: reserve refused, but its error shows a path of the machine: /usr/lib/shop/rows.txt",
        ),
    ],
)
def test_each_broken_promise_is_found(pytester: pytest.Pytester, old: str, new: str, message: str) -> None:
    """One deliberate fault in the code is found by the first fifty cases, and said in one line that stands alone."""
    result = outcome(pytester, old, new, spec=SPEC + "    variations: {limit: 50, fuzz: 0}\n")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"FAILED shop.tool.yaml::reserve::* - {message}*"])


def test_the_failure_shows_all_that_is_needed(pytester: pytest.Pytester) -> None:
    """What was sent, what came back, what was promised, where, and how to repeat this one call."""
    result = outcome(pytester, "<= 8", "<= 9", "-k", "boundary")
    result.stdout.fnmatch_lines(
        [
            "rejects_invalid: reserve accepted an input that its schema forbids: 9 is greater than the maximum of 8",
            '  sent      {"seats": 9}',
            '  came back accepted {"reserved": 9, "row": "A"} (* ms)',
            "  promised  a refusal (shop.tool.yaml:6, schema /properties/seats/maximum)",
            "  where     shop.tool.yaml:5",
            "  repeat    toolcheck call shop.tool.yaml reserve '{\"seats\": 9}'",
            "  log       rid *",
        ]
    )


def test_a_tool_without_a_successful_call_fails(pytester: pytest.Pytester) -> None:
    """A tool that refuses everything has proven nothing: it fails, and the report says what to add to the spec."""
    write_tool(
        pytester, 'def find(key: str) -> str:\n    """Find."""\n    raise ValueError(f"key: {key!r} is unknown")\n'
    )
    result = run(pytester, "--toolcheck-log=off")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "valid_call: no valid call succeeded: find: * inputs tried, the last *",
            "*add to the spec:",
            "*tools:",
            "*find:",
            "*examples:",
        ]
    )
    assert "skipped" in result.parseoutcomes()  # refusals of invalid input prove nothing either


def test_deselecting_the_proof_does_not_make_a_vacuous_run_pass(pytester: pytest.Pytester) -> None:
    """With only some cases selected a tool that accepts nothing still does not exit 0."""
    write_tool(
        pytester,
        'def find(key: str) -> str:\n    """Find."""\n    raise ValueError(f"key: {key!r} is unknown")\n',
    )
    result = run(pytester, "--toolcheck-log=off", "-k", "unicode")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED no valid call succeeded: shop.tool.yaml::find"])


def test_a_text_that_spells_the_value_is_tolerated_and_counted(pytester: pytest.Pytester) -> None:
    """`coercion: allow` (the default) admits "5" for 5, never true for 1; `forbid` admits neither."""
    lax = (
        "type(seats) is not int or not 1",
        'isinstance(seats, (bool, float, list, dict)) or seats is None or not str(seats).lstrip("-").isdigit() or not 1',
    )
    code = (
        CORRECT.replace(*lax)
        .replace("1 <= seats", "1 <= int(seats)")
        .replace('"reserved": seats', '"reserved": int(seats)')
    )
    write_tool(pytester, code, SPEC)
    result = run(pytester, "--toolcheck-log=off")
    assert "failed" not in result.parseoutcomes()
    result.stdout.re_match_lines([r".*, [1-9]\d* coerced.*"])
    write_tool(pytester, code, SPEC + "    coercion: forbid\n")
    result = run(pytester, "--toolcheck-log=off", "-k", "type")
    result.stdout.fnmatch_lines(
        ["FAILED * - rejects_invalid: reserve accepted an input that its schema forbids: '*' is not of type 'integer'*"]
    )


def test_refusals_of_free_text_are_no_findings_unless_strict(pytester: pytest.Pytester) -> None:
    """`acceptance: auto` lets a tool refuse a text that its schema allows; `strict` does not."""
    code = '''
    def look_up(sku: str) -> int:
        """Look up."""
        if not isinstance(sku, str):
            raise ValueError("sku: expected a text")
        if sku not in ("A-1", "B-2"):
            raise ValueError(f"sku: unknown {sku!r}")
        return 1
    '''
    spec = "tools:\n  look_up:\n    examples: [{input: {sku: A-1}}]\n"
    write_tool(pytester, code, spec)
    assert "failed" not in run(pytester, "--toolcheck-log=off").parseoutcomes()
    write_tool(pytester, code, spec + "    acceptance: strict\n")
    run(pytester, "--toolcheck-log=off", "-k", "not fuzz").stdout.fnmatch_lines(
        ["FAILED * - accepts_valid: look_up refused a valid input*"]
    )


def test_a_wrong_bound_of_free_text_is_found_by_its_neighbour(pytester: pytest.Pytester) -> None:
    """A tool that accepts nine characters of any text, and refuses ten, has the bound wrong."""
    code = '''
    def label(text: str) -> str:
        """Label."""
        if not isinstance(text, str) or not 1 <= len(text) < 10:
            raise ValueError("text: expected 1 to 10 characters")
        return text
    '''
    spec = """
    tools:
      label:
        input:
          type: object
          properties: {text: {type: string, minLength: 1, maxLength: 10}}
          required: [text]
          additionalProperties: false
    """
    write_tool(pytester, code, spec)
    run(pytester, "--toolcheck-log=off", "-k", "boundary").stdout.fnmatch_lines(
        ["FAILED * - accepts_valid: label refused a valid input (boundary text: *"]
    )
    write_tool(pytester, code.replace("< 10", "<= 10"), spec)
    assert "failed" not in run(pytester, "--toolcheck-log=off").parseoutcomes()


def test_a_place_without_a_bound_has_none_to_be_wrong(pytester: pytest.Pytester) -> None:
    """A tool that wants one item, of an array of which its schema states no count, refuses two of them cleanly."""
    code = """
    def root(numbers: list) -> float:
        if type(numbers) is not list or len(numbers) != 1:
            raise ValueError("numbers: expected one")
        if type(numbers[0]) not in (int, float) or not 0 <= numbers[0] < 1e300:
            raise ValueError("numbers: expected a number from 0")
        return float(numbers[0]) ** 0.5
    """
    spec = """
    tools:
      root:
        input: {type: object, properties: {numbers: {type: array, items: {type: number}}}, required: [numbers]}
        variations: {categories: [boundary], fuzz: 0}
    """
    write_tool(pytester, code, spec)
    assert set(run(pytester, "--toolcheck-log=off").parseoutcomes()) == {"passed"}


def test_known_bad_values_must_be_refused(pytester: pytest.Pytester) -> None:
    """`values.invalid` says what a schema cannot: the tool must refuse it although it is schema-valid."""
    code = '''
    def look_up(sku: str) -> int:
        """Look up."""
        if not isinstance(sku, str):
            raise ValueError("sku: expected a text")
        return 1
    '''
    write_tool(pytester, code, "tools:\n  look_up:\n    values: {sku: {valid: [A-1], invalid: [ZZZ-0000]}}\n")
    run(pytester, "--toolcheck-log=off", "-k", "not fuzz").stdout.fnmatch_lines(
        ["FAILED * - rejects_invalid: look_up accepted ZZZ-0000 for 'sku', which the spec lists as invalid"]
    )


def test_examples_are_held_to_what_they_expect(pytester: pytest.Pytester) -> None:
    """`expect` with output, equals, matches and error, each met and unmet."""
    code = '''
    def double(n: int) -> dict:
        """Double."""
        if type(n) is not int or n < 0:
            raise ValueError("n: expected a whole number from 0 up")
        return {"twice": 2 * n, "n": n}
    '''
    spec = """
    tools:
      double:
        input: {type: object, properties: {n: {type: integer, minimum: 0}}, required: [n], additionalProperties: false}
        examples:
          - {name: subset, input: {n: 1}, expect: {output: {twice: 2}}}
          - {name: equal, input: {n: 2}, expect: {equals: {twice: 4, n: 2}}}
          - {name: shaped, input: {n: 3}, expect: {matches: {required: [twice]}}}
          - {name: refused, input: {n: -1}, expect: {error: "/whole number/"}}
          - {name: wrong subset, input: {n: 4}, expect: {output: {twice: 9}}}
          - {name: not equal, input: {n: 5}, expect: {equals: {twice: 10}}}
          - {name: not shaped, input: {n: 6}, expect: {matches: {required: [thrice]}}}
          - {name: not refused, input: {n: 7}, expect: {error: whole}}
    """
    write_tool(pytester, code, spec)
    result = run(pytester, "--toolcheck-log=off", "-k", "example")
    result.stdout.fnmatch_lines_random(
        [
            "FAILED * - expected: double: expected 9 at /twice, found 8",
            'FAILED * - expected: double: expected exactly {"twice": 10}, found {"twice": 10, "n": 5}',
            "FAILED * - expected: double: expected a result that matches: 'thrice' is a required property",
            "FAILED * - expected: double: expected a refusal with 'whole', but the call was accepted: *",
        ]
    )
    assert result.parseoutcomes() == {"failed": 4, "passed": 4, "deselected": result.parseoutcomes()["deselected"]}


def test_a_check_can_be_switched_off_and_take_options(pytester: pytest.Pytester) -> None:
    """`checks: {clean_error: false}` silences it; `{names_parameter: true}` turns its warning into a failure."""
    code = CORRECT.replace('f"row: expected A, B or C', 'f"/usr/lib/rows: expected A, B or C')
    write_tool(pytester, code, SPEC + "    checks: {clean_error: false}\n")
    assert "failed" not in run(pytester, "--toolcheck-log=off").parseoutcomes()
    write_tool(
        pytester, CORRECT.replace('f"row: ', 'f"'), SPEC + "    checks: {clean_error: {names_parameter: true}}\n"
    )
    run(pytester, "--toolcheck-log=off", "-k", "enum").stdout.fnmatch_lines(
        ["FAILED * - clean_error: reserve refused, but its error does not name the parameter 'row': *"]
    )


def test_a_hang_is_stopped_and_costs_its_limit_a_few_times_only(pytester: pytest.Pytester) -> None:
    """A hang is reported; after a few the tool is not called again; the run ends."""
    code = CORRECT.replace("    return {", "    while seats > 1:\n        pass\n    return {")
    write_tool(pytester, code, SPEC + "    timeout: 50ms\n")
    result = run(pytester, "--toolcheck-log=off")
    result.stdout.fnmatch_lines(["FAILED * - timeout: reserve did not answer within 50 ms"])
    assert result.parseoutcomes()["failed"] == 3
    result.stdout.fnmatch_lines(["*3 failed*skipped*"])


def test_a_hang_that_nobody_judged_leaves_the_next_one_its_whole_limit() -> None:
    """Calls beside the cases hang too: what is given up sooner is not judged, and then no hang would ever be told."""
    plan = SimpleNamespace(spec=SimpleNamespace(target=None, path=Path("x.tool.yaml")))
    state = ToolState(plan, None)  # type: ignore[arg-type]
    state.hangs = 1
    assert state.limit_s(9.0) == 9.0
    state.is_hang_told = True
    assert state.limit_s(9.0) == 0.5


def test_hangs_that_cost_little_leave_the_other_cases_their_turn() -> None:
    """The first hang costs its limit; the later ones go on being tried until they have cost a quarter of it together."""
    plan = SimpleNamespace(spec=SimpleNamespace(target=None, path=Path("x.tool.yaml")))
    state = ToolState(plan, None)  # type: ignore[arg-type]
    state.note_hang(10.0)
    state.is_hang_told = True
    tried = 1
    while not state.is_given_up(10.0):
        state.note_hang(state.limit_s(10.0))
        tried += 1
    assert tried == 6
    state.give_up()
    assert state.is_given_up(1e9), "what hung was the only input: more of the same tells nothing"


def test_who_only_times_out_is_told_of_the_limit(pytester: pytest.Pytester) -> None:
    """What to add to the spec is a longer limit, not an example, where no input was refused."""
    code = 'import time\ndef wait() -> None:\n    """Wait."""\n    time.sleep(60)\n'
    write_tool(pytester, code, "tools: {wait: {timeout: 50ms, variations: {categories: [example], fuzz: 0}}}\n")
    result = run(pytester, "--toolcheck-log=off", "-k", "valid_call")
    result.stdout.fnmatch_lines(
        ["*no valid call succeeded: wait: 1 input tried,*", "*timeout: 300 ms *# if it may take so long"]
    )


def test_a_tool_that_accepts_nothing_is_not_fuzzed(pytester: pytest.Pytester) -> None:
    """Without a valid call fuzzing proves nothing: it is skipped with the reason, and its engine is not imported."""
    code = """
    def look_up(key: str) -> str:
        raise ValueError("key: not known")
    """
    write_tool(pytester, code)
    result = run(pytester, "--toolcheck-log=off", "-rs", "-k", "valid_call or fuzz")
    result.stdout.fnmatch_lines(["*not fuzzed: no valid call of look_up succeeded"])
    assert result.parseoutcomes() == {"failed": 1, "skipped": 2, "deselected": result.parseoutcomes()["deselected"]}
