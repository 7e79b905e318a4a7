"""`idempotent`, `read_only`, `deterministic`, `pure`: faulty tools are found, their correct twins are not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.behaviour.state import Watch
from pytest_toolcheck.behaviour.trend import trend_in

from .behaviour_lab import findings_of

HEAD = """
import datetime, itertools, pathlib, random, time, uuid
state = {"n": 0, "on": False}
items = {"a": 1}
orders = []

def get_items() -> dict:
    return dict(items)

def list_orders() -> list:
    return list(orders)

def get_on() -> dict:
    return {"on": state["on"], "asked_at": time.time()}
"""
WINDOWS = "get_items: {annotations: {read_only: true}}\n  list_orders: {annotations: {read_only: true}}\n  get_on: {annotations: {read_only: true}}"

PAIRS = {
    "a balance that falls": (
        "idempotent",
        'def tool() -> dict:\n    state["n"] += 1\n    return {"balance": 100 - 10 * state["n"]}',
        'def tool() -> dict:\n    state["n"] = 1\n    return {"balance": 90}',
    ),
    "a numbered receipt": (
        "idempotent",
        'def tool() -> str:\n    state["n"] += 1\n    return f"order {state[\'n\']} is placed"',
        'def tool() -> str:\n    return f"order 1 is placed, request {uuid.uuid4()}"',
    ),
    "an order placed again": (
        "idempotent",
        'def tool(sku: str = "A") -> dict:\n    orders.append(sku)\n    return {"ok": True}',
        'def tool(sku: str = "A") -> dict:\n    sku in orders or orders.append(sku)\n    return {"ok": True}',
    ),
    "a switch": (
        "idempotent",
        'def tool() -> dict:\n    state["on"] = not state["on"]\n    return {"on": state["on"]}',
        'def tool() -> dict:\n    state["on"] = True\n    return {"on": True}',
    ),
    "a deletion": (
        "idempotent",
        'def tool() -> dict:\n    state["n"] += 1\n    orders.append(0)\n    return {"left": 9 - state["n"]}',
        'def tool() -> dict:\n    return {"deleted": items.pop("a", None) is not None}',
    ),
    "a look that clears": (
        "read_only",
        'def tool() -> dict:\n    items.clear()\n    return {"ok": True}',
        'def tool() -> dict:\n    return {"ok": bool(items)}',
    ),
    "a look that takes out": (
        "read_only",
        "numbers = itertools.count()\ndef tool() -> dict:\n    return {'next': next(numbers)}",
        "numbers = itertools.count()\ndef tool() -> dict:\n    return {'calls_served': next(numbers), 'now': time.time_ns()}",
    ),
    "a look that logs into the data": (
        "read_only",
        'def tool() -> dict:\n    orders.append(time.time())\n    return {"ok": True}',
        'cache = {}\ndef tool() -> dict:\n    cache.setdefault("a", time.time())\n    return {"ok": True}',
    ),
    "chance": (
        "deterministic",
        "def tool(n: int = 1) -> float:\n    return random.random()",
        "def tool(n: int = 1) -> float:\n    return random.Random(0).random()",
    ),
    "a parameter sorted in place": (
        "pure",
        "def tool(ns: list[int]) -> int:\n    ns.sort()\n    return len(ns)",
        "def tool(ns: list[int]) -> int:\n    return len(sorted(ns))",
    ),
    "an object merged in depth": (
        "pure",
        "def tool(old: dict, new: dict) -> int:\n    for k in new.keys() & old.keys():\n        old[k].update(new[k])\n    return len(old)",
        "def tool(old: dict, new: dict) -> int:\n    return len({**old, **new})",
    ),
    "a parameter completed in place": (
        "pure",
        'def tool(order: dict) -> int:\n    order.setdefault("country", "DE")\n    return len(order)',
        'def tool(order: dict) -> int:\n    order = {"country": "DE", **order}\n    return len(order)',
    ),
}


def found(folder: Path, check: str, code: str) -> list[str]:
    """Run one tool that promises `check` beside three windows on its state."""
    spec = f"tools:\n  tool: {{annotations: {{{check}: true}}}}\n  {WINDOWS}\n"
    return findings_of(folder, HEAD + code, spec, tool="tool")


@pytest.mark.parametrize("name", PAIRS)
def test_a_broken_promise_is_found_and_its_twin_is_not_accused(name: str, tmp_path: Path) -> None:
    """Each pair: exactly the faulty tool, exactly the promise that it breaks."""
    check, faulty, correct = PAIRS[name]
    [finding] = found(tmp_path, check, faulty)
    assert finding.startswith(f"tool: {check}: tool ")
    assert found(tmp_path, check, correct) == []


def test_windows_are_not_accused(tmp_path: Path) -> None:
    """One that says when it was asked neither."""
    assert findings_of(tmp_path, HEAD, f"tools:\n  {WINDOWS}\n") == []


def test_the_order_of_a_set_is_found_in_another_process(tmp_path: Path) -> None:
    """Equal within one process by the same hash seed: only a second one shows it."""
    spec = "tools: {tool: {annotations: {deterministic: true}, examples: [{input: {words: [a, bb, c, dd, e]}}]}}\n"
    code = "def tool(words: list[str]) -> list:\n    return list({*words, *'xyz'})\n"
    [finding] = findings_of(tmp_path, code, spec)
    assert "in another process" in finding


NOTES = """
notes, seen = {}, []
def save_note(key: str, text: str) -> int:
    %s
    return len(notes)
def list_notes() -> dict:
    return dict(notes)
def next_seen() -> int:
    seen.append(1)
    return len(seen)
def get_seen() -> int:
    seen.append(1)
    return len(seen)
"""


@pytest.mark.parametrize(
    ("line", "readers", "is_found"),
    [
        ("notes[key] = notes.get(key, '') + text", "list_notes: {}", True),
        ("notes[key] = text", "list_notes: {}", False),
        ("notes[key] = text; seen.append(1)", "next_seen: {}, get_seen: {}", False),
        ("notes[key] = notes.get(key, '') + text", "list_notes: {annotations: {read_only: false}}", False),
    ],
)
def test_a_reader_by_name_shows_a_further_effect(tmp_path: Path, line: str, readers: str, is_found: bool) -> None:
    """Where nothing is said of a tool that lists or reads by its name, it is looked at as well; not one that moves on its own."""
    spec = f"tools: {{save_note: {{annotations: {{idempotent: true}}}}, {readers}}}\n"
    found = [told for told in findings_of(tmp_path, NOTES % line, spec) if "idempotent" in told]
    assert bool(found) is is_found
    if found:
        assert "changes what list_notes /" in found[0]


def test_the_order_of_words_is_found_without_an_example(tmp_path: Path) -> None:
    """A text of one word, the usual base, has no order: several words are tried as well."""
    spec = "tools: {tool: {annotations: {deterministic: true}}}\n"
    code = "def tool(text: str) -> list:\n    return list(%s(text.split()))\n"
    [finding] = findings_of(tmp_path, code % "set", spec)
    assert "in another process" in finding
    assert findings_of(tmp_path, code % "dict.fromkeys", spec) == []


def test_a_clock_that_claims_everything_is_not_accused(tmp_path: Path) -> None:
    """Real servers claim idempotence of clocks, dice and coins: a moment or chance is no effect."""
    code = """
    import datetime, random, time, uuid
    def get_current_time() -> dict:
        return {"datetime": datetime.datetime.now().isoformat(), "unix": int(time.time()), "id": uuid.uuid4().hex}
    def roll() -> dict:
        return {"die": random.randint(1, 6), "coin": random.random() < 0.5, "share": random.random()}
    def count_requests(seen=[]) -> dict:
        seen.append(1)
        return {"requests": len(seen)}
    """
    for claim in ("read_only: true, idempotent: true", "idempotent: true"):
        tools = "get_current_time", "roll"
        spec = "tools:\n" + "".join(f"  {tool}: {{annotations: {{{claim}}}}}\n" for tool in tools)
        assert findings_of(tmp_path, code, spec) == []


def test_files_under_declared_paths_are_watched(tmp_path: Path) -> None:
    """`paths`: a read-only tool that writes there is found; one that reads is not; elsewhere is not looked at."""
    (tmp_path / "data").mkdir()
    spec = "tools: {tool: {annotations: {read_only: true}, checks: {read_only: {paths: [data]}}}}\n"
    here = f"import pathlib\nhere = pathlib.Path({str(tmp_path)!r})\n"
    writes = 'def tool() -> str:\n    path = here / "{}" / "log.txt"\n    path.write_text(path.read_text() + "x" if path.exists() else "x")\n    return "ok"\n'
    [finding] = findings_of(tmp_path, here + writes.format("data"), spec)
    assert finding == "tool: read_only: tool is not read_only: called with {} it changes the file data/log.txt"
    assert findings_of(tmp_path, here + writes.format("."), spec) == []


def test_the_spec_overrides_the_annotation(tmp_path: Path) -> None:
    """`checks: {idempotent: false}` and `annotations: {idempotent: false}` both switch it off; `ignore` narrows it."""
    code = HEAD + PAIRS["a balance that falls"][1]
    for keys in (
        "annotations: {idempotent: true}, checks: {idempotent: false}",
        "annotations: {idempotent: false}",
        "annotations: {idempotent: true}, variations: {exclude: [repeat]}",
        "annotations: {idempotent: true}, checks: {idempotent: {ignore: [/balance]}}",
    ):
        assert findings_of(tmp_path, code, f"tools: {{tool: {{{keys}}}}}\n") == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4, 5], "moves by 1 with each call"),
        ([5, 1, 4, 2, 3], None),
        ([1, 1, 1, 2, 2], None),
        (["a", "aa", "aaa", "aaaa", "aaaaa"], "grows with each call"),
        ([True, False] * 4, "goes to and fro with each call"),
        ([True, False, False, True, False, True, True, False], None),
        (["no 7", "no 8", "no 9", "no 10", "no 11"], "moves by 1 with each call"),
        (["12:00:01", "12:00:02", "12:00:03", "12:00:04", "12:00:05"], None),
    ],
)
def test_what_is_a_trend(values: list[object], expected: str | None) -> None:
    """Even steps, growth, to and fro; never an instant, never chance."""
    trend = trend_in([{"": value} for value in values])
    assert (trend.how if trend else None) == expected


def test_a_window_that_fails_in_a_spoiled_state_is_looked_through_in_a_new_one(tmp_path: Path) -> None:
    """What earlier cases left here makes the listing crash; newly imported it shows that a lookup stores something."""
    code = """
    items = {"a": 1}
    def list_items() -> list:
        return sorted(items)
    def look_up(key: str) -> int:
        return items.setdefault(key, 0)
    """
    spec = "defaults: {annotations: {read_only: true}, variations: {categories: [example, type, repeat]}}\n"
    assert any("look_up is not read_only" in finding for finding in findings_of(tmp_path, code, spec, cases=True))


class Coin:
    """A window that shows these sides, one a look."""

    def __init__(self, sides: str) -> None:
        self.sides = iter(sides)

    def look(self, _session: object, _about: object) -> dict[str, str]:
        """Show the next."""
        return {"coin /side": next(self.sides)}


def test_a_coin_that_shows_the_same_side_for_a_while_is_still_a_coin() -> None:
    """Three equal looks before a call and three other ones after it prove nothing where further looks differ."""
    for further, caused in (("htthhthtthht" + "ttt", []), ("t" * 15, ["coin /side"])):
        watch = Watch(None, [Coin("hhh" + "ttt" + further)], {})  # type: ignore[arg-type,list-item]
        before, after = watch.settle(), watch.settle()
        assert [change.place for change in watch.caused(before, after, 0.0)] == caused


def test_what_has_just_been_made_is_not_marked_by_being_read(tmp_path: Path) -> None:
    """Things that were read before are marked already; a reader that says when it was last asked is no writer."""
    code = """
    mails = {}
    def create_mail(text: str) -> dict:
        mails[len(mails) + 1] = {"id": len(mails) + 1, "text": text, "is_read": False, "seen_at": None}
        return dict(mails[len(mails)])
    def read_mail(id: int) -> dict:
        if id not in mails: raise ValueError(f"no mail {id}")
        MARK
        return {"text": mails[id]["text"]}
    def list_mails() -> list:
        return [dict(mail) for mail in mails.values()]
    """
    spec = """
    tools:
      create_mail: {variations: {categories: [example]}}
      list_mails: {annotations: {read_only: true}, variations: {categories: [example]}}
      read_mail: {annotations: {read_only: true}, variations: {categories: [example, repeat]}}
    """
    marked = "mails[id]['is_read'] = True"
    [found] = [
        line for line in findings_of(tmp_path, code.replace("MARK", marked), spec, cases=True) if "read_only" in line
    ]
    assert "read_mail is not read_only" in found
    for asked in ("['last_read_at'] = id", "['seen_at'] = '2026-01-02T03:04:05Z'"):
        assert not findings_of(tmp_path, code.replace("MARK", f"mails[id]{asked}"), spec, cases=True)
