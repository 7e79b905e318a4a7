"""`skip` and `xfail` that no case falls under are told; those that only this run leaves out are not."""

from __future__ import annotations

import pytest

from pytest_toolcheck.exemptions import idle_exemptions
from pytest_toolcheck.plain import PlainRuntime, plan_of
from pytest_toolcheck.scenarios import cases_of

from .specs import run, write_tool

TOOL = '''
def reserve(seats: int) -> int:
    """Reserve seats."""
    return seats
'''
SPEC = """
tools:
  reserve:
    input: {type: object, properties: {seats: {type: integer, minimum: 1, maximum: 8}}, required: [seats]}
"""


def problems(tmp_path, more: str, *, head: str = "") -> list[str]:
    (tmp_path / "shop.py").write_text(TOOL)
    path = tmp_path / "shop.tool.yaml"
    path.write_text(f"toolcheck: 1\ntarget: {{python: shop.py}}\n{head}{SPEC.lstrip()}{more}")
    plan = plan_of(path, "reserve", PlainRuntime())
    return [str(p).partition("shop.tool.yaml:")[2] for p in idle_exemptions(plan, ids_of(plan), seed=0)]


def ids_of(plan) -> list[str]:
    return ["valid_call", "described", *(case.id for case in cases_of(plan, seed=0))]


@pytest.mark.parametrize(
    ("glob", "hint"),
    [
        ("boundry*", "Did you mean 'boundary*'"),
        ("boundary[seat:8]", "'boundary[seats:8]'"),
        ("boundary[seats:80*", "'boundary[seats:8]'"),
        ("fuzz[vaild]", "Did you mean 'fuzz[valid]'"),
        ("xylophone", "`toolcheck cases`"),
    ],
)
@pytest.mark.parametrize("key", ["skip", "xfail"])
def test_a_glob_that_no_case_matches_is_told_with_its_line(tmp_path, key, glob, hint):
    """The message has the line, the glob and, where there is one, the id that was meant."""
    (message,) = problems(tmp_path, f'    {key}:\n      - {{cases: "{glob}", reason: later}}\n')
    assert message.startswith(f"7:9: no case of reserve matches '{glob}'.")
    assert hint in message


@pytest.mark.parametrize(
    "more",
    [
        '    xfail: {cases: "boundary[seats:*]", reason: later}\n',
        '    xfail: {cases: "boundary[seats:9]", reason: later}\n    variations: {exclude: [boundary]}\n',
        '    xfail: {cases: "boundary[seats:9]", reason: later}\n    variations: {categories: [type]}\n',
        '    skip: {cases: "boundary[seats:9]", reason: later}\n    variations: {limit: 2}\n',
        '    skip: {cases: "combination[99]", reason: rows depend on the seed}\n',
        '    skip: {cases: "fuzz*", reason: slow}\n    variations: {fuzz: 0}\n',
        "    skip: {reason: later}\n",
    ],
)
def test_what_only_this_run_leaves_out_is_no_error(tmp_path, more):
    """Categories, a limit or a seed that leave a case out do not make its exemption wrong."""
    assert problems(tmp_path, more) == []


def test_an_exemption_of_the_defaults_may_be_meant_for_another_tool(tmp_path):
    """What stands in `defaults` is not asked of each tool."""
    head = 'defaults: {skip: {cases: "size[text:*]", reason: slow}}\n'
    assert problems(tmp_path, "", head=head) == []


def test_it_is_an_error_of_collection(pytester: pytest.Pytester):
    """pytest shows it as every slip of a spec; cases that are deselected are there all the same."""
    write_tool(pytester, TOOL, SPEC + '    xfail: {cases: "boundary[seats:9]", reason: later}\n')
    assert run(pytester, "--collect-only", "-q", "-k", "valid_call").ret == 0
    write_tool(pytester, TOOL, SPEC + '    xfail: {cases: "boundry[seats:9]", reason: later}\n')
    result = run(pytester, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["shop.tool.yaml:*: no case of reserve matches 'boundry?seats:9?'. Did you mean*"])
    result.stdout.no_fnmatch_line("*Traceback*")
