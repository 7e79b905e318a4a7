"""What a run writes into the event log, and when it is opened."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files

import jsonschema
import pytest

from .specs import RESERVE, events, run, write_tool
from .test_items import BROKEN, SPEC


def test_every_line_is_valid_to_the_shipped_schema(pytester: pytest.Pytester) -> None:
    """Calls, findings, sessions, skips, failures of ordinary tests: each line matches `event.v1.json`."""
    write_tool(pytester, BROKEN, SPEC)
    pytester.makepyfile(
        "import pytest\ndef test_fails(): assert 0\ndef test_skips(): pytest.skip('no')\n@pytest.mark.xfail\ndef test_x(): assert 0\n"
    )
    run(pytester, "--toolcheck-log=log")
    schema = json.loads(files("pytest_toolcheck.events").joinpath("event.v1.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    names = set()
    for event in events(pytester.path / "log"):
        validator.validate(event)
        names.add(event["ev"])
    assert names >= {
        "segment.start", "run.start", "run.end", "case.planned", "case.start", "case.end", "call.start", "call.end",
        "check.failed", "session.opened", "session.closed",
    }  # fmt: skip


def test_a_call_is_one_request_id_and_a_child_of_its_case(pytester: pytest.Pytester) -> None:
    """`call.start` and `call.end` share a `rid`; their parent is the case's span; the sequence has no gap."""
    write_tool(pytester, BROKEN, SPEC)
    run(pytester, "--toolcheck-log=log")
    seen = list(events(pytester.path / "log"))
    assert [event["seq"] for event in seen] == list(range(len(seen)))
    spans = {e["span_id"] for e in seen if e["ev"] == "case.start"}
    starts = {e["rid"]: e for e in seen if e["ev"] == "call.start"}
    ends = {e["rid"]: e for e in seen if e["ev"] == "call.end"}
    assert starts.keys() == ends.keys()
    assert len(starts) > 15
    for start in starts.values():
        assert start["parent_id"] in spans
        assert start["span_id"] not in spans
    assert len({event["trace_id"] for event in starts.values()}) == 1


def test_outcomes_are_in_the_words_of_ctrf(pytester: pytest.Pytester) -> None:
    """`outcome` is passed, failed, skipped, pending or other; `raw_status` keeps pytest's own."""
    pytester.makepyfile(
        """
        import pytest
        def test_pass(event_log): pass
        def test_fail(): assert 0, "no good"
        def test_skip(): pytest.skip("not now")
        @pytest.mark.xfail
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        @pytest.fixture
        def broken(): raise RuntimeError("at set-up")
        def test_error(broken): pass
        """
    )
    run(pytester, "--toolcheck-log=log")
    ends = {e["case"].rpartition("::")[2]: e for e in events(pytester.path / "log") if e["ev"] == "case.end"}
    shown = {name: (e["outcome"], e["raw_status"]) for name, e in ends.items()}
    assert shown == {
        "test_pass": ("passed", "passed"),
        "test_fail": ("failed", "failed"),
        "test_skip": ("skipped", "skipped"),
        "test_xfail": ("other", "xfailed"),
        "test_xpass": ("other", "xpassed"),
        "test_error": ("failed", "error"),
    }
    assert "no good" in ends["test_fail"]["error"]["message"]
    assert "at set-up" in ends["test_error"]["error"]["message"]


def test_the_log_opens_at_the_first_thing_of_ours_only(pytester: pytest.Pytester) -> None:
    """The fixture opens it in mid-run; from there on ordinary tests are in it too."""
    pytester.makepyfile(
        test_a="def test_before(): pass",
        test_b="def test_ours(event_log): event_log.emit('case.progress', attrs={'n': 1})",
        test_c="def test_after(): pass",
    )
    run(pytester)
    log = pytester.path / ".toolcheck" / "runs"
    started = [e["case"] for e in events(log) if e["ev"] == "case.start"]
    assert started == ["test_b.py::test_ours", "test_c.py::test_after"]
    progress = next(e for e in events(log) if e["ev"] == "case.progress")
    assert progress["case"] == "test_b.py::test_ours"
    assert progress["attrs"] == {"n": 1}


def test_asked_for_it_is_there_from_the_start(pytester: pytest.Pytester) -> None:
    """`--toolcheck-log=DIR` logs a run of ordinary tests alone; `latest` points to the newest run."""
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    run(pytester, "--toolcheck-log=log")
    run(pytester, "--toolcheck-log=log")
    latest = pytester.path / "log" / "latest"
    assert [e["case"] for e in events(latest.resolve()) if e["ev"] == "case.end"] == [
        f"test_asked_for_it_is_there_from_the_start.py::test_{n}" for n in ("one", "two")
    ]
    assert len([path for path in (pytester.path / "log").iterdir() if path.is_dir() and not path.is_symlink()]) == 2


def test_off_means_off(pytester: pytest.Pytester) -> None:
    """`--toolcheck-log=off` leaves no file, and fixture and summary still work."""
    write_tool(pytester, BROKEN, SPEC)
    pytester.makepyfile("def test_one(event_log): assert event_log.emit('case.progress') is None")
    result = run(pytester, "--toolcheck-log=off")
    result.stdout.fnmatch_lines(["findings, by cause (1):", "log: off"])
    assert not list(pytester.path.rglob("*.jsonl"))


def test_the_default_folder_ignores_itself_in_git(pytester: pytest.Pytester) -> None:
    """`.toolcheck` never shows up in `git status`."""
    subprocess.run(["git", "init", "-q"], cwd=pytester.path, check=True)
    pytester.makepyfile("def test_one(event_log): pass")
    run(pytester)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=pytester.path, check=True, capture_output=True, text=True
    )
    assert (pytester.path / ".toolcheck" / "runs").is_dir()
    assert ".toolcheck" not in status.stdout


def test_secrets_do_not_reach_the_log(pytester: pytest.Pytester) -> None:
    """The value of an argument named like a secret is nowhere in the log, not even in the error that quotes it."""
    write_tool(
        pytester,
        'def log_in(password: str) -> str:\n    """Log in."""\n    if not isinstance(password, str) or len(password) > 40:\n        raise ValueError(f"password: wrong: {password!r}")\n    return "ok"\n',
        "tools:\n  log_in:\n    examples: [{input: {password: hunter2-hunter2}}]\n",
    )
    run(pytester, "--toolcheck-log=log", "-k", "example or valid_call")
    text = "".join(path.read_text() for path in (pytester.path / "log").rglob("*.jsonl"))
    assert "call.start" in text
    assert "hunter2" not in text


def test_a_line_is_a_line_to_every_reader(pytester: pytest.Pytester) -> None:
    """What some readers take for the end of a line (U+2028, U+2029, U+0085) is escaped; virtual time is noted."""
    pytester.makepyfile(
        """
        def test_one(event_log, virtual_clock):
            virtual_clock.advance("60s")
            event_log.emit("case.progress", attrs={"text": "a\\u2028b\\u2029c\\x85d"})
        """
    )
    run(pytester, "--toolcheck-log=out.jsonl").assert_outcomes(passed=1)
    lines = (pytester.path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    progress = next(event for event in map(json.loads, lines) if event["ev"] == "case.progress")
    assert progress["attrs"]["text"] == "a\u2028b\u2029c\x85d"
    assert progress["vts"] - progress["ts"] > 30_000_000


def test_a_place_that_cannot_be_written_costs_the_log_only(pytester: pytest.Pytester) -> None:
    """On a read-only file system the run goes on, its summary too, and says that there is no log."""
    write_tool(pytester, RESERVE, SPEC)
    (pytester.path / ".toolcheck").write_text("a file where the folder would be")
    result = run(pytester)
    assert set(result.parseoutcomes()) == {"passed"}
    result.stdout.fnmatch_lines(
        ["toolcheck: *; log: off, because *runs cannot be written", "*valid accepted*", "log: off, because *"]
    )


@pytest.mark.parametrize("place", ["taken/log", "taken/log.jsonl", "/proc/log", "/proc/log.jsonl", f"{'n' * 300}/log"])
def test_a_log_that_was_asked_for_must_have_a_place(pytester: pytest.Pytester, place: str) -> None:
    """Who asks for a log where none can be written is told so before anything runs."""
    (pytester.path / "taken").write_text("")
    result = run(pytester, f"--toolcheck-log={place}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: command line: --toolcheck-log: found '{place}', expected *written*"])


def test_our_own_code_warns_of_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where warnings are errors from the start (`PYTHONWARNINGS=error`), without any ini file, specs run as ever."""
    write_tool(pytester, RESERVE, SPEC)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("-p", "toolcheck", "-p", "no:cacheprovider")
    assert set(result.parseoutcomes()) == {"passed"}
