"""Keys and values that the format does not know: one clear message each, with its place."""

from __future__ import annotations

import pytest

from .specs import assert_one_message

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"
TOOL = HEAD + "tools:\n  lookup:\n"
CATEGORIES = (
    "example, required, optional, boundary, type, null, enum, format, pattern, "
    "extra, nested, unicode, size, number, combination, fuzz, repeat, concurrent"
)
CHECKS = (
    "no_crash, accepts_valid, rejects_invalid, clean_error, output_schema, timeout, "
    "idempotent, deterministic, pure, read_only, non_blocking, isolated, leaks, "
    "described, expected, valid_call, defaults, error_text, stdout_noise, pages, filters, told_back, counted, validators"
)
TOOL_KEYS = (
    "call, input, output, annotations, examples, values, acceptance, coercion, "
    "rejects, variations, timeout, checks, budgets, sessions, depends_on, "
    "resilience, faults, clock, timeouts, validators, heartbeat, mark, skip, xfail"
)

WRONG = [
    pytest.param(
        "target: {python: a}\n",
        1,
        1,
        "missing key 'toolcheck' in the file: write 'toolcheck: 1' as the first key",
        id="no_version",
    ),
    pytest.param(
        "toolcheck: 2\ntarget: {python: a}\n",
        1,
        12,
        "'toolcheck' is the number 2: this program reads version 1, write 'toolcheck: 1'",
        id="version_2",
    ),
    pytest.param(
        "toolcheck: '1'\ntarget: {python: a}\n",
        1,
        12,
        "'toolcheck' is the text '1': this program reads version 1, write 'toolcheck: 1'",
        id="version_text",
    ),
    pytest.param(
        "toolcheck: 1\n",
        1,
        1,
        ("missing key 'target' in the file: say where the tools live, such as 'target: {python: shop.tools}'"),
        id="no_target",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {}\n",
        2,
        9,
        "'target' is empty: exactly one is needed of python, mcp, http, websocket, command",
        id="empty_target",
    ),
    pytest.param(
        "toolcheck: 1\ntarget:\n  python: a\n  mcp: {url: 'http://x'}\n",
        3,
        3,
        "'target' has 2 target kinds ('python', 'mcp'): exactly one is allowed",
        id="two_targets",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {htpp: {url: 'http://x'}}\n",
        2,
        10,
        (
            "unknown target kind 'htpp' in 'target'. Did you mean 'http'? Valid target kinds: "
            "python, mcp, http, websocket, command"
        ),
        id="unknown_target",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: shop.tools\n",
        2,
        9,
        "'target': expected a mapping, found the text 'shop.tools'",
        id="target_text",
    ),
    pytest.param(
        HEAD + "tool: {}\n",
        3,
        1,
        ("unknown key 'tool' in the file. Did you mean 'tools'? Valid keys: toolcheck, target, defaults, tools, allow"),
        id="unknown_top",
    ),
    pytest.param(
        HEAD + "tools: [lookup]\n",
        3,
        8,
        "'tools': expected a mapping from tool names to what is promised of them, found a list",
        id="tools_list",
    ),
    pytest.param(
        HEAD + "tools:\n  lookup: yes\n",
        4,
        11,
        ("tool 'lookup': expected a mapping of keys such as input, examples, budgets, found the text 'yes'"),
        id="tool_text",
    ),
    pytest.param(
        TOOL + "    latancy: 5ms\n",
        5,
        5,
        ("unknown key 'latancy' in tool 'lookup'. Did you mean 'budgets.latency'? Valid keys: " + TOOL_KEYS),
        id="latancy",
    ),
    pytest.param(
        TOOL + "    exmples: []\n",
        5,
        5,
        ("unknown key 'exmples' in tool 'lookup'. Did you mean 'examples'? Valid keys: " + TOOL_KEYS),
        id="exmples",
    ),
    pytest.param(
        TOOL + "    timeout: 5\n",
        5,
        14,
        ("'timeout' of tool 'lookup': 5 has no unit: write a duration such as '50ms', '5s' or '2min'"),
        id="bare",
    ),
    pytest.param(
        TOOL + "    timeout: -5s\n",
        5,
        14,
        ("'timeout' of tool 'lookup': '-5s' is negative: write a duration such as '50ms', '5s' or '2min'"),
        id="neg",
    ),
    pytest.param(
        TOOL + "    timeout: 99999999999999999999h\n",
        5,
        14,
        (
            "'timeout' of tool 'lookup': '99999999999999999999h' is not a duration: write a duration such as '50ms', '5s' or '2min'"
        ),
        id="more digits than time has",
    ),
    pytest.param(
        TOOL + "    budgets: {memory: {peak: 10 apples}}\n",
        5,
        30,
        (
            "'budgets.memory.peak' of tool 'lookup': unknown unit 'apples' in '10 apples'. Units of "
            "a size: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB; write a size such as '16KiB', '10MiB' or "
            "'10MB'"
        ),
        id="apples",
    ),
    pytest.param(
        TOOL + "    budgets: {latency: {p96: 5ms}}\n",
        5,
        25,
        (
            "unknown percentile 'p96' in 'budgets.latency' of tool 'lookup'. Did you mean 'p99'? "
            "Valid percentiles: p50, p95, p99, max"
        ),
        id="p96",
    ),
    pytest.param(
        TOOL + "    budgets: {growth: {over: n, latency: n log m}}\n",
        5,
        42,
        (
            "'budgets.growth.latency' of tool 'lookup': 'n log m' is not known. Did you mean 'n log "
            "n'? Valid values: 1, log n, n, n log n, n^2, n^3"
        ),
        id="growth",
    ),
    pytest.param(
        TOOL + "    budgets: {growth: {over: n}}\n",
        5,
        23,
        ("'budgets.growth' of tool 'lookup' holds only 'over': 2 keys are needed of over, latency, memory"),
        id="growth_only_over",
    ),
    pytest.param(
        TOOL + "    variations: {categories: [bondary]}\n",
        5,
        31,
        (
            "'variations.categories[0]' of tool 'lookup': 'bondary' is not known. Did you mean "
            "'boundary'? Valid values: " + CATEGORIES
        ),
        id="category",
    ),
    pytest.param(
        TOOL + "    variations: {strength: 9}\n",
        5,
        28,
        "'variations.strength' of tool 'lookup' is 9: the most is 6",
        id="strength",
    ),
    pytest.param(
        TOOL + "    variations: {seed: abc}\n",
        5,
        24,
        "'variations.seed' of tool 'lookup': expected a whole number, found the text 'abc'",
        id="seed",
    ),
    pytest.param(
        TOOL + "    checks: {clean_eror: true}\n",
        5,
        14,
        (
            "unknown check 'clean_eror' in 'checks' of tool 'lookup'. Did you mean 'clean_error'? "
            "Valid checks: " + CHECKS
        ),
        id="check",
    ),
    pytest.param(
        TOOL + "    checks: {clean_error: {names_params: true}}\n",
        5,
        28,
        (
            "unknown key 'names_params' in 'checks.clean_error' of tool 'lookup'. Did you mean "
            "'names_parameter'? Valid keys: names_parameter"
        ),
        id="check_option",
    ),
    pytest.param(
        TOOL + "    skip: {cases: 'size*'}\n",
        5,
        5,
        "missing key 'reason' in 'skip' of tool 'lookup': say why",
        id="skip",
    ),
    pytest.param(
        TOOL + "    skip: too slow\n",
        5,
        11,
        (
            "'skip' of tool 'lookup': expected a mapping such as {reason: …, cases: \"size*\"} or a "
            "list of these, found the text 'too slow'"
        ),
        id="skip_text",
    ),
    pytest.param(
        TOOL + "    xfail: [{reason: bug, check: no_crsh}]\n",
        5,
        34,
        ("'xfail[0].check' of tool 'lookup': 'no_crsh' is not known. Did you mean 'no_crash'? Valid values: " + CHECKS),
        id="xfail_check",
    ),
    pytest.param(
        TOOL + "    mark: [slow, not a name]\n",
        5,
        18,
        ("'mark[1]' of tool 'lookup': expected the name of a mark, such as slow, found the text 'not a name'"),
        id="mark",
    ),
    pytest.param(
        TOOL + "    acceptance: strct\n",
        5,
        17,
        (
            "'acceptance' of tool 'lookup': 'strct' is not known. Did you mean 'strict'? Valid "
            "values: strict, lenient, auto"
        ),
        id="acceptance",
    ),
    pytest.param(
        TOOL + "    annotations: {idempotent: maybe}\n",
        5,
        31,
        ("'annotations.idempotent' of tool 'lookup': expected true or false, found the text 'maybe'"),
        id="annotation",
    ),
    pytest.param(
        TOOL + "    examples:\n      - {name: a}\n",
        6,
        9,
        "missing key 'input' in 'examples[0]' of tool 'lookup'",
        id="example_noinput",
    ),
    pytest.param(
        TOOL + "    examples:\n      - input: [1]\n",
        6,
        16,
        "'examples[0].input' of tool 'lookup': expected a mapping, found a list",
        id="example_list",
    ),
    pytest.param(
        TOOL + "    depends_on: {db: {python: shop.tools}}\n",
        5,
        31,
        ("'depends_on.db.python' of tool 'lookup': expected a place such as pkg.mod:attr, found the text 'shop.tools'"),
        id="dep_place",
    ),
    pytest.param(
        TOOL + "    input: object\n",
        5,
        12,
        ("'input' of tool 'lookup': expected a JSON Schema: a mapping, true or false, found the text 'object'"),
        id="schema_text",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {command: python -m server}}\n",
        2,
        25,
        ("'target.mcp.command': expected a list, found the text 'python -m server': write [python, -m, server]"),
        id="mcp_text",
    ),
    pytest.param(
        "toolcheck: 1\ntarget: {mcp: {command: [serve, 8080]}}\n",
        2,
        33,
        "'target.mcp.command[1]': expected a text, found the number 8080: quote it, '8080'",
        id="mcp_port",
    ),
    pytest.param(
        HEAD + "allow: [destructve]\n",
        3,
        9,
        ("'allow[0]': 'destructve' is not known. Did you mean 'destructive'? Valid values: destructive"),
        id="allow",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_one_message_at_the_right_place(tmp_path, text, line, column, message):
    """The one thing that is wrong gives one message, word for word, at its line and column."""
    assert_one_message(tmp_path, text, line, column, message)
