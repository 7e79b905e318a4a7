"""What JSON Schema and Python would pass over in silence, and nobody means: one message each, with its place."""

from __future__ import annotations

import pytest

from pytest_toolcheck.spec.load import problems_of
from pytest_toolcheck.spec.slips import is_slip

from .specs import assert_one_message

TOOL = "toolcheck: 1\ntarget: {python: shop.tools}\ntools:\n  place:\n    "
COMMAND = "toolcheck: 1\ntarget: {command: {argv: [place, '{nme}']}}\ntools:\n  place:\n    "
SERVER = "toolcheck: 1\ntarget: {mcp: {server: 'shop:server'}}\ntools:\n  place:\n    "

WRONG = [
    pytest.param(
        TOOL + "input: {type: object, properties: {sku: {type: string, minLenght: 1}}}\n",
        71,
        "'input.properties.sku.minLenght' of tool 'place': no keyword of JSON Schema. Did you mean 'minLength'?",
        id="a keyword, turned round",
    ),
    pytest.param(
        TOOL + "input: {type: object, anyOf: [{properties: {n: {items: {maximun: 1}}}}]}\n",
        70,
        (
            "'input.anyOf[0].properties.n.items.maximun' of tool 'place': no keyword of JSON Schema. "
            "Did you mean 'maximum'?"
        ),
        id="a keyword, deep within",
    ),
    pytest.param(
        TOOL + "output: {type: object, additional_properties: false}\n",
        51,
        "'output.additional_properties' of tool 'place': no keyword of JSON Schema. Did you mean 'additionalProperties'?",
        id="a keyword, in snake case",
    ),
    pytest.param(
        TOOL + "input: {type: object, properties: {to: {type: string, format: emial}}}\n",
        67,
        "'input.properties.to.format' of tool 'place': no known format, 'emial'. Did you mean 'email'?",
        id="a format",
    ),
    pytest.param(
        TOOL + "input: {type: object, properties: {count: {type: integer}}, required: [cuont]}\n",
        76,
        "'input.required[0]' of tool 'place': no property 'cuont'. Did you mean 'count'?",
        id="a required property",
    ),
    pytest.param(
        TOOL + "rejects: [KeyError, ValueEror]\n",
        25,
        "'rejects[1]' of tool 'place': no exception of Python, 'ValueEror'. Did you mean 'ValueError'?",
        id="an exception",
    ),
    pytest.param(
        TOOL + "variations: {categories: [boundary], exclude: [boundary, type]}\n",
        51,
        "'variations.exclude' of tool 'place' leaves no category: no case would be made",
        id="no category",
    ),
    pytest.param(
        TOOL + "{input: {type: object, properties: {n: {type: integer}}}, values: {n: {valid: [1, x]}}}\n",
        87,
        "'values.n.valid[1]' of tool 'place': the tool's input schema refuses it: 'x' is not of type 'integer'",
        id="a valid value that is none",
    ),
    pytest.param(
        SERVER + "clock: virtual\n",
        12,
        (
            "'clock' of tool 'place': not supported yet: virtual time in ordinary cases of an MCP server; "
            "'resilience' and 'heartbeat' have it"
        ),
        id="virtual time in ordinary cases of a server",
    ),
]


@pytest.mark.parametrize(("text", "column", "message"), WRONG)
def test_a_slip_is_told(tmp_path, text, column, message):
    """One clear message, in these words, at this place."""
    assert_one_message(tmp_path, text, 5, column, message)


def test_a_command_line_without_a_place_for_what_is_required(tmp_path):
    """No valid input could ever be told to the command."""
    text = COMMAND + "input: {type: object, properties: {name: {type: string}}, required: [name]}\n"
    told = "tool 'place': the command has no place for the required parameter 'name'. Did you mean 'nme'? Places: nme"
    assert_one_message(tmp_path, text, 5, 5, told)


@pytest.mark.parametrize(
    "text",
    [
        TOOL + "input: {type: object, properties: {minLenght: {x-own: 1, example: 2, unit: m, format: uuid4}}}\n",
        TOOL + "input: {type: object, properties: {n: {enum: [{maximun: 1}], default: {maximun: 1}}}}\n",
        TOOL + "input: {type: object, properties: {count: {}}, required: [total], allOf: [{required: [cuont]}]}\n",
        TOOL + "rejects: [ConnectError, shop.ValueErr, SoldOut]\n",
        TOOL + "variations: {categories: [boundary], exclude: [type]}\n",
        TOOL
        + "{input: {type: object, properties: {n: {$ref: '#/$defs/n'}}, $defs: {n: {}}}, values: {n: {valid: [x]}}}\n",
        SERVER + "{clock: virtual, heartbeat: {interval: 6s, within: 20%}}\n",
        COMMAND.replace("nme", "name") + "input: {type: object, properties: {name: {}}, required: [name]}\n",
        COMMAND.replace("{nme}", "-").replace("]}}", "], stdin: json}}")
        + "input: {type: object, properties: {name: {}}, required: [name]}\n",
    ],
)
def test_words_of_one_s_own_are_free(tmp_path, text):
    """Names of properties, data, annotations, formats and exceptions of one's own are no slips."""
    path = tmp_path / "orders.tool.yaml"
    path.write_text(text, encoding="utf-8")
    assert problems_of(path, environ={}, allow_unsupported=True) == []


@pytest.mark.parametrize(
    ("word", "meant", "is_one"),
    [
        ("minlength", "minLength", True),
        ("reqired", "required", True),
        ("requiredd", "required", True),
        ("patern", "pattern", True),
        ("ref", "$ref", True),
        ("uuid4", "uuid", False),
        ("nam", "name", False),
        ("minimal", "minimum", False),
        ("titles", "title", True),
        ("x-type", "type", False),
    ],
)
def test_what_a_slip_is(word, meant, is_one):
    """One letter, the case or a hyphen; a digit more is a name of its own."""
    assert is_slip(word, meant) is is_one
