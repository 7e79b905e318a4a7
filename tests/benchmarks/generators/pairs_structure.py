"""Branches, references and dependencies between parameters: the buggy tool gets one of them wrong."""

from __future__ import annotations

from typing import Any

from .pair import Pair, listed, takes, text, whole
from .pairs_bounds import checked

SHORT = text(minLength=1, maxLength=9)


def loose(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object whose properties are all optional, and others allowed."""
    return {"type": "object", "properties": properties}


TEXTS = """
def NAME(**given):
    for name, value in given.items():
        need(isinstance(value, str) and 1 <= len(value) <= 9, f"{name}: expected 1 to 9 characters")
    need(RULE, "these do not go together")
    return {"given": sorted(given)}
"""


def texts(name: str, bug_class: str, schema: dict[str, Any], correct: str, wrong: str) -> Pair:
    """Return a pair whose short texts, named by the schema, must obey a rule."""
    whole_schema = {"type": "object", "additionalProperties": SHORT, **schema}
    source = TEXTS.replace("NAME", name).replace("RULE", correct)
    return Pair(name, bug_class, whole_schema, source, f"need({correct},", f"need({wrong},")


PAY = texts("pay", "branch: if and then", {
    "properties": {"method": {"enum": ["card", "bank"]}, "number": SHORT, "iban": SHORT}, "required": ["method"],
    "if": {"properties": {"method": {"const": "card"}}}, "then": {"required": ["number"]}, "else": {"required": ["iban"]}},
    'given.get("method") in ("card", "bank") and ("number" if given["method"] == "card" else "iban") in given',
    'given.get("method") in ("card", "bank") and (given["method"] == "bank" or "number" in given)')  # fmt: skip

FIND = texts("find", "branch: oneOf, two at once", {
    "properties": {"id": SHORT, "name": SHORT}, "oneOf": [{"required": ["id"]}, {"required": ["name"]}]},
    '("id" in given) != ("name" in given)', '"id" in given or "name" in given')  # fmt: skip

REACH = texts("reach", "branch: anyOf, none", {
    "properties": {"mail": SHORT, "phone": SHORT, "fax": SHORT},
    "anyOf": [{"required": ["mail"]}, {"required": ["phone"]}, {"required": ["fax"]}]},
    'bool({"mail", "phone", "fax"} & set(given))', "True")  # fmt: skip

BILL = texts("bill", "branch: dependentRequired", {
    "properties": {"card": SHORT, "owner": SHORT}, "dependentRequired": {"card": ["owner"]}},
    '"card" not in given or "owner" in given', "True")  # fmt: skip

SHIP = texts("ship", "branch: dependentSchemas", {
    "properties": {"express": SHORT, "date": SHORT},
    "dependentSchemas": {"express": {"required": ["date"], "properties": {"date": {"minLength": 4}}}}},
    '"express" not in given or len(given.get("date", "")) >= 4',
    '"express" not in given or "date" in given')  # fmt: skip

STRICT = texts("strict", "branch: allOf, second part", {
    "properties": {"a": SHORT, "b": SHORT}, "allOf": [{"required": ["a"]}, {"required": ["b"]}]},
    '{"a", "b"} <= set(given)', '"a" in given')  # fmt: skip

KEYS = texts("keys", "branch: propertyNames", {"propertyNames": {"pattern": "^[a-z_]+$"}, "maxProperties": 3},
             'len(given) <= 3 and all(re.fullmatch("[a-z_]+", name) for name in given)',
             'len(given) <= 3 and all(re.fullmatch("[a-zA-Z_]+", name) for name in given)')  # fmt: skip

PREFER = texts("prefer", "branch: not required together", {
    "properties": {"all": SHORT, "only": SHORT}, "not": {"required": ["all", "only"]}},
    'not {"all", "only"} <= set(given)', "True")  # fmt: skip

HEADERS = Pair("headers", "branch: patternProperties", {"type": "object", "additionalProperties": False,
               "patternProperties": {"^x-[a-z]+$": text(maxLength=9), "^n-[a-z]+$": whole(minimum=0, maximum=9)}}, '''
def headers(**given):
    for name, value in given.items():
        if re.fullmatch("x-[a-z]+", name):
            need(isinstance(value, str) and len(value) <= 9, f"{name}: expected at most 9 characters")
        elif re.fullmatch("n-[a-z]+", name):
            need(is_int(value) and 0 <= value <= 9, f"{name}: expected 0 to 9")
        else:
            raise ValueError(f"{name[:40]!r}: not known")
    return {"given": len(given)}
''', "need(is_int(value) and 0 <= value <= 9,", "need(is_int(value) and 0 <= value <= 10,")  # fmt: skip

PAIRED = checked("paired", "branch: prefixItems", {"type": "array", "prefixItems": [whole(minimum=0, maximum=9), SHORT],
                 "items": False, "minItems": 2},
                 "isinstance(value, list) and len(value) == 2 and is_int(value[0]) and 0 <= value[0] <= 9"
                 " and isinstance(value[1], str) and 1 <= len(value[1]) <= 9",
                 "isinstance(value, list) and len(value) >= 2 and is_int(value[0]) and 0 <= value[0] <= 9"
                 " and isinstance(value[1], str) and 1 <= len(value[1]) <= 9")  # fmt: skip

SECOND = checked("second", "branch: prefixItems, second", {"type": "array", "prefixItems": [{"enum": ["+", "-"]},
                 whole(minimum=0, maximum=9)], "items": False, "minItems": 2},
                 "isinstance(value, list) and len(value) == 2 and value[0] in ('+', '-') and is_int(value[1])"
                 " and 0 <= value[1] <= 9",
                 "isinstance(value, list) and len(value) == 2 and value[0] in ('+', '-') and is_int(value[1])")  # fmt: skip

EITHER = checked("either", "branch: anyOf, second bound", {"anyOf": [whole(minimum=1, maximum=9), text(maxLength=4)]},
                 "is_int(value) and 1 <= value <= 9 or isinstance(value, str) and len(value) <= 4",
                 "is_int(value) and 1 <= value <= 9 or isinstance(value, str)")  # fmt: skip

UNEVALUATED = Pair("tagged", "branch: unevaluatedProperties", {
    "type": "object", "allOf": [{"properties": {"id": whole(minimum=0, maximum=9)}, "required": ["id"]}],
    "properties": {"tag": SHORT}, "unevaluatedProperties": False}, '''
def tagged(**given):
    need("id" in given and is_int(given["id"]) and 0 <= given["id"] <= 9, "id: expected 0 to 9")
    need(set(given) <= {"id", "tag"}, "expected id and tag")
    tag = given.get("tag", "-")
    need(isinstance(tag, str) and 1 <= len(tag) <= 9, "tag: expected 1 to 9 characters")
    return {"id": given["id"]}
''', '    need(set(given) <= {"id", "tag"}, "expected id and tag")\n', "")  # fmt: skip

NODE = {"type": "object", "properties": {"n": whole(minimum=0, maximum=9), "next": {"$ref": "#/$defs/node"}},
        "required": ["n"], "additionalProperties": False}  # fmt: skip
CHAINED = Pair("chained", "reference: recursion, second level", {**takes(head={"$ref": "#/$defs/node"}), "$defs": {"node": NODE}}, '''
def chained(head):
    need(head is not None, "head: expected a node")
    length, node, below = 0, head, 0
    while node is not None:
        need(isinstance(node, dict) and "n" in node and set(node) <= {"n", "next"}, "expected n and next")
        need(below > 0 or is_int(node["n"]) and 0 <= node["n"] <= 9, "n: expected 0 to 9")
        need(node.get("next", 0) is not None, "next: expected a node")
        length, node, below = length + 1, node.get("next"), 0
    return {"length": length}
''', "node.get(\"next\"), 0", "node.get(\"next\"), 1")  # fmt: skip

ANCHORED = Pair("anchored", "reference: $anchor", {
    **takes(a={"$ref": "#small"}, b={"$ref": "#small"}), "$defs": {"s": {"$anchor": "small", "type": "integer",
    "minimum": 0, "maximum": 7}}}, '''
def anchored(a, b):
    need(is_int(a) and 0 <= a <= 7, "a: expected 0 to 7")
    need(is_int(b) and 0 <= b <= 7, "b: expected 0 to 7")
    return {"sum": a + b}
''', "0 <= b <= 7", "0 <= b <= 8")  # fmt: skip

DRAFT7 = Pair("drafted", "reference: draft 7", {
    "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["pair"],
    "additionalProperties": False, "properties": {"pair": {"$ref": "#/definitions/pair"}, "unit": SHORT, "scale": SHORT},
    "definitions": {"pair": {"type": "array", "items": [whole(minimum=0, maximum=9), whole(minimum=0, maximum=9)],
    "additionalItems": False, "minItems": 2}}, "dependencies": {"scale": ["unit"]}}, '''
def drafted(pair, **options):
    need(isinstance(pair, list) and len(pair) == 2, "pair: expected two numbers")
    need(all(is_int(item) and 0 <= item <= 9 for item in pair), "pair: expected 0 to 9")
    need(set(options) <= {"unit", "scale"}, "expected unit and scale")
    need(all(isinstance(value, str) and 1 <= len(value) <= 9 for value in options.values()), "expected 1 to 9 characters")
    need("scale" not in options or "unit" in options, "scale: expected a unit as well")
    return {"sum": sum(pair)}
''', '    need("scale" not in options or "unit" in options, "scale: expected a unit as well")\n', "")  # fmt: skip

SHAPE = Pair("shape", "branch: oneOf by a tag", takes(shape={"oneOf": [
    takes(kind={"const": "circle"}, r=whole(minimum=1, maximum=9)),
    takes(kind={"const": "box"}, w=whole(minimum=1, maximum=9), h=whole(minimum=1, maximum=9)),
    takes(kind={"const": "line"}, points=listed(whole(minimum=0, maximum=9), minItems=2, maxItems=4))]}), '''
NEEDS = {"circle": {"kind", "r"}, "box": {"kind", "w", "h"}, "line": {"kind", "points"}}

def shape(shape):
    need(isinstance(shape, dict) and isinstance(shape.get("kind"), str) and shape["kind"] in NEEDS, "kind: not known")
    need(set(shape) == NEEDS[shape["kind"]], f"expected {sorted(NEEDS[shape['kind']])}")
    if shape["kind"] == "line":
        need(isinstance(shape["points"], list) and 2 <= len(shape["points"]) <= 4, "points: expected 2 to 4")
        need(all(is_int(n) and 0 <= n <= 9 for n in shape["points"]), "points: expected 0 to 9")
        return {"area": 0}
    need(all(is_int(shape[name]) and 1 <= shape[name] <= 9 for name in set(shape) - {"kind"}), "expected 1 to 9")
    return {"area": shape["r"] * 3 if shape["kind"] == "circle" else shape["w"] * shape["h"]}
''', 'return {"area": 0}', 'return {"area": shape["points"][2] * 0}')  # fmt: skip

CLOSED = Pair("draw", "branch: a property of another branch", {"type": "object", "oneOf": [
    takes(kind={"const": "circle"}, r=whole(minimum=1, maximum=9)),
    takes(kind={"const": "square"}, side=whole(minimum=1, maximum=9))]}, '''
KNOWN = {"circle": {"kind", "r"}, "square": {"kind", "side"}}

def draw(**given):
    kind = given.get("kind")
    need(isinstance(kind, str) and kind in KNOWN, "kind: expected circle or square")
    names = KNOWN[kind]
    need(names <= set(given) <= names, f"{kind}: expected {sorted(names)} alone")
    for name in set(given) - {"kind"}:
        need(is_int(given[name]) and 1 <= given[name] <= 9, f"{name}: expected 1 to 9")
    return {"kind": kind}
''', "<= set(given) <= names,", "<= set(given) <= set().union(*KNOWN.values()),")  # fmt: skip

UNLESS = Pair("book", "branch: a property that `else` forbids", {**takes("kind", kind={"enum": ["free", "paid"]},
              price=whole(minimum=1, maximum=9)), "if": {"properties": {"kind": {"const": "paid"}}}, "then": {"required": ["price"]},
              "else": {"properties": {"price": False}}}, '''
def book(kind, price=...):
    need(isinstance(kind, str) and kind in ("free", "paid"), "kind: expected free or paid")
    need(price is ... or is_int(price) and 1 <= price <= 9, "price: expected 1 to 9")
    need(kind == "free" or price is not ..., "price: needed")
    need(kind == "paid" or price is ..., "price: what is free has none")
    return {"kind": kind}
''', 'need(kind == "paid" or price is ..., "price: what is free has none")', "pass")  # fmt: skip

PAIRS = (CLOSED, UNLESS, PAY, FIND, REACH, BILL, SHIP, STRICT, KEYS, PREFER, HEADERS, PAIRED, SECOND, EITHER, UNEVALUATED, CHAINED, ANCHORED,
         DRAFT7, SHAPE)  # fmt: skip
