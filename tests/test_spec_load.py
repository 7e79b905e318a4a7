"""Loading tool specs: the examples of the format, defaults, discovery, support, limits."""

from __future__ import annotations

import pytest

from pytest_toolcheck.errors import Position, SpecError
from pytest_toolcheck.spec.load import load_spec, problems_of, spec_schema
from pytest_toolcheck.spec.model import (
    Annotations,
    BreakerPromise,
    Budgets,
    Dependency,
    Expectation,
    McpTarget,
    PythonTarget,
    RetryPromise,
    ValueSet,
)
from pytest_toolcheck.spec.support import NOT_SUPPORTED_YET, unsupported

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"

FULL = """\
# yaml-language-server: $schema=tool-spec.v1.json
toolcheck: 1
target: {python: shop.tools}
defaults:
  timeout: 5s
tools:
  place_order:
    input: {type: object, properties: {sku: {type: string}, count: {type: integer}}}
    output: {type: object}
    annotations: {idempotent: true}
    examples:
      - {input: {sku: ABC-1234, count: 2}, expect: {output: {status: placed}}}
      - {name: unknown sku, input: {sku: ZZZ-0000, count: 1}, expect: {error: unknown sku}}
    values:
      sku: {valid: [ABC-1234], invalid: [ZZZ-0000]}
    budgets:
      latency: {p95: 50ms}
      memory: {peak: 10MiB, leak: 1KiB}
      cpu: {time: 20ms}
"""

RESILIENCE = """\
toolcheck: 1
target: {python: shop.tools}
tools:
  place_order:
    depends_on: {provider: {python: shop.providers:quote}, db: {tcp: "127.0.0.1:5432", via: DATABASE_URL}, store: {files: "${env:STORE:-data}"}}
    resilience:
      - on: provider
        timeout: 60s                       # a hang ends in time
        retry: {attempts: 3, delays: [1s, 2s], retries: [ConnectionError, TimeoutError], gives_up_on: [ValueError]}
        breaker: {opens_after: 5, recovers_after: 300s, probes: 1}
        fallback: {expect: {output: {source: cache}}}
    timeouts: [{provider: 60s}, {place_order: 120s}, {server: 180s}]
    faults: [{on: provider, inject: "2*off -> error(ConnectionError)", expect: {error: /down/}, within: 5s}]
    sessions: {concurrent: 4, calls: 5, limit: 9, idle_timeout: 30s}
    heartbeat: {interval: 6s, within: 20%}
    validators: [shop.rules:fair_price]
    clock: virtual
    rejects: [ValueError, 4xx, 2]
    variations: {categories: [boundary, fuzz], exclude: [size], strength: 3, fuzz: 9, limit: 5, seed: 7}
    checks: {leaks: true, described: false, clean_error: {names_parameter: true}}
    mark: slow
    skip: {reason: slow, cases: "size*"}
    xfail: [{reason: known, check: clean_error}, {reason: other}]
"""


def write(folder, text, name="orders.tool.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(folder, text, **options):
    return load_spec(write(folder, text), environ={}, allow_unsupported=True, **options)


def test_the_full_example_of_the_format_loads(tmp_path):
    """Every key of the fuller example arrives with its meaning, units turned into numbers."""
    spec = load(tmp_path, FULL)
    tool = spec.tools["place_order"]
    assert spec.target == PythonTarget("shop.tools")
    assert spec.target_position.line == 3
    assert not spec.discovers_tools
    assert tool.timeout_s == 5.0
    assert tool.annotations == Annotations(idempotent=True)
    assert tool.examples[0].expect == Expectation(output={"status": "placed"})
    assert tool.examples[1].name == "unknown sku"
    assert tool.values["sku"] == ValueSet(("ABC-1234",), ("ZZZ-0000",))
    assert tool.budgets == Budgets({"p95": 50_000_000}, {"peak": 10 * 2**20, "leak": 1024}, 20_000_000)
    assert tool.position == Position(spec.path, 7, 3)
    assert tool.key_positions["/examples/1/input/sku"] == Position(spec.path, 13, 37)


def test_the_resilience_example_of_the_format_loads(tmp_path):
    """Promises under failure and every remaining key arrive as values."""
    tool = load(tmp_path, RESILIENCE).tools["place_order"]
    promise = tool.resilience[0]
    assert tool.depends_on["store"] == Dependency("store", files="data")
    assert tool.depends_on["db"] == Dependency("db", tcp="127.0.0.1:5432", via="DATABASE_URL")
    assert promise.retry == RetryPromise(3, (1.0, 2.0), ("ConnectionError", "TimeoutError"), ("ValueError",))
    assert promise.breaker == BreakerPromise(5, 300.0, 1)
    assert promise.fallback == Expectation(output={"source": "cache"})
    assert tool.timeouts == (("provider", 60.0), ("place_order", 120.0), ("server", 180.0))
    assert (tool.faults[0].inject, tool.faults[0].within_s) == ("2*off -> error(ConnectionError)", 5.0)
    assert tool.sessions.idle_timeout_s == 30.0
    assert (tool.heartbeat.interval_s, tool.heartbeat.within) == (6.0, 0.2)
    assert tool.rejects == ("ValueError", "4xx", 2)
    assert (tool.variations.categories, tool.variations.strength) == (("boundary", "fuzz"), 3)
    assert tool.checks["clean_error"] == {"names_parameter": True}
    assert tool.marks == ("slow",)
    assert (tool.skips[0].cases, [item.reason for item in tool.xfails]) == ("size*", ["known", "other"])
    assert tool.xfails[1].position.line == 23


def test_two_keys_are_enough(tmp_path):
    """The smallest spec discovers all tools, with the defaults of the format."""
    spec = load_spec(
        write(tmp_path, "toolcheck: 1\ntarget: {mcp: {command: [python, -m, mcp_server_time]}}\n"), environ={}
    )
    assert spec.target == McpTarget(command=("python", "-m", "mcp_server_time"))
    assert spec.discovers_tools
    assert spec.defaults.timeout_s == 10.0


def test_every_kind_of_target_is_read(tmp_path):
    """All five kinds parse, each with all of its keys."""
    kinds = {
        "python": "{module: shop.tools, path: [src]}",
        "mcp": "{command: [serve], cwd: ., env: {A: b}}",
        "http": "{url: 'http://h', start: [serve], ready: /health, headers: {A: b}, openapi: /openapi.json}",
        "websocket": "{url: 'ws://h', start: [serve], request: {id: 1}, reply: {id: id}}",
        "command": "{argv: [run], stdin: json, env: {A: b}, cwd: .}",
    }
    for kind, text in kinds.items():
        target = load(tmp_path, f"toolcheck: 1\ntarget: {{{kind}: {text}}}\n").target
        assert target.kind == kind
    assert target.cwd == str(tmp_path.resolve())


def test_a_python_file_is_found_beside_the_spec(tmp_path):
    """A `.py` path is relative to the spec and arrives absolute."""
    (tmp_path / "tools.py").write_text("")
    spec = load(tmp_path, "toolcheck: 1\ntarget: {python: tools.py}\n")
    assert spec.target == PythonTarget(str((tmp_path / "tools.py").resolve()))


@pytest.mark.parametrize("place", ["shop:mcp", "shop.py:mcp", "./shop.py:mcp", "../src/my-shop/shop.py:mcp"])
def test_a_server_in_process_is_named_by_module_or_file(tmp_path, place):
    """As a file of Python functions is."""
    spec = load(tmp_path, f"toolcheck: 1\ntarget: {{mcp: {{server: '{place}'}}}}\n")
    assert spec.target == McpTarget(server=place)


def test_defaults_are_merged_key_by_key(tmp_path):
    """Checks, budgets and variations merge deeply, the tool's own key wins; schemas are replaced as a whole."""
    text = HEAD + (
        "defaults:\n  timeout: 3s\n  checks: {leaks: true, described: false}\n  output: {type: object, title: x}\n"
        "  budgets: {latency: {p50: 1ms, p95: 2ms}}\n  variations: {seed: 1}\n"
        "tools:\n  a:\n    checks: {leaks: false}\n    output: {type: string}\n    budgets: {latency: {p95: 3ms}}\n"
        "    variations: {limit: 3}\n  b:\n"
    )
    spec = load(tmp_path, text)
    a, b = spec.tools["a"], spec.tools["b"]
    assert a.checks == {"leaks": False, "described": False}
    assert a.output == {"type": "string"}
    assert a.budgets.latency == {"p50": 1_000_000, "p95": 3_000_000}
    assert (a.variations.seed, a.variations.limit) == (1, 3)
    assert (b.timeout_s, b.checks, b.position.line) == (3.0, {"leaks": True, "described": False}, 15)


def test_a_wrong_default_is_reported_once_at_its_own_line(tmp_path):
    """A default that is impossible for every tool is one problem, not one a tool."""
    text = HEAD + "defaults: {budgets: {latency: {p95: 5ms, max: 1ms}}}\ntools: {a: {}, b: {}}\n"
    [problem] = problems_of(write(tmp_path, text), allow_unsupported=True)
    assert problem.position.line == 3
    assert problem.message.startswith("'defaults.budgets.latency.max' is 1ms, less than p95 with 5ms")


def test_an_empty_list_of_tools_discovers_all(tmp_path):
    """`tools: {}` names none, so that all are tested: a spec never passes by testing nothing."""
    for text in ("tools: {}\n", "tools:\n"):
        assert load(tmp_path, HEAD + text).discovers_tools


def test_all_problems_are_told_at_once_in_order(tmp_path):
    """A wrong key in one tool does not hide an impossible promise in another."""
    text = HEAD + "tools:\n  a: {timeout: 0s}\n  b: {latancy: 5}\n  c: {budgets: {latency: {p95: 1s, max: 1ms}}}\n"
    with pytest.raises(SpecError) as caught:
        load_spec(write(tmp_path, text), environ={})
    assert [problem.position.line for problem in caught.value.problems] == [4, 5, 6]


def test_words_of_yaml_1_1_stay_words(tmp_path):
    """`on`, `yes`, `no` and dates are texts as keys and values; 1.2 numbers, booleans and null are what they say."""
    text = HEAD + (
        "tools:\n  on:\n    examples:\n"
        "      - input: {on: yes, no: off, day: 2026-11-23, time: 12:30:00, n: 0o17, f: 1e3, t: true, z: ~, 1: 010}\n"
    )
    tool = load(tmp_path, text).tools["on"]
    assert tool.examples[0].input == {
        "on": "yes",
        "no": "off",
        "day": "2026-11-23",
        "time": "12:30:00",
        "n": 15,
        "f": 1000.0,
        "t": True,
        "z": None,
        "1": 10,
    }


def test_anchors_and_merge_keys_work(tmp_path):
    """A merged mapping gives what the own keys leave out."""
    text = HEAD + "tools:\n  a: &a {timeout: 1s, coercion: forbid}\n  b: {<<: *a, timeout: 2s}\n  c: *a\n"
    tools = load(tmp_path, text).tools
    assert (tools["b"].timeout_s, tools["b"].coercion, tools["c"].timeout_s) == (2.0, "forbid", 1.0)


def test_what_is_not_built_yet_is_refused(tmp_path):
    """A key without its feature fails the file with its line, unless the caller looks at the format only."""
    text = HEAD + "tools:\n  a:\n    unit: x\n    checks: {leaks: true, pure: false}\n"
    value = {
        "target": {"http": {}},
        "defaults": {"budgets": {}},
        "tools": {"a": {"checks": {"leaks": True, "pure": False}, "variations": {"categories": ["size", "fuzz"]}}},
    }
    table = {
        "target.http": "HTTP",
        "tools.*.budgets": "budgets",
        "tools.*.checks.leaks": "the check leaks",
        "tools.*.checks.pure": "the check pure",
        "tools.*.variations.categories.fuzz": "fuzz",
    }
    assert [complaint.message for complaint in unsupported(value, table)] == [
        "not supported yet: HTTP ('target.http')",
        "not supported yet: budgets ('defaults.budgets')",
        "not supported yet: the check leaks ('checks.leaks' of tool 'a')",
        "not supported yet: fuzz ('variations.categories[1]' of tool 'a')",
    ]
    assert len(problems_of(write(tmp_path, text))) >= 1


def test_the_table_names_only_keys_of_the_format():
    """Every line of the table of missing features leads to a key of the shipped schema."""
    schema = spec_schema()
    target, tool = (schema["$defs"][name]["properties"] for name in ("target", "tool"))
    for pattern in NOT_SUPPORTED_YET:
        head, *rest = pattern.split(".")
        assert rest[0] in target if head == "target" else rest[1] in tool


def test_every_key_of_the_schema_is_described():
    """An editor shows a sentence for each key of the format."""

    def undescribed(node, place):
        if isinstance(node, list):
            for item in node:
                yield from undescribed(item, place)
        elif isinstance(node, dict):
            for name, part in node.get("properties", {}).items():
                if not part.get("description"):
                    yield f"{place}.{name}"
                yield from undescribed(part, f"{place}.{name}")
            for key, part in node.items():
                if key != "properties":
                    yield from undescribed(part, place)

    assert list(undescribed(spec_schema(), "")) == []


def test_a_pattern_that_python_warns_of_is_sound(tmp_path):
    """A warning of `re` about a future meaning is no problem of the spec, even where warnings are errors."""
    schema = "{type: object, properties: {a: {type: string, pattern: '[[a]'}}}"
    tool = f"{{input: {schema}, examples: [{{input: {{a: a}}, expect: {{output: 1, matches: true}}}}]}}"
    assert "t" in load(tmp_path, HEAD + f"tools: {{t: {tool}}}\n").tools


def test_the_category_null_needs_no_quotes(tmp_path):
    """YAML reads an unquoted `null` as nothing; in a list of categories it can only mean the one of that name."""
    text = "toolcheck: 1\ntarget: {python: shop}\ndefaults: {variations: {categories: [type, null], exclude: [null]}}\n"
    variations = load(tmp_path, text).defaults.variations
    assert (variations.categories, variations.exclude) == (("type", "null"), ("null",))
