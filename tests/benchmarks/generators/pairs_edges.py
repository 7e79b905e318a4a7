"""Valid edges of every JSON type: where the buggy tool crashes, and the correct one answers."""

from __future__ import annotations

from .pair import Pair, listed, real, takes, text, whole

SHARE = Pair("share", "edge: zero", takes(total=whole(minimum=0, maximum=1000), people=whole(minimum=0, maximum=50)), '''
def share(total, people):
    need(is_int(total) and 0 <= total <= 1000, "total: expected 0 to 1000")
    need(is_int(people) and 0 <= people <= 50, "people: expected 0 to 50")
    if people == 0:
        return {"each": 0}
    return {"each": total // people}
''', "    if people == 0:\n        return {\"each\": 0}\n", "")  # fmt: skip

ROOT = Pair("root", "edge: negative", takes(value=whole(minimum=-1000, maximum=1000)), '''
import math

def root(value):
    need(is_int(value) and -1000 <= value <= 1000, "value: expected -1000 to 1000")
    return {"root": math.sqrt(abs(value))}
''', "abs(value)", "value")  # fmt: skip

WEEKDAY = Pair("weekday", "edge: negative", takes(offset=whole(minimum=-6, maximum=6)), '''
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

def weekday(offset):
    if not is_int(offset) or not -6 <= offset <= 6:
        raise ValueError("offset: expected -6 to 6")
    return {"day": DAYS[(offset + 3) % 7]}
''', "(offset + 3) % 7", "offset + 3")  # fmt: skip

AMOUNT = Pair("amount", "edge: -0.0", takes(value=real(minimum=0, maximum=1000)), '''
def amount(value):
    need(is_number(value) and 0 <= value <= 1000, "value: expected 0 to 1000")
    return {"text": f"{abs(value):.2f}"}
''', "abs(value)", "value", {"output": takes(text=text(pattern=r"^[0-9]+\.[0-9]{2}$"))})  # fmt: skip

SQUARE = Pair("square", "edge: 1e308", takes(value=real()), '''
def square(value):
    need(is_number(value), "value: expected a number")
    if abs(value) > 1e100:
        raise ValueError("value: too large to be squared")
    return {"square": float(value) ** 2}
''', '    if abs(value) > 1e100:\n        raise ValueError("value: too large to be squared")\n', "")  # fmt: skip

DUE = Pair("due", "edge: large integer", takes(days=whole(minimum=0)), '''
import datetime

def due(days):
    need(is_int(days) and days >= 0, "days: expected a whole number from 0")
    try:
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=days)
    except OverflowError:
        raise ValueError("days: that is beyond the calendar") from None
    return {"due": day.isoformat()}
''', "except OverflowError", "except KeyError")  # fmt: skip

PACKED = Pair("packed", "edge: beyond 2^63", takes(number=whole(minimum=0)), '''
def packed(number):
    need(is_int(number) and number >= 0, "number: expected a whole number from 0")
    return {"hex": number.to_bytes(max(8, (number.bit_length() + 7) // 8), "big").hex()}
''', 'max(8, (number.bit_length() + 7) // 8)', "8")  # fmt: skip

EXACT = Pair("exact", "edge: beyond 2^53", takes(number=whole(minimum=0)), '''
def exact(number):
    need(is_int(number) and number >= 0, "number: expected a whole number from 0")
    halves = [number // 2, number - number // 2]
    assert sum(halves) == number
    return {"halves": [str(half) for half in halves]}
''', "[number // 2, number - number // 2]", "[int(number / 2), int(number / 2) + number % 2]")  # fmt: skip

INITIAL = Pair("initial", "edge: empty string", takes(name=text()), '''
def initial(name):
    need(isinstance(name, str), "name: expected text")
    return {"initial": name[:1].upper()}
''', "name[:1]", "name[0]")  # fmt: skip

ENDS = Pair("ends", "edge: single character", takes(word=text(minLength=1)), '''
def ends(word):
    need(isinstance(word, str) and word, "word: expected text")
    return {"second": word[1:2], "first": word[0]}
''', "word[1:2]", "word[1]")  # fmt: skip

MEAN = Pair("mean", "edge: empty array", takes(values=listed(whole(minimum=0, maximum=100), maxItems=50)), '''
def mean(values):
    need(isinstance(values, list) and len(values) <= 50, "values: expected a list of at most 50")
    for value in values:
        need(is_int(value) and 0 <= value <= 100, "values: expected 0 to 100")
    return {"mean": sum(values) / max(1, len(values))}
''', "max(1, len(values))", "len(values)")  # fmt: skip

SPREAD = Pair("spread", "edge: single element", takes(values=listed(whole(minimum=0, maximum=100), minItems=1, maxItems=9)), '''
import statistics

def spread(values):
    need(isinstance(values, list) and 1 <= len(values) <= 9, "values: expected 1 to 9")
    need(all(is_int(value) and 0 <= value <= 100 for value in values), "values: expected 0 to 100")
    return {"spread": statistics.stdev(values) if len(values) > 1 else 0}
''', " if len(values) > 1 else 0", "")  # fmt: skip

LABELS = Pair("labels", "edge: empty object", takes(labels={"type": "object", "additionalProperties": text()}), '''
def labels(labels):
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError("labels: expected an object of texts")
    return {"first": next(iter(labels), None)}
''', "next(iter(labels), None)", "list(labels)[0]")  # fmt: skip

LATIN = Pair("latin", "edge: unicode", takes(text=text(maxLength=200)), '''
def latin(text):
    if not isinstance(text, str) or len(text) > 200:
        raise ValueError("text: expected at most 200 characters")
    return {"bytes": len(text.encode("latin-1", "replace"))}
''', '"latin-1", "replace"', '"latin-1"')  # fmt: skip

PLANE = Pair("plane", "edge: astral", takes(text=text()), '''
import array

def plane(text):
    if not isinstance(text, str):
        raise ValueError("text: expected text")
    units = array.array("L", map(ord, text))
    return {"units": len(units)}
''', '"L"', '"H"')  # fmt: skip

COMPOSED = Pair("composed", "edge: combining", takes(text=text()), '''
import unicodedata

def composed(text):
    if not isinstance(text, str):
        raise ValueError("text: expected text")
    plain = unicodedata.normalize("NFC", text)
    return {"last": [plain[place] for place in range(len(plain))][-1:]}
''', "range(len(plain))", "range(len(text))")  # fmt: skip

DIRECTION = Pair("direction", "edge: right-to-left", takes(text=text()), '''
import unicodedata

NAMES = {"L": "left to right", "R": "right to left", "AL": "right to left"}

def direction(text):
    if not isinstance(text, str):
        raise ValueError("text: expected text")
    strong = [kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")]
    return {"direction": NAMES[strong[0]] if strong else "neutral"}
''', '{"L": "left to right", "R": "right to left", "AL": "right to left"}', '{"L": "left to right"}')  # fmt: skip

MARKUP = Pair("markup", "edge: NUL", takes(text=text(maxLength=500)), '''
def markup(text):
    if not isinstance(text, str) or len(text) > 500:
        raise ValueError("text: expected at most 500 characters")
    shown = {"tab": 0, "line": 0, "other": 0}
    for character in text:
        kinds = {9: "tab", 10: "line"}
        if ord(character) < 32:
            shown[kinds.get(ord(character), "other")] += 1
    return shown
''', 'kinds.get(ord(character), "other")', "kinds[ord(character)]")  # fmt: skip

HEADER = Pair("header", "edge: newline", takes(subject=text()), '''
import re

def header(subject):
    if not isinstance(subject, str):
        raise ValueError("subject: expected text")
    found = re.fullmatch("(.{0,60})(.*)", subject, re.DOTALL)
    return {"shown": found.group(1)}
''', ", re.DOTALL", "")  # fmt: skip

NOTE = Pair("note", "edge: null where nullable", takes("key", key=text(minLength=1), note={"type": ["string", "null"]}), '''
def note(key, note=None):
    need(isinstance(key, str) and key, "key: expected text")
    need(note is None or isinstance(note, str), "note: expected text or null")
    return {"note": (note or "").strip()}
''', '(note or "").strip()', "note.strip()")  # fmt: skip

WORDS = Pair("words", "edge: very long", takes(text=text()), '''
def count(text):
    return sum(character.isspace() for character in text)

def words(text):
    need(isinstance(text, str), "text: expected text")
    return {"spaces": count(text)}
''', "return sum(character.isspace() for character in text)", "return text[0].isspace() + count(text[1:]) if text else 0")  # fmt: skip

TOTAL = Pair("total", "edge: many elements", takes(values=listed(whole(minimum=0, maximum=9))), '''
def add(values):
    return sum(values)

def total(values):
    need(isinstance(values, list), "values: expected a list")
    need(all(is_int(value) and 0 <= value <= 9 for value in values), "values: expected 0 to 9")
    return {"total": add(values)}
''', "return sum(values)", "return values[0] + add(values[1:]) if values else 0")  # fmt: skip

TREE = {"type": "object", "properties": {"name": text(), "children": listed({"$ref": "#/$defs/node"}, maxItems=20)},
        "required": ["name"], "additionalProperties": False}  # fmt: skip
DEPTH = Pair("depth", "edge: deep nesting", {**takes(root={"$ref": "#/$defs/node"}), "$defs": {"node": TREE}}, '''
def levels(node, depth, seen):
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or set(node) - {"name", "children"}:
        raise ValueError("root: expected nodes with a name and children")
    children = node.get("children", [])
    if not isinstance(children, list) or len(children) > 20:
        raise ValueError("children: expected at most 20")
    seen[depth] += 1
    for child in children:
        levels(child, depth + 1, seen)

def depth(root):
    seen = [0] * 900
    levels(root, 0, seen)
    return {"levels": sum(map(bool, seen))}
''', "[0] * 900", "[0] * 5")  # fmt: skip

LEAF = Pair("leaf", "edge: recursion ends", {**takes(root={"$ref": "#/$defs/node"}), "$defs": {"node": TREE}}, '''
def check(node):
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or set(node) - {"name", "children"}:
        raise ValueError("root: expected nodes with a name and children")
    if not isinstance(node.get("children", []), list) or len(node.get("children", [])) > 20:
        raise ValueError("children: expected at most 20")
    for child in node.get("children", []):
        check(child)

def leaf(root):
    check(root)
    node = root
    while node.get("children"):
        node = node["children"][0]
    return {"leaf": node["name"]}
''', 'while node.get("children"):', 'while "children" in node:')  # fmt: skip

STEPS = Pair("steps", "edge: beyond 2^63", takes(count=whole(minimum=0)), '''
def steps(count):
    need(is_int(count) and count >= 0, "count: expected a whole number from 0")
    return {"steps": str(count)}
''', "str(count)", "str(len(range(count)))")  # fmt: skip

GREET = Pair("greet", "edge: optional absent", takes("name", name=text(maxLength=50), title=text(maxLength=10)), '''
def greet(name, **options):
    need(isinstance(name, str) and len(name) <= 50, "name: expected at most 50 characters")
    need(set(options) <= {"title"}, "expected name and title")
    title = options.get("title", "")
    need(isinstance(title, str) and len(title) <= 10, "title: expected at most 10 characters")
    return {"greeting": f"{title} {name}".strip()}
''', 'options.get("title", "")', 'options["title"]')  # fmt: skip

RANGE = Pair("window", "edge: optional alone", takes("", width=whole(minimum=1, maximum=9), height=whole(minimum=1, maximum=9)), '''
def window(**given):
    need(set(given) <= {"width", "height"}, "expected width and height")
    for name, value in given.items():
        need(is_int(value) and 1 <= value <= 9, f"{name}: expected 1 to 9")
    if not given:
        return {"area": 1}
    return {"area": given.get("width", 1) * given.get("height", 1)}
''', 'given.get("height", 1)', 'given["height"]')  # fmt: skip

FLAG = Pair("flag", "edge: false", takes("on", on={"type": "boolean"}, level={"enum": ["low", "high"]}), '''
LEVELS = {True: {"low": 1, "high": 2}, False: {"low": 0, "high": 0}}

def flag(on, level="low"):
    if on is not True and on is not False:
        raise ValueError("on: expected true or false")
    if level not in ("low", "high"):
        raise ValueError("level: expected low or high")
    return {"power": LEVELS[on][level]}
''', 'False: {"low": 0, "high": 0}}', 'False: {"low": 0}}')  # fmt: skip

MERGED = Pair("merged", "edge: unhashable", takes(items=listed({"type": ["integer", "array", "object"]}, maxItems=10)), '''
def merged(items):
    need(isinstance(items, list) and len(items) <= 10, "items: expected at most 10")
    need(all(is_int(item) or isinstance(item, (list, dict)) for item in items), "items: expected integers, arrays, objects")
    return {"distinct": len(set(map(repr, items)))}
''', "set(map(repr, items))", "set(items)")  # fmt: skip

SHELF = Pair("shelf", "edge: enum member", takes(size={"enum": ["S", "M", "L", "XL"]}), '''
WIDTHS = {"S": 10, "M": 20, "L": 30, "XL": 40}

def shelf(size):
    need(isinstance(size, str) and size in ("S", "M", "L", "XL"), "size: expected S, M, L or XL")
    return {"width": WIDTHS[size]}
''', ', "XL": 40}', "}")  # fmt: skip

PAIRS = (SHARE, ROOT, WEEKDAY, AMOUNT, SQUARE, DUE, PACKED, EXACT, INITIAL, ENDS, MEAN, SPREAD, LABELS, LATIN, PLANE,
         COMPOSED, DIRECTION, MARKUP, HEADER, NOTE, WORDS, TOTAL, DEPTH, LEAF, STEPS, GREET, RANGE, FLAG, MERGED, SHELF)  # fmt: skip
