"""Limits of the loader: bombs, size, depth, speed, and any text at all."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolcheck.errors import SpecError
from pytest_toolcheck.spec.load import load_spec, problems_of, spec_schema

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"
FULL = """\
toolcheck: 1
target: {python: shop.tools}
defaults:
  timeout: 5s
tools:
  place_order:
    input: {type: object, properties: {sku: {type: string}, count: {type: integer}}}
    output: {type: object}
    depends_on: {provider: {python: shop.providers:quote}, db: {tcp: "127.0.0.1:5432", via: DATABASE_URL}}
    resilience:
      - on: provider
        timeout: 60s                       # a hang ends in time
        retry: {attempts: 3, delays: [1s, 2s], retries: [ConnectionError, TimeoutError], gives_up_on: [ValueError]}
    examples:
      - {input: {sku: ABC-1234, count: 2}, expect: {output: {status: placed}}}
    values:
      sku: {valid: [ABC-1234], invalid: [ZZZ-0000]}
    budgets:
      latency: {p95: 50ms}
"""


def write(folder, text):
    path = folder / "orders.tool.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("bomb", ["list", "merge"])
def test_a_yaml_bomb_is_refused(tmp_path, bomb):
    """Anchors that expand to billions of values end in one message, at once."""
    levels = ["a0: &a0 [x]" if bomb == "list" else "a0: &a0 {x: 1}"]
    for i in range(1, 12):
        nine = ", ".join([f"*a{i - 1}"] * 9)
        levels.append(f"a{i}: &a{i} [{nine}]" if bomb == "list" else f"a{i}: &a{i} {{<<: [{nine}]}}")
    began = time.process_time()
    [problem] = problems_of(write(tmp_path, HEAD + "\n".join(levels) + "\n"))
    assert problem.message == "more than 100,000 values once its anchors are expanded"
    assert time.process_time() - began < 10


def test_limits_of_a_file(tmp_path):
    """Too large, too deep, not UTF-8, not there, a folder: one problem each."""
    path = write(tmp_path, HEAD + "# " + "x" * 1024 * 1024)
    assert [p.message for p in problems_of(path)] == ["larger than 1 MiB: split it into several files"]
    path = write(tmp_path, HEAD + "tools: " + "[" * 100_000)
    assert [p.message for p in problems_of(path)] == ["nested deeper than 100 levels"]
    path.write_bytes(b"toolcheck: 1\n# caf\xe9\n")
    assert [str(p).removeprefix(f"{path}:") for p in problems_of(path)] == [
        "2:6: not UTF-8: byte 0xe9 cannot be decoded; save the file as UTF-8"
    ]
    assert problems_of(tmp_path / "none.tool.yaml")[0].message == "cannot be read: No such file or directory"
    assert problems_of(tmp_path)[0].message == "cannot be read: Is a directory"


def test_a_spec_of_300_lines_loads_fast(tmp_path):
    """Loading is measured in milliseconds of CPU; the bound is ten times what a busy machine needs."""
    tool = (
        "  tool_{}:\n    timeout: 5s\n    input:\n      type: object\n      properties:\n        n: {{type: integer}}\n"
    )
    path = write(tmp_path, HEAD + "tools:\n" + "".join(tool.format(i) for i in range(50)))
    load_spec(path)
    began = time.process_time()
    load_spec(path)
    assert time.process_time() - began < 1.0


FRAGMENTS = [
    *FULL.splitlines(),
    "tools: [a]",
    "  a: *x",
    "  &x b: {<<: *x}",
    "    input: {$ref: '#'}",
    "    input: {$schema: [], type: object, allOf: [{$ref: '#'}]}",
    "    examples: [{input: {a: 1}, expect: {output: 1}}]",
    "\t",
    "? [a]",
    "- ",
    "!!binary x",
    "'",
]


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=12), max_size=14).map("\n".join) | st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_any_text_is_a_spec_or_a_spec_error(tmp_path, text):
    """No text makes the loader fail in any other way."""
    path = tmp_path / "any.tool.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load_spec(path, environ={}, allow_unsupported=True)
    except SpecError as error:
        assert error.problems  # noqa: PT017 - either end is right
        assert all("\n" not in problem.message for problem in error.problems)  # noqa: PT017


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["5s", "10MiB", "80%", "a", "/[/", "a:b", "#", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["on", "input", "type", "$ref", "python", "expect", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(spec_schema()["$defs"]["tool"]["properties"])), values, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_any_values_under_known_keys_are_a_spec_or_a_spec_error(tmp_path, tool):
    """Wrong types under right keys are refused in words, never by an exception of another kind."""
    path = tmp_path / "any.tool.yaml"
    path.write_text(json.dumps({"toolcheck": 1, "target": {"python": "a"}, "defaults": tool, "tools": {"t": tool}}))
    try:
        load_spec(path, environ={}, allow_unsupported=True)
    except SpecError as error:
        assert "is not valid under" not in str(error)  # noqa: PT017 - either end is right
