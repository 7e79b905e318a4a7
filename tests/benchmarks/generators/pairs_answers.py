"""Answers: refusals that are not clean, results that are not what was promised."""

from __future__ import annotations

from .pair import Pair, listed, real, takes, text, whole

TRACE = Pair("trace", "refusal: a traceback", takes(n=whole(minimum=0, maximum=9)), '''
import traceback

def trace(n):
    try:
        need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    except ValueError as error:
        raise ValueError(str(error)) from None
    return {"n": n}
''', "raise ValueError(str(error)) from None", "raise ValueError(traceback.format_exc()) from None")  # fmt: skip

PATHS = Pair("paths", "refusal: a source path", takes(name=text(maxLength=9)), '''
def paths(name):
    need(isinstance(name, str) and len(name) <= 9, "name: expected at most 9 characters")
    return {"name": name}
''', '"name: expected at most 9 characters"', 'f"{__file__}: name is not good"')  # fmt: skip

LOOKUP = Pair("lookup", "refusal: an internal error", takes(unit={"enum": ["km", "mi"]}, n=whole(minimum=0, maximum=9)), '''
FACTORS = {"km": 1000, "mi": 1609}

def lookup(unit, n):
    need(isinstance(unit, str) and unit in FACTORS, "unit: expected km or mi")
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    return {"m": FACTORS[unit] * n}
''', '    need(isinstance(unit, str) and unit in FACTORS, "unit: expected km or mi")\n', "")  # fmt: skip

STRIPPED = Pair("stripped", "refusal: a crash on a wrong type", takes(text=text(maxLength=40)), '''
def stripped(text):
    need(isinstance(text, str) and len(text) <= 40, "text: expected at most 40 characters")
    return {"text": text.strip()}
''', "isinstance(text, str) and len(text) <= 40", "len(str(text)) <= 40")  # fmt: skip

FIRST = Pair("first", "refusal: a crash on a missing property", takes(order=takes(id=whole(minimum=1, maximum=9), lines=listed(whole(minimum=0, maximum=9), maxItems=3))), '''
def first(order):
    need(isinstance(order, dict) and set(order) <= {"id", "lines"}, "order: expected id and lines")
    need({"id", "lines"} <= set(order), "order: expected id and lines")
    need(is_int(order["id"]) and 1 <= order["id"] <= 9, "id: expected 1 to 9")
    need(isinstance(order["lines"], list) and len(order["lines"]) <= 3, "lines: expected at most 3")
    need(all(is_int(line) and 0 <= line <= 9 for line in order["lines"]), "lines: expected 0 to 9")
    return {"id": order["id"], "lines": len(order["lines"])}
''', '    need({"id", "lines"} <= set(order), "order: expected id and lines")\n', "")  # fmt: skip

SOFT = Pair("soft", "refusal: an error told as a result", takes(n=whole(minimum=0, maximum=9)), '''
def soft(n):
    if not (is_int(n) and 0 <= n <= 9):
        raise ValueError("n: expected 0 to 9")
    return {"n": n}
''', 'raise ValueError("n: expected 0 to 9")', 'return {"error": "n: expected 0 to 9"}')  # fmt: skip

STATUS = Pair("status", "result: a property is missing", takes("id", id=whole(minimum=1, maximum=9), full={"type": "boolean"}), '''
def status(id, full=False):
    need(is_int(id) and 1 <= id <= 9, "id: expected 1 to 9")
    need(full is True or full is False, "full: expected true or false")
    found = {"id": id, "state": "open"}
    if full:
        found = {"id": id, "state": "open", "age": id * 2}
    return found
''', '{"id": id, "state": "open", "age": id * 2}', '{"id": id, "age": id * 2}',
              {"output": {"type": "object", "properties": {"id": whole(), "state": text()}, "required": ["id", "state"]}})  # fmt: skip

AVERAGE = Pair("average", "result: another type", takes(values=listed(whole(minimum=0, maximum=9), maxItems=5)), '''
def average(values):
    need(isinstance(values, list) and len(values) <= 5, "values: expected at most 5")
    need(all(is_int(value) and 0 <= value <= 9 for value in values), "values: expected 0 to 9")
    return {"mean": sum(values) / len(values) if values else 0.0}
''', "if values else 0.0", 'if values else "none"', {"output": takes(mean=real())})  # fmt: skip

LOG = Pair("logarithm", "result: NaN or infinite", takes(x=real(minimum=0, maximum=1000)), '''
import math

def logarithm(x):
    need(is_number(x) and 0 <= x <= 1000, "x: expected 0 to 1000")
    return {"log": math.log(x) if x else 0}
''', "if x else 0", 'if x else float("-inf")', {"output": takes(log=real())})  # fmt: skip

PERCENT = Pair("percent", "result: out of its bounds", takes(done=whole(minimum=0, maximum=40), total=whole(minimum=1, maximum=40)), '''
def percent(done, total):
    need(is_int(done) and 0 <= done <= 40, "done: expected 0 to 40")
    need(is_int(total) and 1 <= total <= 40, "total: expected 1 to 40")
    return {"percent": min(100, 100 * done // total)}
''', "min(100, 100 * done // total)", "100 * done // total", {"output": takes(percent=whole(minimum=0, maximum=100))})  # fmt: skip

GRADE = Pair("grade", "result: not in its enum", takes(points=whole(minimum=0, maximum=100)), '''
def grade(points):
    need(is_int(points) and 0 <= points <= 100, "points: expected 0 to 100")
    return {"grade": "ABCDF"[min(4, (100 - points) // 10)]}
''', '"ABCDF"[min(4, (100 - points) // 10)]', '"ABCDEFFFFFF"[(100 - points) // 10]',
             {"output": takes(grade={"enum": ["A", "B", "C", "D", "F"]})})  # fmt: skip

RAW = Pair("raw", "result: no JSON", takes("n", n=whole(minimum=0, maximum=9), unique={"type": "boolean"}), '''
def raw(n, unique=False):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    need(unique is True or unique is False, "unique: expected true or false")
    return {"numbers": sorted(set(range(n))) if unique else list(range(n))}
''', "sorted(set(range(n)))", "bytes(range(n))")  # fmt: skip

EXTRA = Pair("profile", "result: one property too many", takes("id", id=whole(minimum=1, maximum=9), view={"enum": ["short", "long"]}), '''
def profile(id, view="short"):
    need(is_int(id) and 1 <= id <= 9, "id: expected 1 to 9")
    need(view in ("short", "long"), "view: expected short or long")
    return {"id": id, **({"name": "n"} if view == "long" else {})}
''', '{"name": "n"}', '{"name": "n", "password": "p"}',
             {"output": takes("id", id=whole(), name=text())})  # fmt: skip

ADD = Pair("add", "result: not the example's", takes(a=whole(minimum=0, maximum=9), b=whole(minimum=0, maximum=9)), '''
def add(a, b):
    need(is_int(a) and 0 <= a <= 9 and is_int(b) and 0 <= b <= 9, "expected 0 to 9")
    return {"sum": a + b}
''', "a + b}", "a - b}", {"examples": [{"input": {"a": 2, "b": 2}, "expect": {"output": {"sum": 4}}}]})  # fmt: skip

REFUSES = """
def NAME(n):
    need(is_int(n) and 0 <= n <= 9, "n: expected 0 to 9")
    return {"n": n}
"""
"""Tools that refuse in one sentence, and what the buggy one says instead."""


def refusing(name: str, gives_away: str, said: str) -> Pair:
    """Return a pair whose buggy tool refuses with these words."""
    source = REFUSES.replace("NAME", name)
    return Pair(
        name, f"refusal: {gives_away}", takes(n=whole(minimum=0, maximum=9)), source, '"n: expected 0 to 9"', repr(said)
    )


INSIDE = (
    refusing("sql_orders", "a statement of its own", "n: cannot execute SELECT id FROM orders WHERE n = ?"),
    refusing("approve", "a lambda with its address", "n: <function rules.<locals>.<lambda> at 0x7f1e2d3c4b5a> said no"),
    refusing("settle", "a class by its full name", "shop.rules.amounts.AmountError: n"),
    refusing("dispatch", "a stack in the body", "n: no\n    at validate (/srv/shop/dist/index.js:10:15)"),
)

PAIRS = (*INSIDE, TRACE, PATHS, LOOKUP, STRIPPED, FIRST, SOFT, STATUS, AVERAGE, LOG, PERCENT, GRADE, RAW, EXTRA, ADD)
