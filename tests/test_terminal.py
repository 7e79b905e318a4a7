"""The header and the summary section."""

from __future__ import annotations

import pytest

from .specs import RESERVE, run, write_tool
from .test_items import BROKEN, SPEC


def test_header_and_summary(pytester: pytest.Pytester) -> None:
    """One header line; per tool cases, valid accepted, invalid refused, unique and total calls; where the log is."""
    write_tool(pytester, BROKEN, SPEC)
    result = run(pytester, "--toolcheck-log=log")
    result.stdout.re_match_lines(
        [
            r"toolcheck: 1 spec, 1 tool, \d+ cases; log: log.\S+",
            r"=+ toolcheck =+",
            r"shop\.tool\.yaml::reserve: \d+ cases, valid accepted \d+ of \d+, invalid refused \d+ of \d+, \d+ calls \(\d+ unique\).*, 1 failed",
            r"findings, by cause \(1\):",
            r"  rejects_invalid: reserve accepted an input that its schema forbids: 9 is greater than the maximum of 8",
            r"log: log.\S+",
        ]
    )


def test_equal_causes_are_one_group(pytester: pytest.Pytester) -> None:
    """Many cases that fail for one reason are one line with their number."""
    write_tool(
        pytester,
        RESERVE.replace("type(seats) is not int", "seats in (2, 8) and len(seats)"),
        SPEC,
    )
    result = run(pytester, "--toolcheck-log=off")
    result.stdout.re_match_lines([r"  no_crash: reserve crashed: TypeError: .* \(and \d+ more with the same cause\)"])


def test_groups_that_read_alike_are_told_apart(pytester: pytest.Pytester) -> None:
    """Two parameters with the same fault are two lines, each with a case to run."""
    code = 'def add(a: int, b: int) -> int:\n    """Add."""\n    return int(a) + int(b)\n'
    write_tool(pytester, code, "defaults: {variations: {categories: [type], fuzz: 0}}\n")
    lines = [line for line in run(pytester, "--toolcheck-log=off").outlines if "1.5 is not of type 'integer'" in line]
    assert [line.rpartition("; in ")[2] for line in lines if line.startswith("  rejects")] == [
        "type[a:number 1.5]",
        "type[b:number 1.5]",
    ]


def test_what_a_terminal_would_obey_is_escaped(pytester: pytest.Pytester) -> None:
    """Line separators, marks of direction and escape sequences in inputs and messages are shown, not carried out."""
    code = """
    def shout(text: str) -> str:
        raise KeyError("\\x1b[2J\\u202e\\u2028" + text)
    """
    spec = """
    defaults: {variations: {categories: [example], fuzz: 0}}
    tools: {shout: {examples: [{input: {text: "a\\u2028b"}}]}}
    """
    write_tool(pytester, code, spec)
    shown = run(pytester, "--toolcheck-log=off").stdout.str()
    assert r'{"text": "a\u2028b"}' in shown
    assert not {"\x1b", "\u202e", "\u2028"} & set(shown)


def test_silence(pytester: pytest.Pytester) -> None:
    """Nothing is said where there were no specs; `-q` leaves the summary of a green run away, not the findings."""
    pytester.makepyfile("def test_one(event_log): pass")
    assert "== toolcheck" not in run(pytester).stdout.str()
    write_tool(pytester, RESERVE, SPEC)
    assert "toolcheck:" not in run(pytester, "-q").stdout.str()
    assert "= toolcheck =" not in run(pytester, "-q").stdout.str()
    write_tool(pytester, BROKEN, SPEC)
    quiet = run(pytester, "-q").stdout
    quiet.fnmatch_lines(["findings, by cause (1):"])
    assert "valid accepted" not in quiet.str()


def test_an_undecided_budget_is_told_quietly_too(pytester: pytest.Pytester) -> None:
    """Under `-q`, and without a log, the reason is all that tells it from a budget that was kept."""
    spec = """
    tools: {shout: {budgets: {memory: {peak: 1MiB}}, variations: {categories: [example], fuzz: 0},
            examples: [{input: {text: a}}]}}
    """
    write_tool(pytester, 'def shout(text: str) -> str:\n    """Shout."""\n    return text', spec)
    pytester.makeconftest(
        """
        import memray, pytest
        @pytest.fixture(autouse=True)
        def tracked(tmp_path):
            with memray.Tracker(tmp_path / "other.bin"): yield
        """
    )
    shown = run(pytester, "-q", "--toolcheck-log=off").stdout
    reason = "  budget: shout: memory not measured: another memray tracker is active*"
    shown.fnmatch_lines(["*= toolcheck =*", "warnings, by cause (1):", reason])
    assert "valid accepted" not in shown.str()


def test_colour_is_used_only_when_asked(pytester: pytest.Pytester) -> None:
    """`--color=no` gives plain text, `--color=yes` marks the section."""
    write_tool(pytester, RESERVE, SPEC)
    assert "\x1b[" not in run(pytester, "--color=no").stdout.str()
    coloured = run(pytester, "--color=yes").stdout.str()
    assert "\x1b[1m" in coloured
    assert "toolcheck" in coloured


def test_verbose_shows_every_group(pytester: pytest.Pytester) -> None:
    """More than ten groups are cut, unless `-v` is given."""
    names = [f"tool_{n}" for n in range(12)]
    code = "\n".join(f'def {name}(n: int) -> int:\n    """Say n."""\n    return n\n' for name in names)
    write_tool(pytester, code, "defaults: {coercion: forbid, variations: {categories: [type], limit: 3, fuzz: 0}}\n")
    cut = run(pytester, "--toolcheck-log=off").stdout
    cut.fnmatch_lines(["  ... and * more (-v shows all)"])
    assert "more (-v shows all)" not in run(pytester, "--toolcheck-log=off", "-v").stdout.str()
