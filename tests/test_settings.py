"""Options and ini keys: one place, checked at the start."""

from __future__ import annotations

import pytest

from .specs import run


@pytest.mark.parametrize(
    ("ini", "args", "message"),
    [
        (
            "toolcheck_inconclusive = maybe",
            (),
            "ERROR: tox.ini: toolcheck_inconclusive: found 'maybe', expected 'warn' or 'fail'",
        ),
        (
            "",
            ("--toolcheck-inconclusive=maybe",),
            "ERROR: command line: --toolcheck-inconclusive: found 'maybe', expected 'warn' or 'fail'",
        ),
        (
            "toolcheck_seed = seven",
            (),
            "ERROR: tox.ini: toolcheck_seed: found 'seven', expected a whole number, such as 7",
        ),
        (
            "",
            ("--toolcheck-log=",),
            "ERROR: command line: --toolcheck-log: found '', expected a directory, a .jsonl file, or 'off'",
        ),
        (
            "",
            ("--toolcheck-log=taken",),
            "ERROR: command line: --toolcheck-log: found 'taken', expected a directory, a .jsonl file, or 'off': this is another file",
        ),
    ],
)
def test_a_wrong_value_names_file_and_key(
    pytester: pytest.Pytester, ini: str, args: tuple[str, ...], message: str
) -> None:
    """A wrong value ends the run at once with the file, the key, what was found and what is allowed."""
    (pytester.path / "taken").touch()
    pytester.makefile(".ini", tox=f"[pytest]\n{ini}\n")
    pytester.makepyfile("def test_one(): pass")
    result = run(pytester, *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_the_command_line_wins_over_the_ini_file(pytester: pytest.Pytester) -> None:
    """Command line over ini, ini over default."""
    pytester.makefile(".ini", tox="[pytest]\ntoolcheck_log = from-ini\n")
    pytester.makepyfile("def test_one(event_log): event_log.emit('case.progress')")
    run(pytester).assert_outcomes(passed=1)
    assert (pytester.path / "from-ini").is_dir()
    run(pytester, "--toolcheck-log=from-line").assert_outcomes(passed=1)
    assert (pytester.path / "from-line").is_dir()


SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")  # pytest-asyncio asks for it


def test_the_plugin_loads_by_name_with_and_without_autoload(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-p toolcheck` works by the entry point's name whether plugins are loaded by themselves or not; `no:` switches it off."""
    pytester.makepyfile("def test_one(event_log): assert event_log.emit('case.progress') is None")
    pytester.runpytest_inprocess(*SCOPE, "-p", "toolcheck", "--toolcheck-log=off").assert_outcomes(passed=1)
    pytester.runpytest_inprocess(*SCOPE, "--toolcheck-log=off").assert_outcomes(passed=1)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_inprocess(*SCOPE, "-p", "toolcheck", "--toolcheck-log=off").assert_outcomes(passed=1)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.runpytest_inprocess(*SCOPE, "-p", "no:toolcheck").assert_outcomes(errors=1)


@pytest.mark.parametrize(
    "names",
    [["pytest_toolcheck.plugin"], ["pytest_toolcheck.plugin", "toolcheck"], ["toolcheck", "pytest_toolcheck.plugin"]],
)
def test_the_plugin_is_loaded_once_by_whatever_names_it_is_asked_for(
    pytester: pytest.Pytester, names: list[str]
) -> None:
    """The module's own name works beside the entry point's, which pytest loads by itself."""
    pytester.makepyfile("def test_one(event_log): assert event_log.emit('case.progress') is None")
    asked = [part for name in names for part in ("-p", name)]
    pytester.runpytest_inprocess(*SCOPE, *asked, "--toolcheck-log=off").assert_outcomes(passed=1)


def test_without_the_plugin_specs_are_not_collected(pytester: pytest.Pytester) -> None:
    """`-p no:toolcheck` leaves nothing of ours behind."""
    pytester.path.joinpath("a.tool.yaml").write_text("toolcheck: 1\n")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_subprocess("-p", "no:toolcheck").assert_outcomes(passed=1)


def test_markers_are_declared(pytester: pytest.Pytester) -> None:
    """`--markers` explains each marker, and `--strict-markers` knows them."""
    result = run(pytester, "--markers")
    for name in ("latency_budget", "memory_budget", "cpu_budget", "virtual_time", "tool_spec"):
        result.stdout.fnmatch_lines([f"@pytest.mark.{name}*"])
