"""What a run has open: the event log and the targets. Made at the first thing of ours, closed when the run ends."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .settings import Settings, can_write_below
from .stash import runtime_key, settings_key

if TYPE_CHECKING:
    from .events import EventLog
    from .server import TargetServer


class Runtime:
    """One process's share of a run. Under xdist every worker and the controller have one, with the same `run`."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        from .events import new_run_id

        self.config = config
        self.settings = settings
        worker_input: dict[str, Any] = getattr(config, "workerinput", {})
        self.worker: str = worker_input.get("workerid", "main")
        self.run: str = worker_input.get("toolcheck_run") or new_run_id()
        self._scratch: Path | None = None
        given = worker_input.get("toolcheck_directory")
        self.directory = Path(given) if given else self._choose_directory()
        self._log: EventLog | None = None
        self.servers: dict[Any, TargetServer] = {}
        self._closers: list[Callable[[], None]] = []
        self.is_extended = False
        if self.is_worker:
            from .orphaned import interrupt_when_orphaned

            interrupt_when_orphaned()

    @property
    def is_worker(self) -> bool:
        return self.worker != "main"

    @property
    def trace_id(self) -> str:
        """The run as a W3C trace id, the same in every worker."""
        return hashlib.sha256(self.run.encode()).hexdigest()[:32]

    @property
    def keeps_log(self) -> bool:
        return self.settings.log is not None and self._scratch is None

    @property
    def baselines(self) -> tuple[Path | None, Path | None, bool]:
        """The baseline to compare with, the file to keep this run's measurements in, and whether a foreign one counts."""
        return self.settings.baseline, self.settings.save_baseline, self.settings.foreign_baseline == "scale"

    @property
    def run_directory(self) -> Path:
        return self.directory / self.run

    @property
    def has_log(self) -> bool:
        """Whether anything was written: not where, under xdist, each worker failed to collect."""
        return any(self.run_directory.glob("*.jsonl"))

    def _choose_directory(self) -> Path:
        """Without a log, or a place for it, the summary still needs the events: in a folder that goes with the run."""
        if self.settings.log is not None and can_write_below(self.settings.log):
            return self.settings.log
        self._scratch = Path(tempfile.mkdtemp(prefix="toolcheck-"))
        return self._scratch

    @property
    def log(self) -> EventLog:
        """The event log, opened at the first use."""
        if self._log is None:
            self._log = self._open_log()
        return self._log

    @property
    def is_open(self) -> bool:
        return self._log is not None

    def _open_log(self) -> EventLog:
        from .events import install, open_run

        argv = tuple(map(str, self.config.invocation_params.args))
        log = open_run(self.directory, worker=self.worker, run=self.run, argv=argv, secrets=self.settings.secrets)
        log.virtual_now = _virtual_now
        self._closers.append(install())
        if self.worker in ("main", "gw0"):
            log.emit("run.start", attrs={"rootdir": str(self.config.rootpath)})
        return log

    def on_close(self, closer: Callable[[], None]) -> None:
        """Call `closer` when the run ends, last one first."""
        self._closers.append(closer)

    def close_targets(self) -> None:
        """Close every session and server. Raises only KeyboardInterrupt, after all servers are killed."""
        while self._closers:
            closer = self._closers.pop()
            try:
                closer()
            except Exception as error:  # one target's failure must not keep another's processes alive
                self.log.emit("warning", attrs={"message": f"closing failed: {error!r}"})
            except KeyboardInterrupt:  # the second one: the first ended the tests
                if (processes := sys.modules.get("pytest_toolcheck.targets.processes")) is not None:
                    processes.kill_running()
                raise

    def close(self) -> None:
        """Close the targets and the log; remove what was only needed during the run."""
        self.close_targets()
        if self._log is not None:
            self._log.close()
            self._log = None
            self._merge()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _merge(self) -> None:
        """Write the one file that was asked for; the workers' own files stay where they are."""
        merged = self.settings.merged_log
        if merged is not None and not self.is_worker and self.has_log:
            from .events.merge import merge_to

            merge_to(self.run_directory, merged)


def _virtual_now() -> float | None:
    """Return the wall time of the virtual clock that is active; None where there is none, or none was ever loaded."""
    if "pytest_toolcheck.clock.session" not in sys.modules:
        return None
    from .clock import current_virtual_seconds

    return current_virtual_seconds()


def runtime_of(config: pytest.Config) -> Runtime:
    """Return the run's runtime, making it at the first use."""
    if runtime_key not in config.stash:
        config.stash[runtime_key] = Runtime(config, config.stash[settings_key])
    return config.stash[runtime_key]
