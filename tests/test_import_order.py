"""Every module can be imported first: what imports each other in a circle fails or not by who is asked first."""

from __future__ import annotations

import subprocess
import sys

_EACH_FIRST = """
import importlib, pkgutil, sys
import pytest_toolcheck
names = [each.name for room in ("chains", "checks", "behaviour") for each in pkgutil.iter_modules(
    importlib.import_module(f"pytest_toolcheck.{room}").__path__, f"pytest_toolcheck.{room}.")]
for name in names:
    for known in [each for each in sys.modules if each.split(".")[1:2] in (["chains"], ["checks"], ["behaviour"])]:
        del sys.modules[known]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
"""


def test_each_module_may_be_the_first() -> None:
    """Of the rooms that know each other's helpers."""
    told = subprocess.run([sys.executable, "-c", _EACH_FIRST], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout == ""
