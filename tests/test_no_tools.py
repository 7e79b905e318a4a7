"""A target without tools: an error, not a run that passes without having tested anything."""

from __future__ import annotations


def test_a_target_that_offers_nothing(pytester):
    """The file is an error that says so; a file beside it is run."""
    pytester.makefile(".tool.yaml", empty="toolcheck: 1\ntarget: {python: empty.py}\n")
    pytester.path.joinpath("empty.py").write_text("NUMBER = 1\n")
    result = pytester.runpytest_inprocess("-p", "toolcheck", "-p", "no:randomly")
    result.stdout.fnmatch_lines(["*empty.tool.yaml: the target offers no tools, so nothing would be tested; *"])
    assert result.ret == 2


def test_a_target_that_needs_fixtures(pytester):
    """It cannot be asked before there are fixtures: the error says what to write."""
    pytester.path.joinpath("late.tool.yaml").write_text('toolcheck: 1\ntarget: {http: {url: "${fixture:base}"}}\n')
    result = pytester.runpytest_inprocess("-p", "toolcheck", "-p", "no:randomly")
    result.stdout.fnmatch_lines(["*late.tool.yaml: no tools: a target that needs fixtures cannot be asked *"])
    assert result.ret == 2
