"""The peers' environment: made once, apart from the project's, and used again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("schemathesis==4.32.5", "mcp-fuzzer==0.7.0", "amagi-mcp-probe==0.1.0", "cosmic-ray==8.7.0")
_LIMIT_S = 300


@dataclass(frozen=True)
class Environment:
    """Where the peers are, and which of them could not be installed, with the reason."""

    folder: Path
    missing: dict[str, str]

    def program(self, name: str) -> str:
        """Return the path of an installed program."""
        return str(self.folder / "bin" / name)


def environment(folder: Path) -> Environment:
    """Make the environment where it is not there yet; a package that cannot be installed is noted, not fatal."""
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=_LIMIT_S)
    missing = {}
    if _install(folder, PACKAGES) is not None:
        for package in PACKAGES:
            if (reason := _install(folder, [package])) is not None:
                missing[package.partition("==")[0]] = reason
    return Environment(folder, missing)


def _install(folder: Path, packages: tuple[str, ...] | list[str]) -> str | None:
    """Return None, or the last words of pip. What is installed already costs a second."""
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"pip took more than {_LIMIT_S} s"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]
