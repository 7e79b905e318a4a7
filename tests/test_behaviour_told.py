"""`defaults`, `error_text`, `stdout_noise`: each planted fault is found, and its correct twin is accused of nothing."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import Any

import pytest

from pytest_toolcheck.behaviour.scenarios import behaviour_scenarios
from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome

from .behaviour_lab import findings_of, plans_in

DEFAULTS = """
tools:
  tool:
    input: {type: object, properties: {x: {default: SAID}}}
    checks: {defaults: ON}
"""


def defaults_of(tmp_path: Any, said: str, code: str, *, on: str = "true") -> list[str]:
    source = f"import decimal\ndef tool(x={code}): return 1\n"
    return findings_of(tmp_path, source, DEFAULTS.replace("SAID", said).replace("ON", on))


@pytest.mark.parametrize(
    ("said", "code", "shown"),
    [("20", "10", "20 in the schema, 10"), ("true", "1", "true in the schema, 1"), ("B", "'A'", "B in the schema, A"),
     ("[1]", "(2,)", "[1] in the schema, [2]"), ("{a: 1}", "{'a': 2}", '{"a": 1} in the schema, {"a": 2}'),
     ("null", "5", "null in the schema, 5")],
)  # fmt: skip
def test_a_default_that_the_code_does_not_have_is_found(tmp_path, said, code, shown):
    """`defaults`: the schema's default is what the function does when the parameter is left out."""
    assert defaults_of(tmp_path, said, code) == [f"tool: defaults: tool: the default of x is {shown} in the code"]
    assert defaults_of(tmp_path, said, code, on="false") == []


@pytest.mark.parametrize(
    ("said", "code"),
    [("10", "10"), ("1.0", "1"), ("[1, 2]", "(1, 2)"), ("10", "None"), ("null", "None"), ("1.5", "decimal.Decimal('1.50')"),
     ("{a: 1}", "{'a': 1, 'b': 2}"), ("10", "object()")],
)  # fmt: skip
def test_a_default_that_agrees_is_not_accused(tmp_path, said, code):
    """Equal as JSON, spelled otherwise, or not to be compared: None and sentinels mean "not given"."""
    assert defaults_of(tmp_path, said, code) == []


def test_a_decorated_function_is_looked_through(tmp_path):
    """The default is that of the function below the decorators."""
    code = """
    import functools
    def plain(f):
        @functools.wraps(f)
        def call(*a, **k): return f(*a, **k)
        return call
    @plain
    def tool(x=10): return 1
    """
    spec = DEFAULTS.replace("ON", "true")
    assert len(findings_of(tmp_path, code, spec.replace("SAID", "11"))) == 1
    assert findings_of(tmp_path, code, spec.replace("SAID", "10")) == []


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (DEFAULTS.replace("SAID", "10").replace("ON", "true"), 1),
        ("tools: {tool: {}}", 0),
        ("tools: {tool: {input: {type: object, properties: {x: {type: integer}}}}}", 0),
    ],
)
def test_there_is_an_item_only_where_there_is_something_to_compare(tmp_path, spec, count):
    """One item a tool whose spec says a default that the code has too; none for a schema made from the code."""
    (plan,) = plans_in(tmp_path, "def tool(x: int = 10): return 1\n", spec)
    assert [scenario.id for scenario in behaviour_scenarios(plan)] == ["defaults"] * count


SCHEMA = {"type": "object", "properties": {"row": {"enum": ["A", "B"]}}, "required": ["row"]}
GOOD, OTHER, BAD = {"row": "A"}, {"row": "B"}, {"row": "Z"}
REPORTS = [
    "Error: unknown row 'Z'",
    "ValueError: row: expected A or B",
    "Error executing tool book: 1 validation error\nrow\n  must be A or B",
    "Traceback (most recent call last):\n  File x",
    '{"error": "unknown row"}',
    "Failed to book a seat: unknown row 'Z'",
    "Error while reading the plan: row 'Z' is not there",
    '{"status": "error", "message": "unknown row"}',
    '{"success": false, "reason": "unknown row"}',
    '"Error: unknown row"',
    '{"error": true, "code": "unknown_row", "message": "no row Z", "hint": "A or B"}',
    '{"error": true, "code": "unknown_row"}',
    '{\n  "success": false, "error": {"code": 4, "message": "unknown row"}}',
]
ANSWERS = ["Error: 0.25", "Errors: none were found", "The Error: was mended", '{"error": null, "ok": true}', '{"error": ""}',
           '{"valid": false, "error": "line 3"}', "Error: one\nError: two\nbooked both",
           "Failed to book 3 of 4 seats: the others are booked", '{"status": "error", "lines": 3}', '{"status": "ok", "message": "booked"}',
           '{"success": true, "message": "booked"}', '{"success": false, "price": 3}', '"Errors are told to the guard"', '"booked',
           "Failed tests: 3", '{"error": true}', '{"error": true, "message": "unreachable", "url": "http://x"}', '{"error": false, "message": "fine"}', "", "{", '{"rows": 2}']  # fmt: skip


def result(text: str, *, is_error: bool = False) -> Outcome:
    raw = {"content": [{"type": "text", "text": text}], "isError": is_error}
    if is_error:
        return Outcome("refused", 1, error=CallError("ToolError", text), raw=raw)
    return Outcome("accepted", 1, value=text, raw=raw)


def told(
    text: str, value: Any, *, good: tuple[Any, ...] = (), others: str = "booked", **tool: Any
) -> list[tuple[str, str]]:
    """Return the check and severity of what is found when `value` is answered with `text`, known-good ones with `others`."""
    case = Case("id", value, "invalid" if value == BAD else "valid", "enum", "/row", "")
    spec = ToolSpec(**{"name": "book", "input": SCHEMA, **tool})
    evidence = Evidence(spec, case, result(text), known_good=good, retry=lambda _value: result(others))
    found = [
        OUTCOME_CHECKS[name](evidence) for name in ("rejects_invalid", "error_text") if spec.checks.get(name, True)
    ]
    assert not any("\n" in finding.message for finding in found if finding is not None)
    return [(finding.check, finding.severity) for finding in found if finding is not None]


@pytest.mark.parametrize("text", REPORTS)
def test_an_error_that_is_reported_as_a_success_is_found(text):
    """`error_text`: one finding, in place of `rejects_invalid`; on valid input beside a good answer, else a warning."""
    assert told(text, BAD) == [("error_text", "failure")]
    assert told(text, OTHER, good=(GOOD,)) == [("error_text", "failure")]
    assert told(text, GOOD, good=(GOOD,)) == [("error_text", "warning")]


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_that_only_looks_a_little_like_an_error_is_an_answer(text):
    """Only the plainest reports count: what else an invalid input is answered with is an acceptance."""
    assert told(text, OTHER, good=(GOOD,)) == []
    assert told(text, BAD) == [("rejects_invalid", "failure")]


def test_a_tool_that_is_about_errors_is_not_accused():
    """An echo, a tool that always answers so, one named or declared to, a result that is flagged, one of no MCP server."""
    report = REPORTS[0]
    assert told(report, {"row": "B", "say": report}, good=(GOOD,)) == []
    assert told(report, OTHER, good=(GOOD,), others=report) == []
    assert told(report, OTHER, good=(GOOD,), name="explain_error") == []
    declared = {"type": "object", "properties": {"error": {"type": "string"}}}
    assert told(REPORTS[4], OTHER, good=(GOOD,), output=declared) == []
    case = Case("id", BAD, "invalid", "enum", "", "")
    unmarked = Outcome("accepted", 1, value=report, raw={"content": [{"type": "text", "text": report}]})
    for outcome in (result(report, is_error=True), unmarked):
        assert OUTCOME_CHECKS["error_text"](Evidence(ToolSpec(name="book", input=SCHEMA), case, outcome)) is None


@pytest.mark.parametrize(
    ("name", "is_exempt"),
    [("tail_log", True), ("get-logs", True), ("readLogs", True), ("log", True), ("stderr_of", True), ("journal", True)]
    + [(name, False) for name in ("login", "catalog", "get_catalogs", "logistics", "blog", "Catalog")],
)
def test_a_tool_that_shows_logs_shows_errors(name, is_exempt):
    """What a log viewer answers is what others reported; a name that only has the letters exempts nothing."""
    assert told(REPORTS[0], OTHER, good=(GOOD,), name=name) == ([] if is_exempt else [("error_text", "failure")])


def test_without_error_text_the_acceptance_is_found():
    """`checks: {error_text: false}`: the invalid input counts as accepted again."""
    assert told(REPORTS[0], BAD, checks={"error_text": False}) == [("rejects_invalid", "failure")]


SERVER = """
import json, sys
TAKES = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}}
def answer(method, params):
    if method == "initialize":
        info = {"name": "raw", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [{"name": name, "inputSchema": TAKES} for name in ("first", "quiet", "noisy", "muted")]}
    print("working", file=sys.stderr, flush=True)
    print("stdout: working", file=sys.stderr, flush=True)
    if params["name"] in ("noisy", "muted"):
        print("working on it", flush=True)
    return {"content": [{"type": "text", "text": "done"}]}
print("starting up", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        result = answer(request["method"], request.get("params"))
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""


SERVED = """
target: {mcp: {command: ["PYTHON", server.py]}}
defaults: {checks: {rejects_invalid: false}, variations: {categories: [example, boundary]}}
tools:
  first: {}
  quiet: {}
  noisy: {}
  muted: {checks: {stdout_noise: false}}
"""


def test_what_a_server_prints_beside_the_protocol_is_found_once(tmp_path):
    """`stdout_noise`: once for the tool that prints to stdout or is called first, not for stderr, nor switched off."""
    (tmp_path / "server.py").write_text(dedent(SERVER), encoding="utf-8")
    found = findings_of(tmp_path, "", SERVED.replace("PYTHON", sys.executable), cases=True)
    said = "the server wrote to its stdout what is no message"
    assert found == [
        f"first: stdout_noise: first: {said}: starting up",
        f"noisy: stdout_noise: noisy: {said}: working on it",
    ]


def test_a_default_that_the_answers_contradict_is_found(tmp_path: Any) -> None:
    """What the signature cannot tell (`None`, a server) equal calls do: left out and given must be answered alike."""
    code = """
    import itertools
    ticks = itertools.count()
    def tool(text: str, times: int | None = None, **more) -> dict:
        return {"length": len(text) * (times or REAL), "echo": {"times": times, **more}}
    """
    times = '"times": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2}'
    schema = f'{{"type": "object", "properties": {{"text": {{"type": "string"}}, {times}}}, "required": ["text"]}}'
    spec = f"tools: {{tool: {{annotations: {{deterministic: true}}, variations: {{categories: [example]}}, input: {schema}}}}}\n"
    correct = code.replace('"times": times, ', "").replace("REAL", "2")
    assert findings_of(tmp_path, correct, spec) == []
    assert (
        findings_of(
            tmp_path, correct.replace("len(text) *", "next(ticks) +"), spec.replace("deterministic", "idempotent")
        )
        == []
    )
    [finding] = findings_of(tmp_path, code.replace("REAL", "3"), spec)
    assert finding.startswith("tool: defaults: tool: times left out is answered ")


def test_a_default_shows_where_the_parameter_does_something(tmp_path: Any) -> None:
    """Of 0 nothing follows, whatever the step: other inputs are tried. An option beside it may decide what is left out."""
    code = "def tool(n: int, step: int | None = None, wide: bool = False) -> list:\n    return list(range(0, n, step or REAL))\n"
    step = '"step": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2}, "wide": {"type": "boolean"}'
    properties = f'{{"n": {{"type": "integer", "minimum": 0, "maximum": 50}}, {step}}}'
    schema = f'{{"type": "object", "properties": {properties}, "required": ["n"]}}'
    spec = f"tools: {{tool: {{annotations: {{deterministic: true}}, variations: {{categories: [example]}}, input: {schema}}}}}\n"
    assert findings_of(tmp_path, code.replace("REAL", "2"), spec) == []
    assert findings_of(tmp_path, code.replace("REAL", "(3 if wide else 2)"), spec) == []
    [finding] = findings_of(tmp_path, code.replace("REAL", "1"), spec)
    assert finding.startswith("tool: defaults: tool: step left out is answered ")


def test_a_default_shows_in_texts_that_are_long_enough(tmp_path: Any) -> None:
    """A width of 40 or of 30 is the same to a short text: longer ones are tried."""
    code = "def tool(text: str, width: int | None = None) -> list:\n    return [text[:width or REAL]]\n"
    width = '"width": {"type": "integer", "minimum": 5, "maximum": 80, "default": 40}'
    properties = f'{{"text": {{"type": "string", "maxLength": 300}}, {width}}}'
    schema = f'{{"type": "object", "properties": {properties}, "required": ["text"]}}'
    spec = f"tools: {{tool: {{annotations: {{deterministic: true}}, variations: {{categories: [example]}}, input: {schema}}}}}\n"
    assert findings_of(tmp_path, code.replace("REAL", "40"), spec) == []
    [finding] = findings_of(tmp_path, code.replace("REAL", "30"), spec)
    assert finding.startswith("tool: defaults: tool: width left out is answered ")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("{'id': next(ids), 'currency': currency or 'EUR'}", None),
        ("{'id': next(ids), 'currency': currency or 'USD'}", "USD"),
        ("{'id': names.add(name) or next(ids), 'currency': currency or 'USD'} if name not in names else None", "USD"),
        ("{'id': next(ids), 'currency': currency or 'X'}", "X"),  # not even what the schema allows
        ("{'id': next(ids), 'order': {'Currency': currency or 'USD'}}", "USD"),
        ("{'id': next(ids), 'currency': currency or f'U{next(ids)}'}", None),  # as the hour decides
        ("{'id': next(ids), 'currency': currency}", None),  # nothing is said of what was left out
        ("{'id': next(ids), 'currency': 'USD'}", None),  # no echo: it says the same whatever is given
        ("{'id': next(ids), 'currency': last.append(currency or last[-1]) or last[-1]}", None),  # as it was before
    ],
)
def test_a_creator_that_shows_another_default_is_found(tmp_path: Any, answer: str, shown: str | None) -> None:
    """No promise is needed where the answer repeats the parameter: left out, it must come back as the default."""
    code = f"import itertools\nids = itertools.count()\nnames = set()\nlast = ['USD']\ndef tool(name, currency=None):\n    return {answer}\n"
    properties = '{"name": {"type": "string"}, "currency": {"type": "string", "minLength": 2, "default": "EUR"}}'
    spec = f'tools: {{tool: {{input: {{"type": "object", "properties": {properties}, "required": ["name"]}}}}}}\n'
    found = [finding for finding in findings_of(tmp_path, code, spec) if "defaults" in finding]
    said = f"tool: defaults: tool: currency left out is answered {shown}, and its default is EUR"
    assert found == ([said] if shown else [])


def test_arrays_out_of_order_keep_to_their_bound(tmp_path: Any) -> None:
    """A tool that sorts its argument is found also where few items are allowed, and where the base is empty."""
    items = '{"type": "array", "maxItems": 3, "items": {"type": "integer", "minimum": 0, "maximum": 9}}'
    schema = f'{{"type": "object", "properties": {{"values": {items}}}, "required": ["values"]}}'
    spec = f"tools: {{tool: {{annotations: {{pure: true}}, input: {schema}}}}}\n"
    assert findings_of(tmp_path, "def tool(values):\n    return {'n': len(values)}\n", spec) == []
    assert findings_of(tmp_path, "def tool(values):\n    values.sort()\n    return {}\n", spec) == [
        "tool: pure: tool changed its arguments"
    ]


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("seen", "seen.append(x); return len(seen)", "the default of seen was [], and calls have made it [1"),
        ("seen", "return len([*seen, x])", None),
        ("_cache", "_cache.append(x); return 1", None),
    ],
)
def test_a_mutable_default_that_calls_fill_is_found(tmp_path: Any, name: str, body: str, told: str | None) -> None:
    """The next call begins with what this one left there, and the schema still says `[]`; a cache is meant so."""
    spec = "tools: {tool: {examples: [{input: {x: 1}}], variations: {categories: [example]}}}\n"
    found = findings_of(tmp_path, f"def tool(x: int, {name}: list = []) -> int: {body}\n", spec)
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_a_list_that_promises_nothing_owes_its_default(tmp_path):
    """A tool that lists by its name is asked with its default and without it; one that may make something is not."""
    code = "ROWS = [{'id': n} for n in range(30)]\ndef list_rows(limit=None): return ROWS[:limit or USUAL]\ndef make_rows(limit=None): return ROWS[:limit or 5]\n"
    given = "{input: {type: object, properties: {limit: {type: integer, minimum: 1, maximum: 25, default: 20}}, additionalProperties: false}, variations: {categories: [repeat]}}"
    spec = f"tools:\n  list_rows: {given}\n  make_rows: {given}\n"
    [found] = findings_of(tmp_path, code.replace("USUAL", "10"), spec)
    assert "list_rows: limit left out is answered 10, its default 20 given 20" in found
    assert findings_of(tmp_path, code.replace("USUAL", "20"), spec) == []
