"""Interactions: each parameter alone is harmless, the buggy tool crashes where two or three come together."""

from __future__ import annotations

from .pair import Pair, takes, text, whole

YES = {"type": "boolean"}

EXPORT = Pair("export", "interaction: two options", takes("rows", rows=whole(minimum=1, maximum=9), zipped=YES, signed=YES,
              format={"enum": ["csv", "json", "xml"]}), '''
def export(rows, zipped=False, signed=False, format="csv"):
    need(is_int(rows) and 1 <= rows <= 9, "rows: expected 1 to 9")
    need(all(value is True or value is False for value in (zipped, signed)), "expected true or false")
    need(format in ("csv", "json", "xml"), "format: not known")
    suffixes = {("xml", True): "x.zip", ("xml", False): "xml"}
    return {"suffix": suffixes[format, zipped] if format == "xml" else format}
''', '{("xml", True): "x.zip", ', "{")  # fmt: skip

RENDER = Pair("render", "interaction: three options", takes("dpi", dpi={"enum": [72, 150, 300]}, colour={"enum":
              ["grey", "rgb", "cmyk"]}, kind={"enum": ["png", "pdf", "svg"]}, tiled=YES), '''
def render(dpi, colour="rgb", kind="png", tiled=False):
    need(is_int(dpi) and dpi in (72, 150, 300), "dpi: not known")
    need(colour in ("grey", "rgb", "cmyk"), "colour: not known")
    need(kind in ("png", "pdf", "svg"), "kind: not known")
    need(tiled is True or tiled is False, "tiled: expected true or false")
    if dpi == 300 and colour == "cmyk" and kind == "pdf":
        return {"profile": "press"}
    return {"profile": "screen"}
''', 'return {"profile": "press"}', 'return {"profile": [][dpi]}')  # fmt: skip

SLICE = Pair("slice", "interaction: order of two", takes(start=whole(minimum=0, maximum=99), stop=whole(minimum=0, maximum=99)), '''
def slice(start, stop):
    need(is_int(start) and 0 <= start <= 99 and is_int(stop) and 0 <= stop <= 99, "expected 0 to 99")
    picked = [0] * max(0, stop - start)
    if not picked:
        return {"first": None}
    return {"first": start}
''', '    if not picked:\n        return {"first": None}\n    return {"first": start}', '    if start == stop:\n        return {"first": None}\n    return {"first": start + picked[0]}')  # fmt: skip

SCALE = Pair("scale", "interaction: two equal values", takes(low=whole(minimum=0, maximum=99), high=whole(minimum=0, maximum=99)), '''
def scale(low, high):
    need(is_int(low) and 0 <= low <= 99 and is_int(high) and 0 <= high <= 99, "expected 0 to 99")
    return {"step": 100 // ((high - low) or 1)}
''', "((high - low) or 1)", "(high - low)")  # fmt: skip

QUOTA = Pair("quota", "interaction: an option at a bound", takes("size", size=whole(minimum=1, maximum=64), shared=YES), '''
def quota(size, shared=False):
    need(is_int(size) and 1 <= size <= 64, "size: expected 1 to 64")
    need(shared is True or shared is False, "shared: expected true or false")
    free = list(range(64 - size)) if shared else [0]
    return {"free": len(free[:1])}
''', "len(free[:1])", "free[0]")  # fmt: skip

CORNER = Pair("corner", "interaction: two bounds", takes(x=whole(minimum=0, maximum=319), y=whole(minimum=0, maximum=199)), '''
def corner(x, y):
    need(is_int(x) and 0 <= x <= 319, "x: expected 0 to 319")
    need(is_int(y) and 0 <= y <= 199, "y: expected 0 to 199")
    pixels = {(319, 199): "last"}
    return {"pixel": pixels[x, y] if x + y == 518 else "other"}
''', 'pixels = {(319, 199): "last"}', "pixels = {}")  # fmt: skip

JOIN = Pair("join", "interaction: one option without another", takes("text", text=text(maxLength=9), before=text(maxLength=3),
            after=text(maxLength=3)), '''
def join(text, **given):
    need(isinstance(text, str) and len(text) <= 9, "text: expected at most 9 characters")
    need(set(given) <= {"before", "after"}, "expected before and after")
    need(all(isinstance(value, str) and len(value) <= 3 for value in given.values()), "expected at most 3 characters")
    if "after" in given:
        return {"text": given.get("before", "") + text + given["after"]}
    return {"text": given.get("before", "") + text}
''', 'given.get("before", "") + text + given["after"]', 'given["before"] + text + given["after"]')  # fmt: skip

FARE = Pair("fare", "interaction: two enums", takes(zone={"enum": ["a", "b", "c", "d"]}, age={"enum":
            ["child", "adult", "senior"]}), '''
PRICES = {"a": (1, 2, 1), "b": (1, 3, 2), "c": (2, 4, 2), "d": (2, 5, 3)}

def fare(zone, age):
    need(isinstance(zone, str) and zone in PRICES, "zone: not known")
    need(age in ("child", "adult", "senior"), "age: not known")
    return {"price": PRICES[zone][("child", "adult", "senior").index(age)]}
''', '"c": (2, 4, 2)', '"c": (2, 4)')  # fmt: skip

BRANCHED = Pair("notify", "interaction: a branch and an option", {"type": "object", "additionalProperties": False,
    "properties": {"via": {"enum": ["mail", "sms", "push"]}, "urgent": YES, "copies": whole(minimum=0, maximum=3)},
    "required": ["via"]}, '''
def notify(via, urgent=False, copies=0):
    need(via in ("mail", "sms", "push"), "via: not known")
    need(urgent is True or urgent is False, "urgent: expected true or false")
    need(is_int(copies) and 0 <= copies <= 3, "copies: expected 0 to 3")
    cost = {"mail": 1, "sms": 2, "push": 0}[via]
    if urgent and via != "push":
        cost = 10 // max(cost, 1)
    if urgent:
        cost = 10 // max(cost, 1)
    return {"cost": cost * copies}
''', "    if urgent:\n        cost = 10 // max(cost, 1)", "    if urgent:\n        cost = 10 // cost")  # fmt: skip

PAIRS = (EXPORT, RENDER, SLICE, SCALE, QUOTA, CORNER, JOIN, FARE, BRANCHED)
