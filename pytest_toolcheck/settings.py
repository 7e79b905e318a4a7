"""Options and ini keys: declared in one table, read and checked once, kept in one immutable value.

Named tuples and not dataclasses: this module is imported in every run of pytest, and they are made ten times faster.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pytest

    from .errors import SettingsError

DEFAULT_LOG = ".toolcheck/runs"
BASELINES = ".toolcheck/baselines"


class Settings(NamedTuple):
    """All settings of a run, checked."""

    log: Path | None
    """Directory of the event log; None when it is switched off."""
    merged_log: Path | None
    """The one file that the log is merged into at the end, where a `.jsonl` path was asked for."""
    log_asked_for: bool
    secrets: tuple[str, ...]
    seed: int
    inconclusive: Literal["warn", "fail"]
    interleave_seed: int | None
    coverage_fail_under: float | None
    """The schema coverage, in percent, that every tool must reach."""
    baseline: Path | None
    """The file of measurements that budgets with `regression` are compared with."""
    save_baseline: Path | None
    foreign_baseline: Literal["advice", "scale"]
    """What the baseline of another machine is."""


class _Setting(NamedTuple):
    """One setting: `--toolcheck-NAME` on the command line, `toolcheck_NAME` in the ini file."""

    name: str
    help: str
    metavar: str
    default: Any = None
    has_option: bool = True
    has_ini: bool = True
    is_list: bool = False

    @property
    def option(self) -> str:
        return "--toolcheck-" + self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        return "toolcheck_" + self.name


_SETTINGS = (
    _Setting(
        "log", "where the event log goes: a directory, a .jsonl file, or 'off'", "DIR|FILE.jsonl|off", DEFAULT_LOG
    ),
    _Setting("seed", "seed of everything that is chosen at random (a whole number)", "N", "0"),
    _Setting(
        "secrets", "further key names whose values never reach the log", "NAME", (), has_option=False, is_list=True
    ),
    _Setting("inconclusive", "what an inconclusive budget does: warn or fail", "warn|fail", "warn"),
    _Setting("coverage_fail_under", "fail the run where a tool's schema coverage is below this", "PERCENT"),
    _Setting("baseline", "compare budgets that have a `regression` with this baseline", "NAME|FILE.json"),
    _Setting("save_baseline", "keep what budgets measured as a baseline", "NAME|FILE.json", has_ini=False),
    _Setting(
        "foreign_baseline",
        "what a baseline of another machine is: advice, or scaled by its reference workload, which is re-run here",
        "advice|scale",
        "advice",
    ),
    _Setting("interleave_seed", "replay one seed of @pytest.mark.interleave", "N", has_ini=False),
)


def add_options(parser: pytest.Parser) -> None:
    """Declare every option and ini key."""
    group = parser.getgroup("toolcheck", "tools tested from YAML specs (pytest-toolcheck)")
    for setting in _SETTINGS:
        if setting.has_option:
            group.addoption(setting.option, default=None, metavar=setting.metavar, help=setting.help)
        if setting.has_ini and setting.is_list:
            parser.addini(setting.ini, setting.help, type="args", default=[])
        elif setting.has_ini:
            parser.addini(setting.ini, setting.help, type="string", default=None)


def read_settings(config: pytest.Config) -> Settings:
    """Read and check all settings. Raises SettingsError naming the file and key, what was found, what is allowed."""
    found = {setting.name: _Found.of(config, setting) for setting in _SETTINGS}
    log = found["log"]
    merged = config.invocation_params.dir / log.value if str(log.value).endswith(".jsonl") else None
    return Settings(
        log=_log_directory(config, log, merged),
        merged_log=merged,
        log_asked_for=not log.is_default and log.value != "off",
        secrets=tuple(found["secrets"].value),
        seed=found["seed"].parse(int, "a whole number, such as 7"),
        inconclusive=found["inconclusive"].one_of("warn", "fail"),
        interleave_seed=found["interleave_seed"].parse(int, "a whole number, such as 7"),
        coverage_fail_under=found["coverage_fail_under"].parse(_percent, "a percentage from 0 to 100, such as 80"),
        baseline=_baseline_to_read(config, found["baseline"]),
        save_baseline=_baseline_file(config, found["save_baseline"]),
        foreign_baseline=found["foreign_baseline"].one_of("advice", "scale"),
    )


def _baseline_file(config: pytest.Config, found: _Found) -> Path | None:
    """Return the file of a baseline: a `.json` path as it is, else a name under `.toolcheck/baselines`."""
    if found.value is None:
        return None
    if found.value.endswith(".json"):
        return Path(config.invocation_params.dir / found.value)
    if not found.value.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise found.wrong("a name of letters, digits, '-', '_' and '.', or a path that ends in .json")
    return Path(config.rootpath / BASELINES / f"{found.value}.json")


def _baseline_to_read(config: pytest.Config, found: _Found) -> Path | None:
    path = _baseline_file(config, found)
    if path is not None:
        from .budgets.baseline import load_baseline
        from .errors import SettingsError, ToolcheckError

        try:
            load_baseline(path)
        except ToolcheckError as error:
            raise SettingsError(f"{found.place}: {error}") from None
    return path


class _Found(NamedTuple):
    """A value and where it was written."""

    value: Any
    place: str
    is_default: bool

    @classmethod
    def of(cls, config: pytest.Config, setting: _Setting) -> _Found:
        """Command line over ini, ini over default."""
        if setting.has_option and (value := config.getoption(setting.option)) is not None:
            return cls(value, f"command line: {setting.option}", False)
        if setting.has_ini and (value := config.getini(setting.ini)):
            file = config.inipath.name if config.inipath else "ini"
            return cls(value, f"{file}: {setting.ini}", False)
        return cls(setting.default, setting.option, True)

    def parse(self, convert: Callable[[str], Any], expected: str) -> Any:
        if self.value is None:
            return None
        try:
            return convert(self.value)
        except ValueError:
            raise self.wrong(expected) from None

    def one_of(self, *allowed: str) -> Any:
        if self.value not in allowed:
            raise self.wrong(" or ".join(map(repr, allowed)))
        return self.value

    def wrong(self, expected: str) -> SettingsError:
        """Return the error that says where the value stands, what it is, and what is expected."""
        from .errors import SettingsError

        return SettingsError(f"{self.place}: found {self.value!r}, expected {expected}")


def _percent(text: str) -> float:
    value = float(text.removesuffix("%"))
    if not 0 <= value <= 100:
        raise ValueError(text)
    return value


def _log_directory(config: pytest.Config, log: _Found, merged: Path | None) -> Path | None:
    if log.value == "off":
        return None
    if not str(log.value).strip():
        raise log.wrong("a directory, a .jsonl file, or 'off'")
    if merged is not None:
        if merged.is_dir():
            raise log.wrong("a file to write: this is a directory")
        if not can_write_below(merged.parent):
            raise log.wrong("a file to write: its folder cannot be written")
        return config.rootpath / DEFAULT_LOG
    base = config.rootpath if log.is_default or "command line" not in log.place else config.invocation_params.dir
    directory: Path = base / log.value
    if os.path.exists(directory) and not directory.is_dir():
        raise log.wrong("a directory, a .jsonl file, or 'off': this is another file")
    if not log.is_default and not can_write_below(directory):
        raise log.wrong("a directory that can be written, a .jsonl file, or 'off'")
    return directory


def can_write_below(directory: Path) -> bool:
    """Whether files can be made in a directory that may still have to be made itself."""
    try:  # asking for permission is not enough: root has it where there is no place for files, as in /proc
        place = next(path for path in (directory, *directory.parents) if _is_there(path))
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Whether there is something of this name. Raises OSError where there cannot be, as of a name that is too long."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
