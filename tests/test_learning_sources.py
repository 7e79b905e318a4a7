"""Where a base is learned from: lists of plain values, other read-only tools, creators that need what others made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.cases import base_candidates
from pytest_toolcheck.errors import Position
from pytest_toolcheck.learning import learn_from_siblings
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import PythonTarget, Spec, ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome, ToolDescription

from .behaviour_lab import findings_of

Answer = Callable[[Mapping[str, Any]], Any]


def takes(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}


def refuse(wrong: bool) -> None:
    if wrong:
        raise ValueError("no such thing")


def about_projects(given: Mapping[str, Any]) -> Any:
    refuse(given["project"] != "apollo-7x")
    return "it flies"


def about_items(given: Mapping[str, Any]) -> Any:
    refuse(given["item_id"] not in ("it-4711", "it-4712"))
    return {"price": 1}


def about_accounts(given: Mapping[str, Any]) -> Any:
    refuse(given["account_id"] != "acc_x1")
    return {"sent": True}


class Stay:
    """A guest leaves who has come."""

    def __init__(self) -> None:
        self.state = "none"

    def book(self, _given: Mapping[str, Any]) -> Any:
        self.state = "booked"
        return {"booking_id": "b-4711"}

    def come(self, given: Mapping[str, Any]) -> Any:
        refuse(given["booking_id"] != "b-4711" or self.state != "booked")
        self.state = "in"
        return "welcome"

    def go(self, given: Mapping[str, Any]) -> Any:
        refuse(given["booking_id"] != "b-4711" or self.state != "in")
        return "good bye"


def stay() -> dict[str, tuple[dict[str, Any], Answer]]:
    made = Stay()
    return {
        "check_out": (takes("booking_id"), made.go),
        "check_in": (takes("booking_id"), made.come),
        "reserve_room": (takes("guest"), made.book),
    }


class Tasks:
    """A task needs a project, which needs a team."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def make(self, kind: str, *needed: str) -> Answer:
        def making(given: Mapping[str, Any]) -> Any:
            refuse(any(given[name] not in self.made for name in needed))
            self.made.append(f"{kind}-{len(self.made) + 70}")
            return {f"{kind}_id": self.made[-1]}

        return making

    def estimate(self, given: Mapping[str, Any]) -> Any:
        refuse(given["task_id"] not in self.made or not given["task_id"].startswith("task"))
        return {"days": 3}


def tasks() -> dict[str, tuple[dict[str, Any], Answer]]:
    made = Tasks()
    return {
        "estimate_task": (takes("task_id"), made.estimate),
        "create_task": (takes("project_id"), made.make("task", "project_id")),
        "create_project": (takes("team_id"), made.make("project", "team_id")),
        "create_team": (takes("name"), made.make("team")),
    }


FILE_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,40}$"}
MOVED = {
    "type": "object",
    "properties": {"source": FILE_NAME, "target": FILE_NAME},
    "required": ["source", "target"],
}


def files() -> dict[str, tuple[dict[str, Any], Answer]]:
    """A file is moved to where none is, and whoever wrote files before has taken every name that is usually tried."""
    taken = {"xyz", *(given["target"] for given in islice(base_candidates(MOVED), 300))}

    def move(given: Mapping[str, Any]) -> Any:
        refuse(given["source"] != "xyz" or given["target"] in taken)

    return {"move_file": (MOVED, move), "list_files": (takes(), lambda _given: ["xyz"])}


def places() -> dict[str, tuple[dict[str, Any], Answer]]:
    """A key that its caller chooses: what sets it makes it."""
    known: dict[str, Any] = {}

    def read(given: Mapping[str, Any]) -> Any:
        refuse(given["place"] not in known)
        return known[given["place"]]

    def put(given: Mapping[str, Any]) -> Any:
        known[given["place"]] = dict(given)
        return "saved"

    return {"get_place": (takes("place"), read), "set_place": (takes("place", "lat"), put)}


STAY = {"$ref": "#/$defs/Stay", "$defs": {"Stay": {"type": "object", "properties": {"booking_id": {"type": "string"}}}}}


TARGETS: dict[str, Callable[[], dict[str, tuple[dict[str, Any], Answer]]]] = {
    "a list of plain values": lambda: {
        "describe_project": (takes("project"), about_projects),
        "list_projects": (takes(), lambda _given: ["apollo-7x", "gemini-9"]),
    },
    "ids beside their number": lambda: {
        "get_item": (takes("item_id"), about_items),
        "list_items": (takes(), lambda _given: {"ids": ["it-4711", "it-4712"], "total": 2}),
    },
    "who am I": lambda: {
        "transfer": (takes("account_id"), about_accounts),
        "whoami": (takes(), lambda _given: {"user": "me", "account_ids": ["acc_x1"]}),
    },
    "three levels": tasks,
    "a step before": stay,
    "a short name in a sentence": lambda: {
        "get_note": (takes("note_id"), lambda given: refuse(given["note_id"] != "note-10")),
        "create_note": (takes("title"), lambda _given: "Created note-10"),
    },
    "one that is there and one that is not": files,
    "a verb of its own": lambda: {
        "close_order": (takes("order_id"), lambda given: refuse(given["order_id"] != "o-4711")),
        "open_order": (takes("customer"), lambda _given: {"order_id": "o-4711", "state": "open"}),
    },
    "a parameter called as the thing": lambda: {
        "get_cart": (takes("cart"), lambda given: refuse(given["cart"] != "cart-4711")),
        "new_cart": (takes("currency"), lambda given: {"id": "cart-4711", "lines": {}, **given}),
    },
    "an id that only the output schema speaks of": lambda: {
        "check_in": (takes("booking_id"), lambda given: refuse(given["booking_id"] != "b-4711")),
        "reserve_room": (takes("guest"), lambda _given: {"booking_id": "b-4711"}),
    },
    "a place that is put where it was not": places,
    "an id that does not say of what": lambda: {
        "count_words": (takes("id"), lambda given: refuse(given["id"] != "T-4711")),
        "create_task": (takes("title"), lambda _given: {"id": "T-4711"}),
    },
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_base_is_learned_from_the_siblings(name: str) -> None:
    """The first tool is proven with what the others answer."""
    tools = TARGETS[name]()

    def call_tool(tool: str, given: Mapping[str, Any]) -> Outcome:
        try:
            return Outcome("accepted", 1, value=tools[tool][1](given))
        except ValueError as error:
            return Outcome("refused", 1, error=CallError("ValueError", str(error)))

    siblings = tuple(
        ToolDescription(
            tool,
            input_schema=schema,
            output_schema=STAY if tool == "reserve_room" else None,
            annotations={"read_only": not schema["required"]},
        )
        for tool, (schema, _) in tools.items()
    )
    first = siblings[0]
    path = Path("x.tool.yaml")
    spec = Spec(path, PythonTarget("x"), Position(path, 1, 1), ToolSpec(""), {}, discovers_tools=True)
    plan = ToolPlan(spec, ToolSpec(first.name, input=first.input_schema), first, siblings)
    found = learn_from_siblings(plan, lambda given: call_tool(first.name, given), call_tool)
    assert found is not None
    assert found[0].base is not None


GOING = """
ids, rows = iter(range(101, 999)), {}

def create_task(title: str) -> dict:
    key = f"T-{next(ids)}"
    rows[key] = 2
    return {"id": key}

def count_words(id: str, times: int) -> dict:
    if id not in rows:
        raise ValueError("id: there is no such task")
    if not 1 <= times <= 9:
        raise ValueError("times: 1 to 9")
    rows[id] -= 1
    if not rows[id]:
        del rows[id]
    return {"words": 90 // (10 - times)}
"""


def test_a_learned_base_that_has_gone_is_learned_again(tmp_path: Path) -> None:
    """Others remove what a base names, or it is used up: with another one each case is tried, and the correct twin passes."""
    times = "{type: integer, minimum: 1, maximum: 9}"
    schema = f"{{type: object, properties: {{id: {{type: string}}, times: {times}}}, required: [id, times]}}"
    spec = f"tools: {{create_task: {{variations: {{categories: [example]}}}}, count_words: {{variations: {{categories: [boundary]}}, input: {schema}}}}}\n"
    [finding] = findings_of(tmp_path, GOING.replace("(10 -", "(9 -"), spec, cases=True)
    assert finding.startswith("count_words: no_crash: count_words crashed: ZeroDivisionError")
    assert findings_of(tmp_path, GOING, spec, cases=True) == []
