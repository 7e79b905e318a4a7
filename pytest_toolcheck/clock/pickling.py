"""Replaced functions go to other processes under their names: `pool.submit(time.sleep, 1)`.

A builtin function is pickled as an attribute of its first argument, the module; while it is replaced (see
`cfunction.py`) that is ours.
"""

from __future__ import annotations

import copyreg
import types
from collections.abc import Iterable
from typing import Any

from .cfunction import Replacement


class Pickling:
    """Lets the replaced functions be pickled by their names, while it is on."""

    def __init__(self, replacements: Iterable[Replacement]) -> None:
        self._substitutes = {id(each.substitute) for each in replacements}
        self._before: Any = None

    def on(self) -> None:
        """From now on, a replaced function is pickled as the global that it is."""
        self._before = copyreg.dispatch_table.get(types.BuiltinFunctionType)
        copyreg.dispatch_table[types.BuiltinFunctionType] = self._reduce

    def off(self) -> None:
        """Builtin functions are pickled as ever."""
        del copyreg.dispatch_table[types.BuiltinFunctionType]
        if self._before is not None:
            copyreg.dispatch_table[types.BuiltinFunctionType] = self._before

    def _reduce(self, function: Any) -> Any:
        if id(function.__self__) in self._substitutes:
            return str(function.__name__)
        return function.__reduce_ex__(2) if self._before is None else self._before(function)
