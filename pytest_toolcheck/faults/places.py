"""A session of the tool with a fault in place of one of its dependencies: fresh modules, or a server of its own."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..resilience.fresh import fresh_modules, module_name
from ..scenario import ScenarioSkipped, ToolPlan
from ..spec.model import CommandTarget, Dependency, McpTarget, PythonTarget, Spec
from ..targets import make_target
from ..targets.base import Outcome, Request, Session
from .errors import FaultError
from .faults import Fault, Faults
from .flight import in_flight


class FaultedSession:
    """A session with its fault; its calls are noted as under way, so that a proxy's faults find their request id."""

    def __init__(self, session: Session, fault: Fault, *, call: str | None = None) -> None:
        self.fault = fault
        self._tool_call = call
        self.within_s = 0.0
        """So long a call may take at least, whatever the tool's own `timeout` is."""
        self.id = session.id
        self._session = session

    def call(self, request: Request) -> Outcome:
        """Make one call."""
        with in_flight(request.rid, tool=request.tool.name, sid=self.id):
            return self._session.call(self._patient(request))

    async def call_async(self, request: Request) -> Outcome:
        """As `call`, from a running event loop."""
        with in_flight(request.rid, tool=request.tool.name, sid=self.id):
            return await self._session.call_async(self._patient(request))

    def _patient(self, request: Request) -> Request:
        tool = dataclasses.replace(request.tool, call=self._tool_call or request.tool.call)
        return dataclasses.replace(request, tool=tool, timeout_s=max(request.timeout_s, self.within_s))

    def call_concurrently(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make all calls at once."""
        return self._session.call_concurrently(requests)

    def is_alive(self) -> bool:
        """Whether a further call can be made."""
        return self._session.is_alive()

    def process_ids(self) -> tuple[int, ...]:
        """The processes that serve it."""
        return self._session.process_ids()

    def close(self) -> None:
        """Close it."""
        self._session.close()


def open_faulted(
    plan: ToolPlan, dependency: Dependency, schedule: str, faults: Faults, stack: ExitStack
) -> FaultedSession:
    """Open a session with the fault in place; `stack` closes and heals. Raises FaultError, TargetError."""
    if dependency.python is not None:
        return _in_process(plan, dependency.python, schedule, faults, stack)
    if dependency.files is not None:
        return _on_files(plan, dependency.files, schedule, faults, stack)
    return _behind_proxy(plan, dependency, schedule, faults, stack)


def _in_process(plan: ToolPlan, reference: str, schedule: str, faults: Faults, stack: ExitStack) -> FaultedSession:
    target = plan.spec.target
    if not isinstance(target, PythonTarget):
        raise ScenarioSkipped(
            f"a python dependency of a {target.kind} target lives in another process: name it as {{tcp: …, via: …}}"
        )
    absolute = _absolute(reference, target)
    stack.enter_context(fresh_modules(target, spec_path=plan.spec.path, dependencies=[absolute]))
    spec = dataclasses.replace(plan.spec, target=PythonTarget(module_name(target)))
    session = opened(spec, stack)
    return FaultedSession(session, faults.inject(absolute, schedule, optional=True), call=plan.tool.call)


def _on_files(plan: ToolPlan, written: str, schedule: str, faults: Faults, stack: ExitStack) -> FaultedSession:
    """Let files be refused to a tool in this process, or to a Python process that is started for it."""
    target, spec = plan.spec.target, plan.spec
    path = spec.path.parent / Path(written).expanduser()
    if isinstance(target, PythonTarget):
        stack.enter_context(fresh_modules(target, spec_path=spec.path))
        session = opened(dataclasses.replace(spec, target=PythonTarget(module_name(target))), stack)
        return FaultedSession(session, faults.inject(path, schedule, optional=True), call=plan.tool.call)
    if not isinstance(target, McpTarget | CommandTarget) or (isinstance(target, McpTarget) and not target.command):
        raise ScenarioSkipped(
            f"the files of a {target.kind} server are opened in a process that runs once for the whole file; test it "
            "over stdio, or with the fixture `faults`"
        )
    # What the server writes while it starts is not written for the tool.
    fault = faults.inject(path, schedule, optional=True, tool=plan.tool.name)
    met = fault.environment
    if "PYTHONPATH" in target.env:
        met["PYTHONPATH"] = os.pathsep.join([met["PYTHONPATH"].partition(os.pathsep)[0], target.env["PYTHONPATH"]])
    spec = dataclasses.replace(spec, target=dataclasses.replace(target, env={**target.env, **met}))
    return FaultedSession(opened(spec, stack), fault)


def _absolute(reference: str, target: PythonTarget) -> str:
    """Complete a reference: `quote` and `orders.py:quote` are meant in the target's own module."""
    module, colon, attribute = reference.rpartition(":")
    if not colon:
        return f"{module_name(target)}:{attribute}"
    return f"{os.path.basename(module).removesuffix('.py') if module.endswith('.py') else module}:{attribute}"


def _behind_proxy(
    plan: ToolPlan, dependency: Dependency, schedule: str, faults: Faults, stack: ExitStack
) -> FaultedSession:
    """Let the server find the proxy where it looks for the dependency: in the environment variable `via`."""
    if dependency.via is None:
        raise FaultError(f"depends_on: {dependency.name}: add `via`, the environment variable that holds its address")
    fault = faults.inject(f"tcp:{dependency.tcp}", schedule, optional=True)
    pointed = {dependency.via: _pointed(dependency, fault.address)}
    target: Any = plan.spec.target
    spec = plan.spec
    if isinstance(target, McpTarget | CommandTarget) and not (isinstance(target, McpTarget) and not target.command):
        spec = dataclasses.replace(spec, target=dataclasses.replace(target, env={**target.env, **pointed}))
    elif not (isinstance(target, PythonTarget) or getattr(target, "server", None)):
        raise ScenarioSkipped(
            f"{dependency.via} reaches no {target.kind} server: it runs once for the whole file; test it over stdio, "
            "or with the fixture `faults`"
        )
    else:
        _set_environment(pointed, stack)
    if isinstance(target, PythonTarget):
        stack.enter_context(fresh_modules(target, spec_path=spec.path))
        spec = dataclasses.replace(spec, target=PythonTarget(module_name(target)))
    return FaultedSession(opened(spec, stack), fault)


def _pointed(dependency: Dependency, address: str) -> str:
    """Put the proxy's address into what the variable holds now (a URL), or hand over the address alone."""
    now = os.environ.get(dependency.via or "", "")
    return now.replace(str(dependency.tcp), address) if str(dependency.tcp) in now else address


def _set_environment(variables: dict[str, str], stack: ExitStack) -> None:
    before = {name: os.environ.get(name) for name in variables}

    def put_back() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    stack.callback(put_back)
    os.environ.update(variables)


def opened(spec: Spec, stack: ExitStack) -> Session:
    """Open a session of a target of its own, closed with the stack."""
    target = make_target(spec)
    stack.callback(target.close)
    session = target.open()
    stack.callback(session.close)
    return session
