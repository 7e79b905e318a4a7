"""Specs of sound structure that promise the impossible: one clear message each, with its place."""

from __future__ import annotations

import pytest

from pytest_toolcheck.spec.load import problems_of

from .specs import assert_one_message

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"
TOOL = HEAD + "tools:\n  lookup:\n"

HTTP = "toolcheck: 1\ntarget: {http: {url: 'http://127.0.0.1:9'}}\ntools:\n"

WRONG = [
    pytest.param(
        HTTP + "  lookup: {input: {type: object}}\n",
        4,
        3,
        "tool 'lookup' has no 'call': write METHOD /path, or give the target an 'openapi'",
        id="http without call",
    ),
    pytest.param(
        HTTP + "  lookup:\n",
        4,
        3,
        "tool 'lookup' has no 'call': write METHOD /path, or give the target an 'openapi'",
        id="http without anything",
    ),
    pytest.param(
        HTTP + "  lookup: {call: 'GET /orders/{order}', input: {type: object, properties: {ordr: {type: integer}}}}\n",
        4,
        18,
        (
            "'call' of tool 'lookup': nothing fills {order}: the tool's input has no parameter 'order'. "
            "Did you mean 'ordr'? Parameters: ordr"
        ),
        id="path without parameter",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {command: {argv: [convert]}}\ntools:\n  convert:\n    call: --to {untt}\n"
        "    input: {type: object, properties: {unit: {type: string}}}\n",
        5,
        11,
        (
            "'call' of tool 'convert': nothing fills {untt}: the tool's input has no parameter 'untt'. "
            "Did you mean 'unit'? Parameters: unit. "
            "What holds it is left out of every call (braces around a bare name are always such a place)"
        ),
        id="argument without parameter",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {command: {argv: [convert, '{tool}', '{unit}', '{to}']}}\ntools:\n"
        "  convert: {input: {type: object, properties: {unit: {type: string}}}}\n"
        "  back: {input: {type: object, properties: {to: {type: string}}}}\n",
        2,
        36,
        (
            "'target.command.argv[1]': nothing fills {tool}: no tool of this file has a parameter 'tool'. "
            "Did you mean 'to'? Parameters: unit, to. "
            "What holds it is left out of every call (braces around a bare name are always such a place)"
        ),
        id="item of the command without parameter",
    ),
    pytest.param(
        TOOL + "    values: {n: {valid: [1], invalid: [2, 1]}}\n",
        5,
        43,
        "'values.n.invalid[1]' of tool 'lookup': the number 1 stands under 'valid' too",
        id="known both ways",
    ),
    pytest.param(
        HTTP + "  lookup: {call: GET /x, clock: virtual}\n",
        4,
        33,
        ("'clock' of tool 'lookup': time can be virtual for tools of this process only: python, or mcp with 'server'"),
        id="time of another process",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {http: {url: 'http://127.0.0.1:99999', openapi: /o}}\n",
        2,
        22,
        "'target.http.url': the text 'http://127.0.0.1:99999' is no URL: Port out of range 0-65535",
        id="port",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {http: {url: 'http:///x', openapi: /o}}\n",
        2,
        22,
        "'target.http.url': the text 'http:///x' names no host",
        id="no host",
    ),
    pytest.param(
        TOOL + "    resilience: [{on: p, breaker: {opens_afer: 5, recovers_after: 1s}}]\n",
        5,
        36,
        (
            "unknown key 'opens_afer' in 'resilience[0].breaker' of tool 'lookup'. Did you mean 'opens_after'? "
            "Valid keys: opens_after, recovers_after, probes"
        ),
        id="a required key misspelt",
    ),
    pytest.param(
        TOOL + "    mark: !!set {slow}\n",
        5,
        11,
        "the YAML tag '!!set' is not allowed: a spec holds plain data only",
        id="a tag, and what it makes of the value",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: {n: {type: number, maximum: .nan}}}\n",
        5,
        67,
        ".nan is no number that JSON has: quote it where a text is meant",
        id="not a number",
    ),
    pytest.param(
        TOOL + "    examples: [{input: {n: -.inf}}]\n",
        5,
        28,
        "-.inf is no number that JSON has: quote it where a text is meant",
        id="infinity",
    ),
    pytest.param(
        TOOL + "    timeout: 0s\n", 5, 14, "'timeout' of tool 'lookup' is 0: nothing takes no time at all", id="zero"
    ),
    pytest.param(
        TOOL + "    budgets: {latency: {p95: 50ms, max: 20ms}}\n",
        5,
        41,
        ("'budgets.latency.max' of tool 'lookup' is 20ms, less than p95 with 50ms: p50 <= p95 <= p99 <= max"),
        id="order",
    ),
    pytest.param(
        TOOL + "    timeout: 1s\n    budgets: {latency: {p50: 2s}}\n",
        6,
        30,
        (
            "'budgets.latency.p50' of tool 'lookup' is 2s, but a call is stopped after the timeout "
            "of 1s: raise 'timeout'"
        ),
        id="overtimeout",
    ),
    pytest.param(
        TOOL + "    examples:\n      - {name: a, input: {}}\n      - {name: a, input: {}}\n",
        7,
        16,
        "'examples[1].name' of tool 'lookup': another example is named 'a' already",
        id="example_dup",
    ),
    pytest.param(
        TOOL + "    examples:\n      - {input: {}, expect: {error: '/[a-/'}}\n",
        6,
        37,
        (
            "'examples[0].expect.error' of tool 'lookup': '[a-' is not a regular expression: "
            "unterminated character set at position 0"
        ),
        id="regex",
    ),
    pytest.param(
        TOOL + "    examples:\n      - {input: {}, expect: {error: x, output: 5}}\n",
        6,
        29,
        ("'examples[0].expect' of tool 'lookup' promises an error and 'output': a call ends in one of them"),
        id="error_output",
    ),
    pytest.param(
        TOOL
        + (
            "    input: {type: object, properties: {n: {type: integer}}}\n"
            "    examples:\n"
            "      - {input: {n: x}, expect: {output: 5}}\n"
        ),
        7,
        21,
        (
            "this example promises a success, but the tool's input schema refuses it: "
            "'examples[0].input.n' of tool 'lookup': expected a whole number, found the text 'x'"
        ),
        id="refused",
    ),
    pytest.param(
        TOOL + ("    input: {type: object, properties: {sku: {type: string}}}\n    values: {skew: {valid: [a]}}\n"),
        6,
        20,
        "'values.skew' of tool 'lookup': the tool has no parameter 'skew'. Parameters: sku",
        id="values_param",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: {n: {type: strng}}}\n",
        5,
        50,
        (
            "'input.properties.n.type' of tool 'lookup': 'strng' is not known. Did you mean "
            "'string'? Valid values: array, boolean, integer, null, number, object, string"
        ),
        id="schema_type",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: {n: {minimum: '5'}}}\n",
        5,
        53,
        "'input.properties.n.minimum' of tool 'lookup': expected a number, found the text '5'",
        id="schema_min",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: {n: {pattern: '[a-'}}}\n",
        5,
        53,
        (
            "'input.properties.n.pattern' of tool 'lookup': '[a-' is not a regular expression: "
            "unterminated character set at position 0"
        ),
        id="schema_pattern",
    ),
    pytest.param(
        TOOL + "    input: {type: array}\n",
        5,
        19,
        ("'input.type' of tool 'lookup': arguments are an object, found type array; write 'type: object'"),
        id="schema_array",
    ),
    pytest.param(
        TOOL + "    input: {properties: {}}\n",
        5,
        5,
        "'input' of tool 'lookup' says no type: arguments are an object, add 'type: object'",
        id="schema_notype",
    ),
    pytest.param(
        TOOL + "    input: {$schema: 'http://x', type: object}\n",
        5,
        22,
        (
            "'input.$schema' of tool 'lookup': unknown draft the text 'http://x': leave it out, or "
            "write https://json-schema.org/draft/2020-12/schema"
        ),
        id="schema_draft",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: {a: {$ref: '#/$defs/Ordr'}}, $defs: {Order: {}}}\n",
        5,
        50,
        ("'input.properties.a.$ref' of tool 'lookup': the schema has nothing at '#/$defs/Ordr'. Did you mean 'Order'?"),
        id="schema_local",
    ),
    pytest.param(
        TOOL + "    input: {$ref: 'missing.json#/Order'}\n",
        5,
        19,
        "'input.$ref' of tool 'lookup': no such file: missing.json (looked in FOLDER)",
        id="ref_file",
    ),
    pytest.param(
        TOOL + "    output: {$ref: 'https://example.com/a.json'}\n",
        5,
        20,
        (
            "'output.$ref' of tool 'lookup': remote reference 'https://example.com/a.json': save the "
            "schema beside the spec and refer to the file"
        ),
        id="ref_remote",
    ),
    pytest.param(
        TOOL + "    output: {$ref: '#'}\n",
        5,
        20,
        "'output.$ref' of tool 'lookup': the reference '#' leads only to itself",
        id="ref_self",
    ),
    pytest.param(
        TOOL + ("    depends_on: {provider: {python: 'a.b:c'}}\n    faults: [{on: providr, inject: error}]\n"),
        6,
        19,
        (
            "'faults[0].on' of tool 'lookup': 'providr' is not a dependency of the tool. Did you "
            "mean 'provider'? Declared: provider"
        ),
        id="faults_on",
    ),
    pytest.param(
        TOOL + "    resilience: [{on: provider, timeout: 5s}]\n",
        5,
        23,
        (
            "'resilience[0].on' of tool 'lookup': 'provider' is not a dependency of the tool. "
            "Declare it under 'depends_on'"
        ),
        id="resilience_on",
    ),
    pytest.param(
        TOOL + "    depends_on: {db: {python: 'a:b', tcp: 'h:5'}}\n",
        5,
        22,
        "'depends_on.db' of tool 'lookup' has python, tcp: exactly one of python, tcp, files is needed",
        id="dep_two",
    ),
    pytest.param(
        TOOL + "    timeouts: [{lokup: 5s}]\n",
        5,
        24,
        (
            "'timeouts[0].lokup' of tool 'lookup': 'lokup' is no layer. Did you mean 'lookup'? "
            "Layers: lookup (the tool), server"
        ),
        id="timeouts",
    ),
    pytest.param(
        TOOL + "    timeouts: [{lookup: 5s}, {server: 4s}]\n",
        5,
        39,
        (
            "'timeouts[1].server' of tool 'lookup' is 4s, not more than 5s of 'lookup' inside it: "
            "the innermost could not end a hang"
        ),
        id="timeouts_order",
    ),
    pytest.param(
        TOOL
        + ("    depends_on: {db: {python: 'a:b'}}\n    resilience: [{on: db, retry: {attempts: 3, delays: [1s]}}]\n"),
        6,
        56,
        ("'resilience[0].retry.delays' of tool 'lookup' has 1, but 3 attempts have 2 waits between them"),
        id="delays",
    ),
    pytest.param(
        TOOL + "    depends_on: {db: {python: 'a:b'}}\n    resilience: [{on: db}]\n",
        6,
        18,
        ("'resilience[0]' of tool 'lookup' promises nothing: add timeout, retry, breaker or fallback"),
        id="nopromise",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {url: 'http://${env:TOOLCHECK_NO_SUCH}/'}}\n",
        2,
        21,
        (
            "'target.mcp.url': the environment variable TOOLCHECK_NO_SUCH is not set: set it, or "
            "write ${env:TOOLCHECK_NO_SUCH:-default}"
        ),
        id="env",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {url: 'http://${env:HOST'}}\n",
        2,
        21,
        "'target.mcp.url': the text '${env:HOST' has no closing brace",
        id="env_open",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {url: 'http://${fixture:a-b}'}}\n",
        2,
        21,
        ("'target.mcp.url': '${fixture:a-b}' needs the name of a fixture, such as ${fixture:tmp_path}"),
        id="fixture",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {}}\n",
        2,
        15,
        "'target.mcp' has none of them: exactly one of command, url, server is needed",
        id="mcp_none",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {command: [a], url: 'http://x'}}\n",
        2,
        15,
        "'target.mcp' has command, url: exactly one of command, url, server is needed",
        id="mcp_two",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {url: 'localhost:80'}}\n",
        2,
        21,
        ("'target.mcp.url': the text 'localhost:80' is not a URL that starts with http:// or https://"),
        id="mcp_url",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {command: [a], headers: {a: b}}}\n",
        2,
        39,
        "'target.mcp.headers' goes with 'url', and this target has 'command'",
        id="mcp_headers",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {python: missing.py}\n",
        2,
        18,
        "'target.python': no such file: 'missing.py' (looked in FOLDER)",
        id="py_file",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {python: shop tools}\n",
        2,
        18,
        ("'target.python': 'shop tools' is neither a dotted module, such as shop.tools, nor a .py file"),
        id="py_name",
    ),
    pytest.param(
        TOOL + "    call: GET /x\n",
        5,
        11,
        ("'call' of tool 'lookup': expected the name of a function, or module:function, found the text 'GET /x'"),
        id="call",
    ),
    pytest.param(
        TOOL + "    rejects: 17\n",
        5,
        14,
        "'rejects' of tool 'lookup': expected the name of an exception, such as ValueError (the target is Python), "
        "found the number 17",
        id="rejects of Python",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {command: {argv: [convert]}}\ndefaults: {rejects: [ValueError]}\n",
        3,
        22,
        "'defaults.rejects[0]': expected an exit code, such as 2 (the target is a command), found the text 'ValueError'",
        id="rejects of a command",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_one_message_at_the_right_place(tmp_path, text, line, column, message):
    """The one thing that is wrong gives one message, word for word, at its line and column."""
    assert_one_message(tmp_path, text, line, column, message)


@pytest.mark.parametrize("target", ["", "target:\n", "target: {}\n", "target: [http]\n", "target: http\n"])
def test_a_call_of_a_target_that_is_none_is_left_to_the_message_about_the_target(tmp_path, target):
    """Rules about how tools are called look at the target; one that is missing or no mapping is told once."""
    path = tmp_path / "a.tool.yaml"
    path.write_text(f"toolcheck: 1\n{target}tools:\n  f: {{call: 'GET /x/{{id}}', input: {{type: object}}}}\n")
    [problem] = problems_of(path, environ={})
    assert "'target'" in problem.message


@pytest.mark.parametrize(
    "tools",
    [
        "  f: {input: {type: object, properties: {tool: {type: string}}}}\n  g: {input: {type: object}}\n",
        "  f: {input: {type: object, additionalProperties: {type: string}}}\n",
        "  f: {input: {type: object}, examples: [{input: {tool: saw}}]}\n",
        "  f: {input: {anyOf: [{properties: {tool: {type: string}}}]}}\n",
        "  f: {input: {type: object, required: [tool]}}\n",
    ],
)
def test_a_place_that_some_input_may_fill_is_right(tmp_path, tools):
    """By a parameter of one of the tools, a further property, what an example gives, or a schema that lists no names."""
    spec = tmp_path / "a.tool.yaml"
    spec.write_text(
        f"toolcheck: 1\ntarget: {{command: {{argv: [convert, '{{tool}}', '{{\"a\": 1}}']}}}}\ntools:\n{tools}"
    )
    assert problems_of(spec, environ={}) == []
