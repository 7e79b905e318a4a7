"""`$ref: file.json#/pointer`: other files are bundled, cycles included, and what is missing is named."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from pytest_toolcheck.spec.load import load_spec, problems_of

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\ntools:\n  a:\n"

ORDER = {
    "$id": "https://example.com/order.json",
    "$defs": {
        "Order": {
            "type": "object",
            "properties": {"item": {"$ref": "#/$defs/Item"}, "parent": {"$ref": "#/$defs/Order"}},
            "required": ["item"],
        },
        "Item": {"type": "string", "enum": ["x", "y"]},
        "Tree": {"type": "object", "properties": {"tree": {"$ref": "tree.json"}}},
        "a/b": {"const": 1},
        "loop": {"$ref": "#/$defs/loop"},
        "number": 5,
    },
}
TREE = {"type": "object", "properties": {"back": {"$ref": "order.json#/$defs/Tree"}, "n": {"type": "integer"}}}


@pytest.fixture(name="folder")
def _folder(tmp_path):
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    (tmp_path / "tree.json").write_text(json.dumps(TREE))
    return tmp_path


def load_input(folder, schema):
    path = folder / "orders.tool.yaml"
    path.write_text(HEAD + f"    input: {schema}\n")
    return load_spec(path, environ={}).tools["a"].input


def messages(folder, schema):
    path = folder / "orders.tool.yaml"
    path.write_text(HEAD + f"    output: {schema}\n")
    return [f"{problem.position.line}:{problem.position.column}: {problem.message}" for problem in problems_of(path)]


def test_a_schema_that_is_a_reference_becomes_what_it_names(folder):
    """The root is inlined, so that its properties are seen at once; its own cycle leads back to the root."""
    schema = load_input(folder, "{$ref: 'order.json#/$defs/Order'}")
    assert schema["properties"]["parent"] == {"$ref": "#"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"item": "x", "parent": {"item": "y"}})
    assert not validator.is_valid({"item": "x", "parent": {"item": "z"}})


def test_a_reference_inside_a_schema_is_bundled(folder):
    """The result stands alone: no file is needed to validate with it."""
    schema = load_input(folder, "{type: object, properties: {o: {$ref: 'order.json#/$defs/Order'}}}")
    assert "order.json#" not in json.dumps(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"o": {"item": "x"}})
    assert not validator.is_valid({"o": {"item": "x", "parent": {}}})


def test_cycles_across_files_end(folder):
    """Two files that refer to each other are each bundled once, and hold at every depth."""
    schema = load_input(folder, "{type: object, properties: {t: {$ref: 'order.json#/$defs/Tree'}}}")
    validator = Draft202012Validator(schema)
    assert len(schema["$defs"]) == 2
    assert validator.is_valid({"t": {"tree": {"back": {"tree": {"n": 1}}}}})
    assert not validator.is_valid({"t": {"tree": {"back": {"tree": {"n": "1"}}}}})


def test_escaped_pointers_and_yaml_files_are_followed(folder):
    """`~1` and per cent escapes are decoded; a schema may stand in a YAML file."""
    (folder / "more.yaml").write_text("Size: {type: integer, maximum: 3}\n")
    schema = load_input(
        folder, "{type: object, properties: {a: {$ref: 'order.json#/$defs/a~1b'}, s: {$ref: 'more.yaml#/%53ize'}}}"
    )
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"a": 1, "s": 3})
    assert not validator.is_valid({"a": 2})
    assert not validator.is_valid({"s": 4})


def test_properties_and_data_named_like_keywords_are_left_alone(folder):
    """A property called `$ref` and a default that looks like a reference are no references."""
    schema = load_input(
        folder, "{type: object, properties: {$ref: {type: string}, d: {default: {$ref: 'none.json'}}, enum: {}}}"
    )
    assert schema["properties"]["d"]["default"] == {"$ref": "none.json"}
    assert schema["properties"]["$ref"] == {"type": "string"}


def test_expectations_hold_schemas_too(folder):
    """`expect.matches` is resolved in the same way."""
    path = folder / "orders.tool.yaml"
    path.write_text(HEAD + "    examples: [{input: {}, expect: {matches: {$ref: 'order.json#/$defs/Item'}}}]\n")
    assert load_spec(path).tools["a"].examples[0].expect.matches == {"type": "string", "enum": ["x", "y"]}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            "{$ref: 'order.json#/$defs/Ordr'}",
            "5:20: 'output.$ref' of tool 'a': order.json has nothing at '#/$defs/Ordr'. Did you mean 'Order'?",
        ),
        (
            "{$ref: 'order.json#Order'}",
            (
                "5:20: 'output.$ref' of tool 'a': 'order.json#Order': only JSON Pointers are followed into files, "
                "such as file.json#/$defs/Order"
            ),
        ),
        (
            "{$ref: 'order.json#/$defs/number'}",
            (
                "5:20: 'output.$ref' of tool 'a': order.json#/$defs/number is not a JSON Schema: "
                "expected a mapping, true or false"
            ),
        ),
        (
            "{items: {$ref: 'broken.json'}}",
            (
                "5:28: 'output.items.$ref' of tool 'a': broken.json is not JSON: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
            ),
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(folder, schema, message):
    """The message says which file or pointer is missing, at the reference's own place."""
    (folder / "broken.json").write_text("{nope")
    assert messages(folder, schema) == [message]


def test_a_reference_to_itself_alone_is_refused(folder):
    """A loop of references without any schema in it would never end."""
    [message] = messages(folder, "{items: {$ref: 'order.json#/$defs/loop'}}")
    assert "leads only to itself" in message


def test_a_file_nested_without_end_is_refused(folder):
    """A schema file of 50,000 levels ends in one message and not in an exhausted stack."""
    for depth in (600, 50_000):
        (folder / "deep.json").write_text('{"not":' * depth + "{}" + "}" * depth)
        [message] = messages(folder, "{items: {$ref: 'deep.json'}}")
        assert "nested too deeply" in message
