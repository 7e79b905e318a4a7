"""The command `toolcheck`: call one tool, check specs, print the format's schema, print generated cases."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .errors import SpecError, ToolcheckError

if TYPE_CHECKING:
    from .cases.model import Case
    from .execute import RunningScenario
    from .scenario import ToolPlan

_spec_argument = click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))


class _CannotCall(click.ClickException):
    """The spec or its target is not fit to be called: nothing was tested, so it is no finding."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolcheck")
def main() -> None:
    """Test tools from declarative YAML specs. Run the specs themselves with: pytest -p toolcheck SPEC"""


@main.command()
@_spec_argument
@click.argument("tool")
@click.argument("arguments", metavar="JSON", required=False)
@click.option("--case", "case_id", metavar="ID", help="call with the input of this generated case instead of JSON")
@click.option("--seed", type=int, default=0, show_default=True, help="with --case: the run's --toolcheck-seed")
def call(spec: Path, tool: str, arguments: str | None, case_id: str | None, seed: int) -> None:
    """Call TOOL of SPEC once with the JSON arguments, and judge the answer.

    Exit code 0: no finding. 1: a finding. 2: the call could not be made.
    """
    if (arguments is None) == (case_id is None):
        raise click.UsageError("say what to call it with: either JSON or --case ID")
    value = _parse_object(arguments) if arguments is not None else None
    with _planned(spec, tool) as (plan, running):
        outcome, findings = _call_once(running, _case_of(plan, value, case_id, seed=seed))
    error = outcome.error
    answer: dict[str, Any] = {"outcome": outcome.kind, "dur_ms": round(outcome.duration_ns / 1e6, 3)}
    if error is None:
        answer["value"] = outcome.value
    else:
        answer["error"] = {"type": error.type, "message": error.message, "code": error.code, "location": error.location}
    from .checks.base import as_python

    click.echo(_shown(json.dumps(answer, ensure_ascii=False, indent=2, default=as_python)))
    if error is not None and error.stack:
        click.echo(_shown(error.stack), err=True)
    for finding in findings:
        click.secho(_shown(f"{finding.check}: {finding.message}"), fg="red", err=True)
        click.echo(_shown(f"  promised  {finding.promised}"), err=True)
    sys.exit(1 if findings else 0)


def _shown(text: str) -> str:
    """What a terminal would obey, or cannot be written, is escaped."""
    from .checks.base import printable

    return printable(text, keep="\n\t")


def _case_of(plan: ToolPlan, value: dict[str, Any] | None, case_id: str | None, *, seed: int) -> Case:
    from .cases import label_of
    from .cases.model import Case
    from .scenarios import cases_of

    if value is not None:
        label = label_of(plan.tool.input if plan.tool.input is not None else True, value)
        return Case(id="call", input=value, label=label, category="call", pointer="", detail="")
    found = {case.id: case for case in cases_of(plan, seed=seed)}
    if case_id not in found:
        with_seed = f" --seed {seed}" if seed else ""
        hint = f"`toolcheck cases {plan.spec.path.name} {plan.tool.name}{with_seed}` shows all"
        raise click.UsageError(f"{plan.tool.name} has no case {case_id!r}; {hint}")
    return found[case_id]


def _call_once(running: RunningScenario, case: Case) -> tuple[Any, Any]:
    running.base()
    sent = running.rebased(case) if case.id != "call" else case
    outcome = running.call(sent.input, valid=sent.label == "valid")
    return outcome, running.judge(sent, outcome)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def lint(paths: tuple[Path, ...]) -> None:
    """Check specs (files, or folders that hold them): all errors at once. Exit code 1 where there are any."""
    from .rooms import room_problems
    from .spec.load import load_spec, problems_of

    specs = [spec for path in paths for spec in _specs_under(path)]
    if not specs:
        raise click.UsageError("no *.tool.yaml file found")
    problems = [problem for spec in specs for problem in problems_of(spec) or room_problems(load_spec(spec))]
    for problem in problems:
        click.echo(str(problem))
    if problems:
        sys.exit(1)
    click.echo(f"{len(specs)} {'spec' if len(specs) == 1 else 'specs'}: no problems")


def _specs_under(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted({*path.rglob("*.tool.yaml"), *path.rglob("*.tool.yml")})


@main.command()
def schema() -> None:
    """Print the JSON Schema of the spec format, for editors and other checkers."""
    from .spec.load import spec_schema

    click.echo(json.dumps(spec_schema(), indent=2, ensure_ascii=False))


@main.command()
@_spec_argument
@click.argument("tool")
@click.option("--category", "categories", multiple=True, help="only this category (may be given several times)")
@click.option("--seed", type=int, default=0, show_default=True, help="seed of what is chosen at random")
def cases(spec: Path, tool: str, categories: tuple[str, ...], seed: int) -> None:
    """Print the generated cases of TOOL as JSON Lines: id, label, category, pointer, detail, input."""
    from dataclasses import asdict

    from .cases.model import CATEGORIES
    from .scenarios import cases_of

    for name in categories:
        if name not in CATEGORIES:
            raise click.UsageError(f"there is no category {name!r}; there are {', '.join(CATEGORIES)}")
    with _planned(spec, tool) as (plan, _running):
        for case in cases_of(plan, seed=seed):
            if not categories or case.category in categories:
                click.echo(json.dumps(asdict(case), ensure_ascii=True))


@contextmanager
def _planned(path: Path, name: str) -> Iterator[tuple[ToolPlan, RunningScenario]]:
    """Load the spec, reach its target, and hand out the tool ready to be called; closes everything after."""
    from .execute import running
    from .plain import PlainRuntime, plan_of
    from .scenarios import assumed_base
    from .tool_state import ToolState

    runtime = PlainRuntime()
    try:
        plan = _or_usage_error(lambda: plan_of(path, name, runtime))
        state = ToolState(plan, runtime)
        state.static_base = assumed_base(plan.tool)
        with running(state, attrs={}) as context:
            yield plan, context
    except ToolcheckError as error:
        raise _CannotCall(str(error)) from None
    finally:
        runtime.close()


def _or_usage_error(make: Callable[[], ToolPlan]) -> ToolPlan:
    try:
        return make()
    except SpecError as error:
        raise _CannotCall(str(error)) from None
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None


def _parse_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="JSON") from None
    if not isinstance(value, dict):
        raise click.BadParameter(
            f'found {type(value).__name__}, expected an object such as \'{{"sku": "A"}}\'', param_hint="JSON"
        )
    return value
