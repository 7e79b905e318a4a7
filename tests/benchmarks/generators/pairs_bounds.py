"""Bounds of every kind: the buggy tool is off by one, or looks at the wrong thing."""

from __future__ import annotations

from typing import Any

from .pair import Pair, listed, real, takes, text, whole


def checked(name: str, bug_class: str, schema: dict[str, Any], correct: str, wrong: str) -> Pair:
    """Return a pair of tools with one parameter `value`, refused where the expression `correct` is false."""
    source = f'def {name}(value):\n    need({correct}, "value: this is not allowed")\n    return {{"kept": True}}\n'
    return Pair(name, bug_class, takes(value=schema), source, f"need({correct},", f"need({wrong},")


INTS = "isinstance(value, list) and all(map(is_int, value))"
OBJECT = "isinstance(value, dict) and all(isinstance(item, str) for item in value.values())"

SEATS = checked("seats", "bound: minimum", whole(minimum=3, maximum=50),
                "is_int(value) and 3 <= value <= 50", "is_int(value) and 2 <= value <= 50")  # fmt: skip

TABLES = checked("tables", "bound: minimum refused", whole(minimum=-4, maximum=50),
                 "is_int(value) and -4 <= value <= 50", "is_int(value) and -4 < value <= 50")  # fmt: skip

PAGES = checked("pages", "bound: maximum", whole(minimum=1, maximum=250),
                "is_int(value) and 1 <= value <= 250", "is_int(value) and 1 <= value <= 251")  # fmt: skip

LINES = checked("lines", "bound: maximum refused", whole(minimum=1, maximum=250),
                "is_int(value) and 1 <= value <= 250", "is_int(value) and 1 <= value < 250")  # fmt: skip

RATIO = checked("ratio", "bound: exclusiveMinimum", real(exclusiveMinimum=0, maximum=10),
                "is_number(value) and 0 < value <= 10", "is_number(value) and 0 <= value <= 10")  # fmt: skip

SPEED = checked("speed", "bound: exclusiveMaximum", real(minimum=0, exclusiveMaximum=88.5),
                "is_number(value) and 0 <= value < 88.5", "is_number(value) and 0 <= value <= 88.5")  # fmt: skip

PACKS = checked("packs", "bound: multipleOf", whole(minimum=0, maximum=600, multipleOf=6),
                "is_int(value) and 0 <= value <= 600 and value % 6 == 0",
                "is_int(value) and 0 <= value <= 600 and value % 3 == 0")  # fmt: skip

QUARTERS = checked("quarters", "bound: multipleOf", real(minimum=0, maximum=100, multipleOf=0.25),
                   "is_number(value) and 0 <= value <= 100 and float(value * 4).is_integer()",
                   "is_number(value) and 0 <= value <= 100")  # fmt: skip

NICK = checked("nick", "bound: minLength", text(minLength=3, maxLength=30),
               "isinstance(value, str) and 3 <= len(value) <= 30",
               "isinstance(value, str) and 2 <= len(value) <= 30")  # fmt: skip

TITLE = checked("title", "bound: maxLength", text(maxLength=40),
                "isinstance(value, str) and len(value) <= 40", "isinstance(value, str) and len(value) <= 41")  # fmt: skip

SMS = checked("sms", "bound: bytes for characters", text(minLength=8, maxLength=20),
              "isinstance(value, str) and 8 <= len(value) <= 20",
              "isinstance(value, str) and 8 <= len(value.encode('utf-8', 'replace')) and len(value) <= 20")  # fmt: skip

PODIUM = checked("podium", "bound: maxItems", listed(whole(minimum=0, maximum=99), maxItems=3),
                 f"{INTS} and len(value) <= 3 and all(0 <= item <= 99 for item in value)",
                 f"{INTS} and len(value) <= 4 and all(0 <= item <= 99 for item in value)")  # fmt: skip

DUEL = checked("duel", "bound: minItems", listed(whole(minimum=0, maximum=99), minItems=2, maxItems=9),
               f"{INTS} and 2 <= len(value) <= 9 and all(0 <= item <= 99 for item in value)",
               f"{INTS} and 1 <= len(value) <= 9 and all(0 <= item <= 99 for item in value)")  # fmt: skip

LOTTO = checked("lotto", "bound: uniqueItems", listed(whole(minimum=1, maximum=49), maxItems=6, uniqueItems=True),
                f"{INTS} and len(value) <= 6 and all(1 <= n <= 49 for n in value) and len(set(value)) == len(value)",
                f"{INTS} and len(value) <= 6 and all(1 <= n <= 49 for n in value)")  # fmt: skip

TAGS = checked("tags", "bound: maxProperties", {"type": "object", "additionalProperties": text(), "maxProperties": 2},
               f"{OBJECT} and len(value) <= 2", f"{OBJECT} and len(value) <= 3")  # fmt: skip

TRAITS = checked("traits", "bound: minProperties",
                 {"type": "object", "additionalProperties": text(), "minProperties": 2},
                 f"{OBJECT} and len(value) >= 2", f"{OBJECT} and len(value) >= 1")  # fmt: skip

ACES = checked("aces", "bound: minContains",
               listed(whole(minimum=1, maximum=13), maxItems=5, contains={"const": 1}, minContains=2),
               f"{INTS} and len(value) <= 5 and all(1 <= n <= 13 for n in value) and value.count(1) >= 2",
               f"{INTS} and len(value) <= 5 and all(1 <= n <= 13 for n in value) and value.count(1) >= 1")  # fmt: skip

JOKERS = checked("jokers", "bound: maxContains",
                 listed(whole(minimum=0, maximum=13), maxItems=5, contains={"const": 0}, maxContains=2),
                 f"{INTS} and len(value) <= 5 and all(0 <= n <= 13 for n in value) and 1 <= value.count(0) <= 2",
                 f"{INTS} and len(value) <= 5 and all(0 <= n <= 13 for n in value) and 1 <= value.count(0) <= 3")  # fmt: skip

ROWS = checked("rows", "bound: nested", listed(takes(n=whole(minimum=0, maximum=5)), maxItems=4),
               "isinstance(value, list) and len(value) <= 4 and all(isinstance(row, dict) and set(row) == {'n'}"
               " and is_int(row['n']) and 0 <= row['n'] <= 5 for row in value)",
               "isinstance(value, list) and len(value) <= 4 and all(isinstance(row, dict) and set(row) == {'n'}"
               " and is_int(row['n']) and 0 <= row['n'] <= 6 for row in value)")  # fmt: skip

LAST = checked("last", "bound: nested in the last item", listed(whole(minimum=0, maximum=5), maxItems=6),
               f"{INTS} and len(value) <= 6 and all(0 <= item <= 5 for item in value)",
               f"{INTS} and len(value) <= 6 and all(0 <= item <= 5 for item in value[:2])")  # fmt: skip

PAIRS = (SEATS, TABLES, PAGES, LINES, RATIO, SPEED, PACKS, QUARTERS, NICK, TITLE, SMS, PODIUM, DUEL, LOTTO, TAGS, TRAITS,
         ACES, JOKERS, ROWS, LAST)  # fmt: skip
