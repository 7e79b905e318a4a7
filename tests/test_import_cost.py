"""Installed but unused, the plugin costs nothing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_toolcheck
from pytest_toolcheck.behaviour.again import values_in_new_process

from .behaviour_lab import plans_in
from .conftest import PROJECT
from .specs import run

HEAVY = (
    "yaml asyncio hypothesis mcp memray jsonschema httpx msgspec psutil websockets pytest_asyncio time_machine numpy "
    "click pydantic referencing"
)


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    """`import pytest_toolcheck.plugin` brings none of the libraries that only a used part needs."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_toolcheck.plugin; "
        f"print(*sorted({{m.split('.')[0] for m in set(sys.modules) - before}} & set({HEAVY.split()!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_jsonschema_starts_without_the_grammars_of_iris() -> None:
    """They take a second to compile; IRIs are still judged."""
    code = (
        "import sys, pytest_toolcheck.spec.load, jsonschema; print('lark' in sys.modules, end=' '); "
        "checker = jsonschema.Draft202012Validator.FORMAT_CHECKER; "
        "print(checker.conforms('http://ö.example/', 'iri'), checker.conforms('a b', 'iri'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


def test_an_mcp_server_starts_before_its_client_is_imported() -> None:
    """Both take about as long, so a run waits for one of them."""
    code = (
        "import sys; from pathlib import Path; from pytest_toolcheck.spec.model import McpTarget; "
        "from pytest_toolcheck.targets import make_target, mcp; from tests.targets_kit import spec_of; "
        "mcp.ServerProcess = lambda *_, **_k: sys.exit('mcp' in sys.modules); "
        "make_target(spec_of(McpTarget(command=('server',)))).open()"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


def test_a_process_that_only_calls_a_tool_imports_no_checks(tmp_path: Path) -> None:
    """What judges answers takes a tenth of its time, and nothing is judged there; hints are served without it."""
    code = """
    import enum, sys
    class Kind(enum.Enum):
        ONE = "one"
    def tool(kind: Kind) -> list:
        return [name for name in sys.modules if name.startswith("pytest_toolcheck.checks")]
    """
    [plan] = plans_in(tmp_path, code, "tools: {tool: }\n")
    assert values_in_new_process(plan, [{"kind": "one"}], hash_seed=0) == [[["accepted", []]]]


def test_what_tests_start_compiles_nothing_of_ours() -> None:
    """The package is compiled before the first test, and a run inside a test finds all of it imported."""
    files = [path for path in Path(pytest_toolcheck.__file__).parent.rglob("*.py") if path.name != "__main__.py"]
    assert [path for path in files if not Path(importlib.util.cache_from_source(path)).exists()] == []
    imported = {module.__file__ for name, module in sys.modules.items() if name.startswith("pytest_toolcheck")}
    assert {str(path) for path in files} <= imported


def test_a_run_without_anything_of_ours_does_nothing_of_ours(pytester: pytest.Pytester) -> None:
    """No log, no folder, no summary, and no hook of ours that follows each test."""
    pytester.makeconftest(
        """
        def pytest_runtest_call(item):
            assert not item.config.pluginmanager.has_plugin("toolcheck-log-hooks")
        """
    )
    pytester.makepyfile("def test_one(): pass")
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert "toolcheck" not in result.stdout.str().replace("plugins:", "").split("collected")[-1]
    assert not (pytester.path / ".toolcheck").exists()


def test_the_plugin_itself_follows_no_test() -> None:
    """No hook of the plugin is called for every test or fixture: those that follow tests are registered when needed."""
    from pytest_toolcheck import plugin

    each = ("pytest_runtest_", "pytest_fixture_", "pytest_pyfunc_", "pytest_itemcollected", "pytest_report_teststatus")
    assert [
        name for name in vars(plugin) if name.startswith((*each, "pytest_assertion_", "pytest_make_parametrize_id"))
    ] == []


def test_all_is_what_the_package_offers() -> None:
    """`__all__` equals reality: each name can be had, and none is missing."""
    import pytest_toolcheck

    for name in pytest_toolcheck.__all__:
        assert getattr(pytest_toolcheck, name) is not None
    assert sorted(pytest_toolcheck.__all__) == sorted({*pytest_toolcheck._HOMES, "__version__"})
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pytest_toolcheck.nothing


def test_a_process_knows_the_constants_of_our_sources(pytester: pytest.Pytester) -> None:
    """What Hypothesis has read of our sources it finds in the next process, but no examples of another test's."""
    code = "from hypothesis.configuration import storage_directory as of; print(*(of(n).path.resolve() for n in NAMES))"
    code = code.replace("NAMES", "('constants', 'examples')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    constants, examples = map(Path, done.stdout.split())
    assert constants == PROJECT / ".hypothesis" / "constants"
    assert PROJECT not in examples.parents
