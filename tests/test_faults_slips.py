"""A slip in a schedule of `faults` is an error of the spec: told before anything runs, with its place."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_toolcheck.cli import main
from pytest_toolcheck.faults.slips import slips_in
from pytest_toolcheck.spec.load import load_spec

from .specs import run, write_tool

TOOL = '''
def quote(sku: str) -> str:
    """Quote."""
    return sku
'''
SPEC = """
tools:
  quote:
    depends_on: {provider: {python: shop:quote}, db: {tcp: "127.0.0.1:5432", via: DB}}
    faults:
      - {on: provider, inject: error}
      - {on: %s, inject: "%s"}
"""


def slips(tmp_path, on: str, inject: str) -> list[str]:
    (tmp_path / "shop.py").write_text(TOOL)
    path = tmp_path / "shop.tool.yaml"
    path.write_text(f"toolcheck: 1\ntarget: {{python: shop.py}}\n{(SPEC % (on, inject)).lstrip()}")
    return [str(problem).partition("shop.tool.yaml:")[2] for problem in slips_in(load_spec(path))]


@pytest.mark.parametrize(
    ("on", "inject", "said"),
    [
        ("provider", "2*of -> hang", "fault '2*of -> hang', column 3: there is no fault 'of'. Did you mean 'off'?"),
        ("provider", "delay(2)", "no unit"),
        ("provider", "hang ->", "column 8"),
        ("provider", "window(5s..1s): hang", "ends before it begins"),
        ("provider", "kill", "'kill' makes no sense at a callable"),
        ("db", "clock_jump(1h)", "makes no sense at a TCP connection"),
        ("clock", "hang", "makes no sense at the clock"),
    ],
)
def test_a_slip_is_told_with_its_place(tmp_path, on, inject, said):
    """Line and column of the file, the item, and what is wrong in the schedule's own words."""
    (message,) = slips(tmp_path, on, inject)
    assert message.startswith("8:")
    assert "faults[1].inject: " in message
    assert said in message


def test_sound_schedules_are_no_slips(tmp_path):
    """A condition, a chain and each kind at its place are taken."""
    assert slips(tmp_path, "db", "nth(2): delay(2s)") == []
    assert slips(tmp_path, "clock", "clock_jump(1h)") == []


def test_it_fails_the_file_and_lint(pytester: pytest.Pytester):
    """Collection ends with the message, and `toolcheck lint` shows the same."""
    write_tool(pytester, TOOL, SPEC % ("provider", "eror"))
    result = run(pytester, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["shop.tool.yaml:*:*: faults?1?.inject: *Did you mean 'error'?*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    linted = CliRunner().invoke(main, ["lint", "shop.tool.yaml"])
    assert (linted.exit_code, "Did you mean 'error'?" in linted.output) == (1, True)
