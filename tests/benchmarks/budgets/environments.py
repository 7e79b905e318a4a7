"""Environments of their own for the peers, made at the first use and kept for the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
KEPT = Path(tempfile.gettempdir()) / f"toolcheck-peers-{sys.version_info[0]}.{sys.version_info[1]}"
NEEDED = {
    "peers": [str(PROJECT), "pytest-benchmark", "pytest-memray"],
    # its last release breaks on the modules of pytest 9
    "monitor": ["pytest<9", "pytest-monitor"],
}


@lru_cache
def python_of(name: str) -> Path:
    """Return the Python of an environment of `NEEDED`; of "peers" with the project as it is now."""
    folder = KEPT / name
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([*install, *NEEDED[name]], check=True)
        (folder / "complete").touch()
    elif name == "peers":
        subprocess.run([*install, "--no-deps", "--force-reinstall", str(PROJECT)], check=True)
    return python


def said_by(environment: str, script: str, *arguments: str) -> Any:
    """Return the JSON that a script beside this file prints, run by the Python of an environment of `NEEDED`."""
    command = [str(python_of(environment)), str(Path(__file__).with_name(script)), *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=clean).stdout)
