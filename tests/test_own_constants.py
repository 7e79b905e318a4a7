"""Hypothesis draws constants of the project's own code: of this package's, installed beside it, none."""

from __future__ import annotations

import subprocess
import sys

_SHOWS = """
import pathlib, sys
import hypothesis.internal.constants_ast as constants_ast
from hypothesis.internal.conjecture import providers

read = []
def noted(module):
    read.append(module.__name__)
    return constants_ast.Constants()
providers.constants_from_module = noted
providers.is_local_module_file = lambda path: True  # as where the package is installed for development

from pytest_toolcheck.cases.fuzz import fuzz_tool
import tool_of_the_project

sent = []
schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
fuzz_tool(lambda value, label: sent.append(value), schema, label="valid", max_examples=50, seed=1)
print(len(sent) > 0, "tool_of_the_project" in read, [name for name in read if name.startswith("pytest_toolcheck")])
"""


def test_a_fuzz_run_reads_the_constants_of_the_project_and_none_of_this_package(tmp_path):
    (tmp_path / "tool_of_the_project.py").write_text("LIMIT = 4242\n")
    run = subprocess.run([sys.executable, "-c", _SHOWS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[0] == "True True []", run.stderr
