"""What a spec promises and what a target says of its tools, brought together."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_toolcheck.errors import SpecError
from pytest_toolcheck.spec.discover import DESTRUCTIVE_REASON, merge_discovered
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import Annotations
from pytest_toolcheck.targets.base import ToolDescription

HEAD = "toolcheck: 1\ntarget: {python: shop.tools}\n"
INPUT = {"type": "object", "properties": {"a": {"type": "integer"}}}
READ = ToolDescription(
    "read", "Reads.", INPUT, {"type": "string"}, {"read_only": True, "idempotent": True, "title": True}
)
WIPE = ToolDescription("wipe", "Wipes.", INPUT, None, {"destructive": True})
PLAIN = ToolDescription("plain", None, INPUT)


def merge(folder, text, *descriptions):
    path = folder / "orders.tool.yaml"
    path.write_text(HEAD + text)
    return merge_discovered(load_spec(path), descriptions)


def test_all_tools_are_planned_where_none_is_named(tmp_path):
    """Each discovered tool takes the defaults, its own schemas and hints, and sees its siblings."""
    found = merge(tmp_path, "defaults: {timeout: 3s}\n", READ, PLAIN)
    read, plain = found.plans
    assert [plan.tool.name for plan in found.plans] == ["read", "plain"]
    assert (read.tool.input, read.tool.output, read.tool.timeout_s) == (INPUT, {"type": "string"}, 3.0)
    assert read.tool.annotations == Annotations(read_only=True, idempotent=True)
    assert plain.tool.annotations == Annotations()
    assert plain.siblings == (READ, PLAIN)
    assert plain.description is PLAIN
    assert found.skipped == ()


def test_the_spec_overrides_key_by_key(tmp_path):
    """What the spec writes wins, an annotation at a time; what it leaves out is discovered."""
    text = "tools: {read: {output: {type: object}, annotations: {idempotent: false}}}\n"
    [plan] = merge(tmp_path, text, READ, WIPE).plans
    assert (plan.tool.input, plan.tool.output) == (INPUT, {"type": "object"})
    assert plan.tool.annotations == Annotations(read_only=True, idempotent=False)


def test_a_destructive_tool_is_left_alone_unless_named_or_allowed(tmp_path):
    """Only an explicit declaration counts; the skip says how to change it."""
    found = merge(tmp_path, "", WIPE, PLAIN)
    assert [plan.tool.name for plan in found.plans] == ["plain"]
    assert found.skipped == (("wipe", DESTRUCTIVE_REASON),)
    harmless = ToolDescription("add", None, INPUT, None, {"destructive": False})
    assert merge(tmp_path, "", harmless).skipped == ()
    assert len(merge(tmp_path, "allow: [destructive]\n", WIPE, PLAIN).plans) == 2
    assert [plan.tool.name for plan in merge(tmp_path, "tools: {wipe: }\n", WIPE).plans] == ["wipe"]


def test_a_tool_that_takes_no_plain_call_is_left_alone_unless_named(tmp_path):
    """Who says that plain calls are refused is not accused of refusing them; named in the spec it is tried."""
    tasks = ToolDescription("research", "Researches.", INPUT, uncallable="only as a task")
    assert merge(tmp_path, "", tasks, PLAIN).skipped == (("research", "only as a task"),)
    assert [plan.tool.name for plan in merge(tmp_path, "tools: {research: }\n", tasks).plans] == ["research"]


def test_a_tool_that_the_target_lacks_is_named_with_its_line(tmp_path):
    """All missing tools at once, each with a near name."""
    with pytest.raises(SpecError) as caught:
        merge(tmp_path, "tools:\n  raed: {}\n  gone: {}\n", READ, WIPE)
    path = tmp_path / "orders.tool.yaml"
    assert str(caught.value).splitlines() == [
        f"{path}:4:3: the target has no tool 'raed'. Did you mean 'read'? Tools of the target: read, wipe",
        f"{path}:5:3: the target has no tool 'gone'. Tools of the target: read, wipe",
    ]


def test_a_tool_with_its_own_call_or_input_is_left_to_the_target(tmp_path):
    """The spec may know how to reach what discovery does not show."""
    text = "tools: {hidden: {call: other_name}, typed: {input: {type: object}}}\n"
    plans = merge(tmp_path, text, READ).plans
    assert [plan.tool.name for plan in plans] == ["hidden", "typed"]
    assert plans[1].description == ToolDescription("typed", None, {"type": "object"})


@pytest.mark.parametrize(
    "words", ["Args:\n    a: 1 to 5\n    gone: no", "Parameters\n----------\na : int\n    1 to 5", ":param a: 1 to 5"]
)
def test_a_description_that_speaks_of_its_parameters_is_theirs(tmp_path, words):
    """A server may describe its parameters in the tool's own description: what it says of each stands in the schema."""
    tool = ToolDescription("seat", f"Seat somebody.\n\n{words}\n", INPUT)
    [plan] = merge(tmp_path, "", tool).plans
    assert plan.tool.input == {"type": "object", "properties": {"a": {"type": "integer", "description": "1 to 5"}}}


def test_a_schema_s_own_words_stand(tmp_path):
    """What the schema says of a parameter is not replaced, and without a section of parameters it is left as it is."""
    own = {"type": "object", "properties": {"a": {"type": "integer", "description": "mine"}}}
    [kept, plain] = merge(
        tmp_path, "", ToolDescription("x", "X.\n\nArgs:\n    a: other", own), ToolDescription("y", "Y: a: b", INPUT)
    ).plans
    assert kept.tool.input is own
    assert plain.tool.input is INPUT


def test_loading_a_spec_imports_no_target():
    """The spec room stands on its own: neither targets nor scenario are imported with it."""
    code = (
        "import sys, pytest_toolcheck.spec.load, pytest_toolcheck.spec.discover; "
        "rooms = ('pytest_toolcheck.targets', 'pytest_toolcheck.scenario', 'mcp'); "
        "print([name for name in sys.modules if name.startswith(rooms)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
