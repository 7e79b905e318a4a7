"""Text that is not a usable YAML document, and values of a wrong kind: one clear message each, with its place."""

from __future__ import annotations

import pytest

from .specs import assert_one_message

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"
TOOL = HEAD + "tools:\n  lookup:\n"

WRONG = [
    pytest.param("", 1, 1, "the file is empty: a spec starts with 'toolcheck: 1' and 'target:'", id="empty"),
    pytest.param(
        "# nothing\n", 1, 1, "the file is empty: a spec starts with 'toolcheck: 1' and 'target:'", id="only_comment"
    ),
    pytest.param(
        "- a\n- b\n", 1, 1, "the file holds a list: a spec is a mapping that starts with 'toolcheck: 1'", id="list"
    ),
    pytest.param(
        "hello\n",
        1,
        1,
        "the file holds the text 'hello': a spec is a mapping that starts with 'toolcheck: 1'",
        id="scalar",
    ),
    pytest.param(
        TOOL + "    timeout: 5s\n    timeout: 6s\n",
        6,
        5,
        "duplicate key 'timeout': it stands on line 5 already",
        id="dup",
    ),
    pytest.param(
        TOOL + "    timeout: 5s\n  lookup:\n    timeout: 6s\n",
        6,
        3,
        "duplicate key 'lookup': it stands on line 4 already",
        id="dup_tool",
    ),
    pytest.param(
        HEAD + "tools:\n\tlookup:\n", 4, 1, "a tab is used for indentation: YAML allows spaces only", id="tab"
    ),
    pytest.param(
        HEAD + "tools: a: b\n",
        3,
        9,
        ("not valid YAML: mapping values are not allowed in this context: a text that contains ': ' must be quoted"),
        id="colon",
    ),
    pytest.param(
        HEAD + "tools: {a: [1\n",
        4,
        1,
        ("not valid YAML: did not find expected ',' or ']' while parsing a flow sequence that starts on line 3"),
        id="unclosed",
    ),
    pytest.param(HEAD + "tools: *nope\n", 3, 8, "unknown anchor '*nope': no '&nope' stands before it", id="alias"),
    pytest.param(HEAD + "tools: &a {b: *a}\n", 3, 15, "the anchor '&a' contains itself", id="cycle"),
    pytest.param(
        HEAD + "tools: !!python/object:os.system {}\n",
        3,
        8,
        "the YAML tag '!!python/object:os.system' is not allowed: a spec holds plain data only",
        id="tag",
    ),
    pytest.param(
        HEAD + "---\ntoolcheck: 1\ntarget: {python: shop.tools}\n",
        3,
        1,
        "a second YAML document: a spec is one document, remove the '---'",
        id="two_docs",
    ),
    pytest.param(
        "toolcheck: 1\n\u0007\n",
        2,
        1,
        "a control character, U+0007: write it as an escape in double quotes",
        id="control",
    ),
    pytest.param(HEAD + "? [a]\n: b\n", 3, 3, "a key must be a text, not a list or a mapping", id="listkey"),
    pytest.param(
        HEAD + "defaults: {<<: 5}\n",
        3,
        16,
        "'<<' merges a mapping or a list of mappings, such as '<<: *common'",
        id="merge",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_one_message_at_the_right_place(tmp_path, text, line, column, message):
    """The one thing that is wrong gives one message, word for word, at its line and column."""
    assert_one_message(tmp_path, text, line, column, message)


STUMBLED_OVER = [
    pytest.param(
        'toolcheck: 1\ntarget: {http: {url: "http://h"}}\ndefaults: 30\ntools: {t: {call: GET /a}}\n',
        3,
        11,
        "'defaults': expected a mapping of keys such as input, examples, budgets, found the number 30",
        id="defaults_of_http",
    ),
    pytest.param(
        TOOL + "    input: {properties: {a: {}}, required: [[a]]}\n",
        5,
        45,
        "'input.required[0]' of tool 'lookup': expected a text, found a list",
        id="required_list",
    ),
    pytest.param(
        TOOL + "    input: {type: object, properties: 5}\n    values: {a: {valid: [1]}}\n",
        5,
        39,
        "'input.properties' of tool 'lookup': expected a mapping, found the number 5",
        id="properties_number",
    ),
    pytest.param(
        TOOL
        + '    input: {type: object, required: [a, "b\\nc"]}\n    examples: [{input: {a: 1}, expect: {output: {}}}]\n',
        6,
        17,
        (
            "this example promises a success, but the tool's input schema refuses it: missing key 'b\\nc' in "
            "'examples[0].input' of tool 'lookup': needed are a, b\\nc"
        ),
        id="name_of_two_lines",
    ),
]
"""What a first rule tells of, and a later one must not stumble over."""


@pytest.mark.parametrize(("text", "line", "column", "message"), STUMBLED_OVER)
def test_what_is_of_a_wrong_kind_is_told_once(tmp_path, text, line, column, message):
    """Rules about meaning see specs whose structure is wrong elsewhere: found by mutating specs at random."""
    assert_one_message(tmp_path, text, line, column, message)
