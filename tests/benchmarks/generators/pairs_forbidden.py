"""What the schema forbids, keyword by keyword: the buggy tool accepts it."""

from __future__ import annotations

from .pair import Pair, listed, takes, text, whole
from .pairs_bounds import checked

CODE = "^[A-Z]{3}-[0-9]{4}$"

COUNT = checked("count", "forbidden: true for a number", whole(minimum=0, maximum=9),
                "is_int(value) and 0 <= value <= 9", "isinstance(value, int) and 0 <= value <= 9")  # fmt: skip

FLOORED = checked("floored", "forbidden: a fraction", whole(minimum=0, maximum=9),
                  "is_int(value) and 0 <= value <= 9", "is_number(value) and 0 <= value <= 9")  # fmt: skip

SWITCH = checked("switch", "forbidden: 1 for true", {"type": "boolean"},
                 "value is True or value is False", "value in (True, False)")  # fmt: skip

LABEL = checked("label", "forbidden: null", text(maxLength=20),
                "isinstance(value, str) and len(value) <= 20", "value is None or isinstance(value, str) and len(value) <= 20")  # fmt: skip

NAMED = checked("named", "forbidden: another type", text(maxLength=20),
                "isinstance(value, str) and len(value) <= 20", "len(str(value)) <= 20")  # fmt: skip

LETTERS = checked("letters", "forbidden: a text for a list", listed(text(maxLength=1), maxItems=9),
                  "isinstance(value, list) and len(value) <= 9 and all(isinstance(x, str) and len(x) <= 1 for x in value)",
                  "isinstance(value, (list, str)) and len(value) <= 9 and all(isinstance(x, str) and len(x) <= 1 for x in value)")  # fmt: skip

MODE = checked("mode", "forbidden: enum, other case", {"enum": ["fast", "slow", "auto"]},
               'value in ("fast", "slow", "auto")', 'str(value).lower() in ("fast", "slow", "auto")')  # fmt: skip

PLAN = checked("plan", "forbidden: enum, white space", {"enum": ["free", "team", "firm"]},
               'value in ("free", "team", "firm")', 'str(value).strip() in ("free", "team", "firm")')  # fmt: skip

TIER = checked("tier", "forbidden: enum, prefix", {"enum": ["gold", "silver"]},
               'value in ("gold", "silver")', 'isinstance(value, str) and value.startswith(("gold", "silver"))')  # fmt: skip

VERSION = checked("version", "forbidden: const", {"const": "v2"}, 'value == "v2"', 'value in ("v1", "v2", "V2")')  # fmt: skip

SKU = checked("sku", "forbidden: pattern, more behind", text(pattern=CODE),
              "isinstance(value, str) and re.fullmatch('[A-Z]{3}-[0-9]{4}', value)",
              "isinstance(value, str) and re.match('[A-Z]{3}-[0-9]{4}', value)")  # fmt: skip

SERIAL = checked("serial", "forbidden: pattern, more before", text(pattern=CODE),
                 "isinstance(value, str) and re.fullmatch('[A-Z]{3}-[0-9]{4}', value)",
                 "isinstance(value, str) and re.search('[A-Z]{3}-[0-9]{4}\\\\Z', value)")  # fmt: skip

PLATE = checked("plate", "forbidden: pattern, other case", text(pattern="^[A-Z]{2}[0-9]{1,4}$"),
                "isinstance(value, str) and re.fullmatch('[A-Z]{2}[0-9]{1,4}', value)",
                "isinstance(value, str) and re.fullmatch('[A-Z]{2}[0-9]{1,4}', value.upper())")  # fmt: skip

DIGITS = checked("digits", "forbidden: pattern, other digits", text(pattern="^[0-9]{4}$"),
                 "isinstance(value, str) and re.fullmatch('[0-9]{4}', value)",
                 "isinstance(value, str) and re.fullmatch(r'\\d{4}', value)")  # fmt: skip

DAY = checked("day", "forbidden: format date", text(format="date"),
              "isinstance(value, str) and is_date(value)",
              "isinstance(value, str) and re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', value)")  # fmt: skip

HOST = checked("host", "forbidden: format ipv4", text(format="ipv4"),
               "isinstance(value, str) and is_ipv4(value)",
               "isinstance(value, str) and re.fullmatch('[0-9]{1,3}([.][0-9]{1,3}){3}', value)")  # fmt: skip

TICKET = checked("ticket", "forbidden: format uuid", text(format="uuid"),
                 "isinstance(value, str) and re.fullmatch('[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', value)",
                 "isinstance(value, str) and re.fullmatch('[0-9a-fA-F-]{32,36}', value)")  # fmt: skip

USER = checked("user", "forbidden: not", {"type": "string", "maxLength": 20, "not": {"enum": ["root", "admin"]}},
               'isinstance(value, str) and len(value) <= 20 and value not in ("root", "admin")',
               'isinstance(value, str) and len(value) <= 20 and value not in ("root",)')  # fmt: skip

POINT = Pair("point", "forbidden: missing property", takes(x=whole(minimum=0, maximum=9), y=whole(minimum=0, maximum=9)), '''
def point(**given):
    need(set(given) == {"x", "y"}, "expected x and y")
    need(all(is_int(value) and 0 <= value <= 9 for value in given.values()), "expected 0 to 9")
    return {"sum": sum(given.values())}
''', 'set(given) == {"x", "y"}', '"x" in given and set(given) <= {"x", "y"}')  # fmt: skip

CREATE = Pair("create", "forbidden: extra property", takes(name=text(maxLength=9)), '''
def create(**given):
    need(set(given) == {"name"}, "expected name, and nothing else")
    need(isinstance(given["name"], str) and len(given["name"]) <= 9, "name: expected at most 9 characters")
    return {"name": given["name"]}
''', 'set(given) == {"name"}', '"name" in given')  # fmt: skip

SIZED = Pair("sized", "forbidden: extra property, nested", takes(box=takes(w=whole(minimum=1, maximum=9))), '''
def sized(box):
    need(isinstance(box, dict) and set(box) == {"w"}, "box: expected w, and nothing else")
    need(is_int(box["w"]) and 1 <= box["w"] <= 9, "w: expected 1 to 9")
    return {"w": box["w"]}
''', 'set(box) == {"w"}', '"w" in box')  # fmt: skip

LEGACY = Pair("legacy", "forbidden: a property that is false", {"type": "object", "required": ["id"], "properties":
              {"id": whole(minimum=0, maximum=9), "token": False}}, '''
def legacy(id, **more):
    need(is_int(id) and 0 <= id <= 9, "id: expected 0 to 9")
    need("token" not in more, "token: this is gone")
    return {"id": id}
''', '    need("token" not in more, "token: this is gone")\n', "")  # fmt: skip

PAIRS = (COUNT, FLOORED, SWITCH, LABEL, NAMED, LETTERS, MODE, PLAN, TIER, VERSION, SKU, SERIAL, PLATE, DIGITS, DAY, HOST,
         TICKET, USER, POINT, CREATE, SIZED, LEGACY)  # fmt: skip
