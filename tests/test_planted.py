"""Planted bugs: the cheap parts of the benchmark; `python -m tests.benchmarks.generators` runs all of it."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import re
from pathlib import Path

import pytest

from pytest_toolcheck.cases import generate_cases

from .benchmarks.generators.bench import found_in
from .benchmarks.generators.catalogue import PAIRS
from .benchmarks.generators.found import Found
from .benchmarks.generators.generators import Result
from .benchmarks.generators.page import PAGE, rewritten
from .benchmarks.generators.peers import mcp_fuzzer, plain, schemathesis
from .benchmarks.generators.table import by_class, losses, misjudged, overall

FAST = ("amount", "initial", "shelf", "export", "last", "keys", "headers", "trace")
OVER_CALLS = ("behaviour: idempotent", "behaviour: deterministic", "behaviour: pure", "behaviour: non_blocking",
              "behaviour: a hang", "behaviour: file descriptors leak", "behaviour: threads leak",
              "behaviour: sessions share state", "behaviour: fails after some calls", "behaviour: read_only",
              "behaviour: tasks leak", "behaviour: child processes leak", "behaviour: an error as a success")  # fmt: skip
"""What shows over many calls, in time or in the process: one answer alone is the same."""
SELECTIVE = {"square": "too large", "due": "beyond the calendar", "packed": "", "convert": "unit:", "clock": "zone:",
             "after": "must be one of", "between": "ratio must", "listing": "tags:"}  # fmt: skip
"""Tools that refuse some valid inputs, cleanly, for reasons that no schema can state."""


def answers(pair, *, buggy: bool):
    """Return a function that calls the tool once: the kind of its answer, and what it said."""
    names: dict = {}
    exec(compile(pair.source(buggy=buggy), pair.name, "exec"), names | {"__file__": pair.name}, names)
    tool = names[pair.name]
    tool.__globals__.update(names)

    def call(given: dict) -> tuple[str, str]:
        given = copy.deepcopy(given)
        try:
            inspect.signature(tool).bind(**given)
        except TypeError:
            return "refused", "the signature"
        try:
            result = tool(**given)
            return "accepted", repr(asyncio.run(result) if inspect.isawaitable(result) else result)
        except UnicodeError as error:
            return "crashed", repr(error)
        except ValueError as error:
            return "refused", str(error)
        except Exception as error:
            return "crashed", repr(error)

    return call


def test_there_are_enough_pairs_of_each_class():
    """Sixty pairs at least, each with a name of its own, in Python, MCP and HTTP form."""
    assert len({pair.name for pair in PAIRS}) == len(PAIRS) >= 120
    families = {pair.bug_class.partition(":")[0] for pair in PAIRS}
    assert families == {"edge", "bound", "forbidden", "branch", "reference", "interaction", "refusal", "result",
                        "behaviour", "learning"}  # fmt: skip
    assert sum(pair.forms == ("python", "mcp", "http") for pair in PAIRS) >= 100


@pytest.mark.parametrize("pair", [p for p in PAIRS if p.bug_class not in OVER_CALLS], ids=lambda pair: pair.name)
def test_a_pair_differs_and_its_twin_is_right(pair):
    """The buggy tool answers some input otherwise; its twin crashes nowhere and takes what its schema allows, no more."""
    buggy, correct, differs = answers(pair, buggy=True), answers(pair, buggy=False), False
    given = {json.dumps(case.input): case for case in generate_cases(pair.schema) if isinstance(case.input, dict)}
    hints = {"convert": {"amount": 0, "unit": "league"}, "clock": {"zone": "Oslo", "hour": 23}, "add": {"a": 2, "b": 2},
             "after": {"unit": "firkin", "currency": "NOK", "amount": 9}, "between": {"ratio": 2.6, "count": 9},
             "listing": {"tags": ["hot"], "count": 9}}  # fmt: skip
    for case in given.values():
        kind, said = correct(case.input)
        differs = differs or buggy(case.input) != (kind, said)
        assert kind != "crashed", (case.id, said)
        if case.label == "invalid":
            assert kind == "refused", case.id
        elif not any(isinstance(v, float) and v.is_integer() for v in flat(case.input)):
            assert kind == "accepted" or SELECTIVE.get(pair.name, "-") in said, (case.id, said)
    if pair.name in hints:
        assert correct(hints[pair.name])[0] == "accepted"
        differs = differs or buggy(hints[pair.name]) != correct(hints[pair.name])
    assert differs


def flat(value):
    """Yield what a value holds at every depth."""
    if isinstance(value, dict):
        for item in value.values():
            yield from flat(item)
    elif isinstance(value, list):
        for item in value:
            yield from flat(item)
    else:
        yield value


@pytest.mark.usefixtures("hypothesis_home", "plugins_by_name")
def test_planted_bugs_are_found_and_their_twins_not_accused(tmp_path: Path) -> None:
    """Each buggy tool has a finding; each correct twin has none, and really was called."""
    pairs = [pair for pair in PAIRS if pair.name in FAST]
    assert len(pairs) == len(FAST)
    assert misjudged(pairs, found_in(pairs, tmp_path, limit=100, fuzz=0)) == []


@pytest.mark.usefixtures("hypothesis_home", "plugins_by_name")
def test_planted_bugs_are_found_over_http(tmp_path: Path) -> None:
    """The same definition served by a real server with its OpenAPI document: found, and no twin accused."""
    pairs = [pair for pair in PAIRS if pair.name in ("initial", "seats")]
    assert misjudged(pairs, found_in(pairs, tmp_path, form="http", fuzz=0)) == []


@pytest.mark.usefixtures("hypothesis_home", "plugins_by_name")
def test_planted_behaviour_is_found_over_mcp(tmp_path: Path) -> None:
    """Hints switch the checks on; a leak and an error as a success show in the server too."""
    pairs = [pair for pair in PAIRS if pair.name in ("toggle", "handles", "looked_up")]
    assert misjudged(pairs, found_in(pairs, tmp_path, form="mcp", limit=8, fuzz=0)) == []


def test_the_page_takes_the_tables_between_its_marks() -> None:
    """The command writes each table where the page of the docs has its mark, and leaves the rest; a lost mark is told."""
    page = PAGE.read_text(encoding="utf-8")
    names = ("overall", "classes", "losses", "mutants")
    new = rewritten(page, {name: f"new {name}" for name in names})
    assert all(f"<!-- {name} -->\n\nnew {name}\n\n<!-- end -->" in new for name in names)
    assert new.partition("<!-- overall")[0] == page.partition("<!-- overall")[0]
    assert rewritten(new, {"overall": "again"}).count("<!-- end -->") == 4
    with pytest.raises(ValueError, match="the mark `<!-- gone -->`"):
        rewritten(page, {"gone": ""})


def test_the_page_tells_results_only_between_its_marks() -> None:
    """Words that the command does not write hold no figure of a result: none can go stale beside a new table."""
    outside = re.sub(r"<!-- (\w+) -->.*?<!-- end -->", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    ours = re.findall(r"\w*\d[\w.]*", re.sub(r"`[^`]*`", "", outside))
    assert set(ours) <= {"100", "240", "2.0", "2", "1.0"}, "figures of how it is run, and values that tools are sent"
    assert not {pair.name for pair in PAIRS} & set(re.findall(r"`(\w+)`", outside))


class TestReports:
    """What is read from the peers' reports, and what becomes of it in the tables."""

    def test_schemathesis(self, tmp_path):
        """Calls are counted per operation over all phases; the first failed check is the first finding."""
        failed = {"status": "failure", "failure_info": {"failure": {"title": "Server error", "message": ""}}}
        scenarios = [
            {"label": "POST /tools/a", "interactions": {"1": {}, "2": {}}, "checks": {"1": [{"status": "success"}]}},
            {"label": "POST /tools/a", "interactions": {"3": {}, "4": {}}, "checks": {"3": [failed], "4": [failed]}},
            {"label": "POST /tools/b"},
        ]
        report = tmp_path / "events.ndjson"
        lines = [json.dumps({"ScenarioFinished": {"recorder": scenario}}) for scenario in scenarios]
        report.write_text("\n".join([json.dumps({"EngineStarted": {}}), *lines, '{"Scenario']))
        found = schemathesis.read(report)
        assert {name: (seen.calls, seen.first, len(seen.findings)) for name, seen in found.items()} == {"a": (4, 3, 2)}
        assert schemathesis.read(tmp_path / "none") == {}

    def test_mcp_fuzzer(self, tmp_path):
        """Findings have the number of their run; exceptions are found again by what was sent."""
        place = tmp_path / "sessions" / "1"
        place.mkdir(parents=True)
        tools = [
            {"name": "a", "runs": 9, "exception_details": [{"message": "no", "arguments": {"n": 2}}]},
            {"name": "b", "runs": 9, "exception_details": []},
        ]
        (place / "now_fuzzing_results.json").write_text(json.dumps({"data": {"tools_tested": tools}}))
        findings = [{"target": "b", "category": "accepted", "run": None, "evidence": {"runs": [5, 3]}}]
        (tmp_path / "findings.json").write_text(json.dumps({"findings": findings}))
        found = mcp_fuzzer.read(tmp_path, {"a": [{"n": 1}, {"n": 2}]})
        assert {name: (seen.calls, seen.first) for name, seen in found.items()} == {"a": (9, 2), "b": (9, 4)}

    def test_plain(self, tmp_path):
        """One line a tool, which stops at its first finding."""
        lines = [{"tool": "a", "finding": None, "calls": 100}, {"tool": "b", "finding": "it broke", "calls": 7}]
        (tmp_path / "found.jsonl").write_text("\n".join(map(json.dumps, lines)))
        found = plain.read(tmp_path / "found.jsonl")
        assert found == {"a": Found(100), "b": Found(7, first=7, findings=("it broke",))}

    def test_a_finding_after_the_budget_does_not_count(self):
        """All generators are given the same number of calls, those too that make more."""
        late = Found(300, first=200, findings=("x",))
        assert late.within(100) == Found(100)
        assert late.within(200).findings == ("x",)

    def test_only_what_is_told_apart_counts(self):
        """A finding in the buggy tool counts where its twin has none; losses name the peers that did better."""
        first, second = PAIRS[:2]
        everything = {("buggy", p.name): Found(9, first=4, findings=("x",)) for p in (first, second)}
        accusing = everything | {("correct", first.name): Found(9, first=1, findings=("x",))}
        ours = Result("toolcheck", "python", [first, second], accusing)
        peer = Result("peer", "python", [first, second], everything)
        assert overall([ours]).splitlines()[-1] == "| toolcheck | python | 2 | 2 | 1 | 1 | 4 | 9 |"
        assert by_class([first, second], [ours, peer]).splitlines()[-1] == "| edge | 1 of 2 | 2 of 2 |"
        assert losses([first, second], [ours, peer]) == [
            f"{first.name} ({first.bug_class}): not in python; peers: peer"
        ]
