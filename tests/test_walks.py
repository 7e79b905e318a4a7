"""Walks: what goes wrong only after two or three calls of tools that work on one thing."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from pytest_toolcheck.chains.walks import orders, walk_scenarios

from .behaviour_lab import findings_of, plans_in

ORDERS = """
from typing import Literal, TypedDict

class Order(TypedDict):
    order_id: str
    state: Literal["open", "closed"]

ROWS = {}

def at(order_id):
    if order_id not in ROWS:
        raise ValueError("unknown order_id")
    return ROWS[order_id]

def open_order(customer: str) -> Order:
    key = f"o{len(ROWS) + 1}"
    ROWS[key] = {"order_id": key, "lines": 0, "state": "open"}
    return {"order_id": key, "state": "open"}

def fill_order(order_id: str, count: int) -> Order:
    row = at(order_id)
    if row["state"] != "open":
        raise ValueError("the order is closed")
    row["lines"] += 1
    return {"order_id": order_id, "state": row["state"]}

def close_order(order_id: str) -> Order:
    row = at(order_id)
    row["state"] = "closed"
    return {"order_id": order_id, "state": row["state"]}
"""
JOBS = """
from typing import TypedDict

class Job(TypedDict):
    job_id: str

STATES, QUEUE = {}, []

def submit_job(kind: str) -> Job:
    key = f"j{len(STATES) + 1}"
    STATES[key] = "queued"
    QUEUE.append(key)
    return {"job_id": key}

def run_next() -> Job | None:
    if not QUEUE:
        return None
    key = QUEUE.pop(0)
    STATES[key] = "done"
    return {"job_id": key}

def job_state(job_id: str) -> str:
    if not job_id.startswith("j") or not job_id[1:].isdecimal() or int(job_id[1:]) > len(STATES):
        raise ValueError("unknown job_id")
    return STATES[job_id]
"""
TIMER = """
RUNNING = {"since": None}

def start_timer() -> str:
    RUNNING["since"] = 1
    return "started"

def stop_timer() -> int:
    if RUNNING["since"] is None:
        raise ValueError("it is not running")
    passed = 2 - RUNNING["since"]
    RUNNING["since"] = None
    return passed
"""
PAIRS = {
    "closed after a line was added": (
        ORDERS, 'row["state"] = "closed"', 'row["state"] = "closing" if row["lines"] else "closed"',
        "open_order: output_schema: close_order returned what its output schema forbids: 'closing'",
    ),
    "closed twice": (
        ORDERS, 'row["state"] = "closed"', 'row["state"] = {"open": "closed"}[row["state"]]',
        "open_order: no_crash: close_order crashed: KeyError: 'closed'",
    ),
    "forgotten when it was run": (
        JOBS, 'STATES[key] = "done"', "STATES[key] = STATES.pop(key) and None",
        "submit_job: output_schema: job_state returned what its output schema forbids: None",
    ),
    "stopped before it was started": (
        TIMER, '    if RUNNING["since"] is None:\n        raise ValueError("it is not running")\n', "",
        "start_timer: no_crash: stop_timer crashed: TypeError",
    ),
}  # fmt: skip
TOOLS = {
    ORDERS: "[open_order, fill_order, close_order]",
    TIMER: "[start_timer, stop_timer]",
    JOBS: "[submit_job, run_next, job_state]",
}


def walked(folder: Path, code: str, names: str) -> list[str]:
    tools = "".join(f"  {name}: {{}}\n" for name in names.strip("[]").split(", "))
    return findings_of(folder, code, f"tools:\n{tools}", room=walk_scenarios)


@pytest.mark.parametrize("name", PAIRS)
def test_what_only_an_order_of_calls_shows_is_found(name: str, tmp_path: Path) -> None:
    """Each pair: the faulty tool is named, and its twin, which refuses what comes at the wrong time, is not accused."""
    code, right, wrong, expected = PAIRS[name]
    [finding] = walked(tmp_path, code.replace(right, wrong), TOOLS[code])
    assert finding.startswith(expected)
    assert walked(tmp_path, code, TOOLS[code]) == []


STRANGERS = """
def add_numbers(a: int, b: int) -> int:
    return a + b

def shout(text: str) -> str:
    return text.upper()

def start_words(text: str) -> list[str]:
    return text.split()[:1]
"""


def test_tools_that_share_nothing_are_not_walked(tmp_path: Path) -> None:
    """No name and no schema says that they work on one thing: no item is made of them."""
    plans = plans_in(tmp_path, STRANGERS, "tools: {add_numbers: {}, shout: {}, start_words: {}}\n")
    assert [scenario for plan in plans for scenario in walk_scenarios(plan)] == []


def test_a_group_is_walked_once(tmp_path: Path) -> None:
    """The first tool with a verb of its own has the item."""
    plans = plans_in(tmp_path, ORDERS, "tools: {open_order: {}, fill_order: {}, close_order: {}}\n")
    found = [(plan.tool.name, scenario.id) for plan in plans for scenario in walk_scenarios(plan)]
    assert found == [("open_order", "walk[open_order-fill_order-close_order]")]


@pytest.mark.parametrize(("count", "length"), [(2, 4), (4, 4), (6, 3)])
def test_every_order_of_a_few_steps_comes(count: int, length: int) -> None:
    """Four steps in every order, three where there are many tools, in no more calls than that needs."""
    row = list(orders(count))
    rows = {tuple(row[at : at + length]) for at in range(len(row) - length + 1)}
    assert rows == set(product(range(count), repeat=length))
    assert len(row) == count**length + length - 1
