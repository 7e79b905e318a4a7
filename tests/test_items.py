"""Each case is a pytest item: ids, marks, fixtures, selection, and life beside other plugins."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from pytest_toolcheck.events import read_events
from pytest_toolcheck.report.totals import count

from .specs import PLUGINS, RESERVE, SUBPROCESS, WORKERS, events, run, write_tool

BROKEN = RESERVE.replace("<= 8", "<= 9")
SPEC = """
tools:
  reserve:
    input:
      type: object
      properties: {seats: {type: integer, minimum: 1, maximum: 8, description: how many}}
      required: [seats]
      additionalProperties: false
    variations: {fuzz: 0, limit: 30}
"""


def collected(pytester: pytest.Pytester, *args: str) -> list[str]:
    """Return the ids that `--collect-only -q` shows."""
    result = run(pytester, "--collect-only", "-q", *args)
    return [line for line in result.outlines if "::" in line]


def test_ids_are_readable_unique_stable_and_selectable(pytester: pytest.Pytester) -> None:
    """`file::tool::category[pointer:detail]`, the same each time, and each can be run by its id."""
    write_tool(pytester, RESERVE, SPEC.replace(", limit: 30", ""))
    ids = collected(pytester)
    assert "shop.tool.yaml::reserve::valid_call" in ids
    assert any(re.fullmatch(r"shop\.tool\.yaml::reserve::boundary\[seats:.+\]", name) for name in ids)
    assert len(set(ids)) == len(ids) > 15
    assert all(name.count("::") == 2 and "=" not in name and name.isprintable() for name in ids)
    assert ids == collected(pytester)
    run(pytester, "--toolcheck-log=off", *ids).assert_outcomes(passed=len(ids))
    for name in ids[::7]:
        assert collected(pytester, name) == [name]


def test_an_example_bears_its_name(pytester: pytest.Pytester) -> None:
    """`name` of an example is in its id; without one, or where another reads alike, it is counted."""
    names = ["name: 'full: house=8', ", "", "name: a=b, ", "name: a_b, ", "name: base, ", "name: '4', "]
    examples = [f"{{{name}input: {{seats: {seats}}}}}" for seats, name in enumerate(names, 1)]
    write_tool(pytester, RESERVE, SPEC + f"    examples: [{', '.join(examples)}]\n")
    chosen = [name.rpartition("::")[2] for name in collected(pytester, "-k", "example")]
    assert sorted(chosen) == [
        "example[2]",
        "example[3]",
        "example[4]",
        "example[5]",
        "example[6]",
        "example[full: house_8]",
    ]
    one = "shop.tool.yaml::reserve::example[full: house_8]"
    run(pytester, "--toolcheck-log=off", one).assert_outcomes(passed=1)


def test_selection_by_keyword_reaches_into_the_ids(pytester: pytest.Pytester) -> None:
    """`-k` with a category selects its cases only."""
    write_tool(pytester, RESERVE, SPEC)
    chosen = collected(pytester, "-k", "boundary")
    assert chosen
    assert all("::boundary[" in name for name in chosen)


def test_the_location_points_at_the_spec(pytester: pytest.Pytester) -> None:
    """A case is reported at its parameter's or its tool's line of the spec."""
    write_tool(pytester, RESERVE, SPEC)
    items, _recorder = pytester.inline_genitems(*PLUGINS)
    places = {item.name: item.reportinfo()[:2] for item in items}
    assert places["valid_call"] == (pytester.path / "shop.tool.yaml", 4)
    boundary = next(place for name, place in places.items() if name.startswith("boundary[seats"))
    assert boundary == (pytester.path / "shop.tool.yaml", 7)


def test_marks_of_the_spec_select_cases(pytester: pytest.Pytester) -> None:
    """`mark: [slow]` puts the mark on every case of the tool; an undeclared one is refused under strict markers."""
    pytester.makeini("[pytest]\nmarkers =\n    slow: takes its time\naddopts = --strict-markers\n")
    write_tool(pytester, RESERVE, SPEC + "    mark: [slow]\n")
    assert collected(pytester, "-m", "slow")
    assert not collected(pytester, "-m", "not slow")
    write_tool(pytester, RESERVE, SPEC + "    mark: [fast]\n")
    run(pytester).stdout.fnmatch_lines(["*shop.tool.yaml:*: mark 'fast': 'fast' not found in `markers`*"])


def test_skip_and_xfail_name_cases_and_checks(pytester: pytest.Pytester) -> None:
    """`skip` and `xfail` with a reason; an xfail by `check` forgives that check only, and is strict."""
    pytester.makefile(".py", shop=BROKEN)
    found = 'xfail: {reason: the bound is known, cases: "boundary[[]seats:9*", check: rejects_invalid}'
    whole = SPEC.replace(", limit: 30", "")
    write_tool(pytester, BROKEN, whole + "    skip: {reason: no text today, cases: 'type*'}\n")
    skipped = run(pytester, "--toolcheck-log=off", "-rs").parseoutcomes()
    assert skipped["skipped"] >= 4
    assert skipped["failed"] >= 1
    shown = run(pytester, "--toolcheck-log=off", "-rf", "-q").stdout.str()
    failing = [name for name in collected(pytester) if name in shown]
    assert len(failing) == 1, found
    case = failing[0].rpartition("::")[2]
    write_tool(pytester, BROKEN, SPEC + f"    xfail: {{reason: known, cases: '{case}', check: rejects_invalid}}\n")
    assert run(pytester, "--toolcheck-log=off").parseoutcomes()["xfailed"] == 1
    write_tool(pytester, BROKEN, SPEC + f"    xfail: {{reason: known, cases: '{case}', check: clean_error}}\n")
    assert run(pytester, "--toolcheck-log=off").parseoutcomes()["failed"] == 1
    write_tool(pytester, RESERVE, SPEC + f"    xfail: {{reason: known, cases: '{case}', check: rejects_invalid}}\n")
    result = run(pytester, "--toolcheck-log=off")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*XPASS(strict)*known*"])


def test_fixtures_of_every_scope_reach_cases(pytester: pytest.Pytester) -> None:
    """Autouse fixtures run; a module-scoped one lives as long as the spec file."""
    pytester.makeconftest(
        """
        import pathlib, pytest
        calls = pathlib.Path("calls.txt")
        @pytest.fixture(autouse=True, scope="module")
        def module():
            with calls.open("a") as f: f.write("module\\n")
        @pytest.fixture(autouse=True)
        def function():
            with calls.open("a") as f: f.write("function\\n")
        """
    )
    write_tool(pytester, RESERVE, SPEC)
    passed = run(pytester, "--toolcheck-log=off").parseoutcomes()["passed"]
    lines = (pytester.path / "calls.txt").read_text().split()
    assert lines.count("module") == 1
    assert lines.count("function") == passed


def test_a_fixture_fills_an_example(pytester: pytest.Pytester) -> None:
    """`${fixture:name}` in an input is the fixture's value when the case runs."""
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef stocked():\n    return 'A-1'\n")
    write_tool(
        pytester,
        'def look(sku: str) -> str:\n    """Look."""\n    if sku != "A-1":\n        raise ValueError("sku: unknown")\n    return sku\n',
        'tools:\n  look:\n    examples: [{input: {sku: "${fixture:stocked}"}, expect: {equals: A-1}}]\n',
    )
    result = run(pytester, "--toolcheck-log=off", "-k", "example")
    result.assert_outcomes(passed=result.parseoutcomes()["passed"], deselected=result.parseoutcomes()["deselected"])


def test_the_first_failure_can_stop_the_run_and_the_last_failed_run_again(pytester: pytest.Pytester) -> None:
    """`-x` stops at the first finding; `--lf` runs just that case again."""
    write_tool(pytester, BROKEN, SPEC)
    common = (*PLUGINS, "--toolcheck-log=off")
    assert pytester.runpytest_inprocess(*common, "-x").parseoutcomes()["failed"] == 1
    again = pytester.runpytest_inprocess(*common, "--lf").parseoutcomes()
    assert again["failed"] == 1
    assert "passed" not in again


def test_junit_has_one_entry_a_case(pytester: pytest.Pytester) -> None:
    """The JUnit file names every case, and a failure carries the finding's first line."""
    write_tool(pytester, BROKEN, SPEC)
    result = pytester.runpytest_inprocess(*PLUGINS, "--toolcheck-log=off", "--junitxml=out.xml")
    cases = list(ET.parse(pytester.path / "out.xml").iter("testcase"))
    assert len(cases) == sum(result.parseoutcomes().values())
    failures = [case.find("failure") for case in cases]
    messages = [failure.get("message", "") for failure in failures if failure is not None]
    assert len(messages) == 1
    assert messages[0].startswith("rejects_invalid: reserve accepted an input that its schema forbids")


def test_two_workers_do_what_one_does(pytester: pytest.Pytester) -> None:
    """`-n 2` runs every case once, with the ids, findings and coverage of a plain run, into one run's log and one merged file."""
    write_tool(pytester, BROKEN, SPEC)
    alone = run(pytester, "--toolcheck-log=off")
    chosen = ("--toolcheck-log=out.jsonl", "--toolcheck-coverage-fail-under=100")
    result = pytester.runpytest(*PLUGINS, *WORKERS, "-n", "2", *chosen)
    assert result.parseoutcomes() == alone.parseoutcomes()
    result.stdout.fnmatch_lines(["*rejects_invalid: reserve accepted an input that its schema forbids*", "log: *"])
    for each in (alone, result):
        each.stdout.fnmatch_lines(["shop.tool.yaml::reserve: *schema coverage 100.0 % (9 of 9)*"])
    result.stdout.no_fnmatch_line("FAILED schema coverage*")
    merged = pytester.path / "out.jsonl"
    assert {event["w"] for event in events(merged)} >= {"gw0", "gw1"}
    ended = [event["case"] for event in events(merged) if event["ev"] == "case.end"]
    assert sorted(ended) == sorted(collected(pytester))
    folder = next(path for path in (pytester.path / ".toolcheck/runs").iterdir() if path.is_dir())
    twice = [event for _ in range(2) for event in read_events(folder)]
    assert [(each.covered, each.total) for each in count(twice).coverages().values()] == [(9, 9)]


def test_random_order_changes_nothing(pytester: pytest.Pytester) -> None:
    """Under pytest-randomly, with any seed, the same cases fail."""
    write_tool(pytester, BROKEN, SPEC)
    plain = ("-p", "toolcheck", "-p", "no:cacheprovider", *PLUGINS[-2:], "--toolcheck-log=off")
    outcomes = [
        pytester.runpytest_inprocess(*plain, "-p", "randomly", "-q", f"--randomly-seed={n}").parseoutcomes()
        for n in (1, 2, 3)
    ]
    assert outcomes[0]["failed"] == 1
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_reruns_are_logged_as_attempts(pytester: pytest.Pytester) -> None:
    """pytest-rerunfailures repeats a failing case; the log counts the attempts."""
    write_tool(pytester, BROKEN, SPEC)
    result = pytester.runpytest_subprocess(*SUBPROCESS, "-p", "rerunfailures", "--reruns", "2", "--toolcheck-log=log")
    assert result.parseoutcomes()["rerun"] == 2
    attempts = [e["attempt"] for e in events(pytester.path / "log") if e["ev"] == "case.end" and e["attempt"] > 1]
    assert attempts == [2, 3]


def test_a_hard_limit_stands_behind_our_own(pytester: pytest.Pytester) -> None:
    """Each case bears a timeout mark for pytest-timeout, unless the user set a limit of their own."""
    write_tool(pytester, RESERVE, SPEC + "    timeout: 2s\n")
    items, _ = pytester.inline_genitems(*PLUGINS)
    marks = {mark.args for item in items for mark in item.iter_markers("timeout")}
    assert marks == {(72.0,)}
    items, _ = pytester.inline_genitems(*PLUGINS, "--timeout=5")
    assert not [mark for item in items for mark in item.iter_markers("timeout")]


def test_the_debugger_opens_at_a_finding(pytester: pytest.Pytester) -> None:
    """`--pdb` is entered for a finding as for any failure."""
    write_tool(pytester, BROKEN, SPEC)
    child = pytester.spawn_pytest(
        "-p toolcheck -p no:randomly -p no:cacheprovider --toolcheck-log=off --disable-plugin-autoload --pdb -x"
    )
    child.expect("rejects_invalid: reserve accepted")
    child.expect("Pdb")
    child.sendline("q")
    child.expect("1 failed")
    child.wait()


def test_a_broken_spec_is_one_error_without_a_traceback(pytester: pytest.Pytester) -> None:
    """A wrong spec is an error at collection with file, line and column; other files still run."""
    write_tool(pytester, RESERVE, SPEC)
    pytester.path.joinpath("wrong.tool.yaml").write_text("toolcheck: 1\ntarget: {python: shop.py}\ntols: {}\n")
    result = run(pytester, "--toolcheck-log=off", "--continue-on-collection-errors")
    result.stdout.fnmatch_lines(["wrong.tool.yaml:3:1: unknown key 'tols'*Did you mean 'tools'?*"])
    assert "Traceback" not in result.stdout.str()
    assert "site-packages" not in result.stdout.str()
    assert result.parseoutcomes()["errors"] == 1
    assert result.parseoutcomes()["passed"] > 10


def test_a_tool_that_declares_itself_destructive_is_left_alone(pytester: pytest.Pytester) -> None:
    """It is not called unless the spec names it, or allows all; the skip says why."""
    pytester.makepyfile(
        server="""
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
        server = MCPServer("files")
        def wipe(path: str) -> str:
            "Remove everything."
            open("called.txt", "w").close()
            return path
        server.add_tool(wipe, annotations=ToolAnnotations(destructive_hint=True))
        """
    )
    spec = pytester.path / "files.tool.yaml"
    spec.write_text("toolcheck: 1\ntarget: {mcp: {server: 'server:server'}}\n")
    pytester.syspathinsert()
    result = run(pytester, "--toolcheck-log=off", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * wipe: declares itself destructive: name it under tools:, or say allow: [[]destructive]"]
    )
    assert not (pytester.path / "called.txt").exists()
    spec.write_text("toolcheck: 1\ntarget: {mcp: {server: 'server:server'}}\nallow: [destructive]\n")
    assert run(pytester, "--toolcheck-log=off", "-k", "not fuzz").parseoutcomes()["passed"] > 3
    assert (pytester.path / "called.txt").exists()
