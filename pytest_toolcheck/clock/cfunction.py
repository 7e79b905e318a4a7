"""Replace what a C function of a module does, without replacing the function object.

`from time import monotonic`, a default argument and a closure all hold the *object* `time.monotonic`. So the object
stays, and two of its fields change: its method definition (the C function that it calls) and its first argument.
The new C function is CPython's own `PyObject_CallNoArgs`, `PyObject_CallOneArg` or `PyObject_CallObject`, whose first
argument is the Python function to call. No ctypes callback takes part, so an exception (of a wrong argument, of a
signal handler) leaves the replacement like that of any Python function.

Layout: `PyCFunctionObject` of Include/cpython/methodobject.h, `PyMethodDef` of Include/methodobject.h, the same in
CPython 3.11 to 3.14. Both are checked at run time before anything is written; where they do not match (another
implementation, a build without the GIL), `by_name` replaces the name in every module that holds it.
"""

from __future__ import annotations

import ctypes
import os
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_METH_VARARGS, _METH_NOARGS, _METH_O = 0x1, 0x4, 0x8
_OURS = __name__.partition(".")[0] + "."
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_CALLERS = {_METH_VARARGS: "PyObject_CallObject", _METH_NOARGS: "PyObject_CallNoArgs", _METH_O: "PyObject_CallOneArg"}
"""Calling convention to the C function of CPython with the same signature that calls its first argument."""


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Replacement(Protocol):
    """A function that can be replaced and put back any number of times."""

    real: Callable[..., Any]
    """Calls the original, whether it is replaced or not."""
    substitute: Callable[..., Any]
    """What is called instead."""

    def on(self) -> None:
        """Let the function call its substitute."""

    def off(self) -> None:
        """Put the function back as it was."""


class CFunction:
    """The fields of one builtin function object, `[method definition, first argument]`, to swap and to put back."""

    def __init__(self, function: types.BuiltinFunctionType, substitute: Callable[..., Any]) -> None:
        self.substitute = substitute
        self._fields = (ctypes.c_size_t * 2).from_address(id(function) + object.__basicsize__)
        self._original = list(self._fields)
        original = _MethodDef.from_address(self._original[0])
        caller = ctypes.cast(getattr(ctypes.pythonapi, _CALLERS[original.flags]), ctypes.c_void_p).value
        self._definition = _MethodDef(original.name, caller, original.flags, original.doc)
        self.real = _duplicate(function, original)

    def on(self) -> None:
        """Let the function call its substitute."""
        if list(self._fields) == self._original:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.substitute))
            # one slice assignment runs under the GIL from start to end: no thread sees one field without the other
            self._fields[:] = [ctypes.addressof(self._definition), id(self.substitute)]

    def off(self) -> None:
        """Put the function back as it was."""
        if list(self._fields) != self._original:
            self._fields[:] = self._original
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(self.substitute))


class NamedFunction:
    """The fallback: the function's name is bound anew in every module that holds it; other aliases stay real."""

    def __init__(self, function: Callable[..., Any], substitute: Callable[..., Any]) -> None:
        self.real = function
        self.substitute = substitute
        self._bound: list[tuple[dict[str, Any], str]] = []

    def on(self) -> None:
        """Bind the substitute wherever a module's global is the function."""
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", {})
            for name in [name for name, value in list(names.items()) if value is self.real]:
                if not str(getattr(module, "__name__", "")).startswith(__package__ or "\0"):
                    names[name] = self.substitute
                    self._bound.append((names, name))

    def off(self) -> None:
        """Bind the function again where it was."""
        while self._bound:
            names, name = self._bound.pop()
            names[name] = self.real


class OwnNames:
    """Functions that modules hold under their own names (`from signal import alarm` too), to replace there and to put back.

    For functions whose calling convention has no counterpart; one look a module, where `NamedFunction` looks at every name.
    """

    def __init__(self, substitutes: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._substitutes = [(real.__name__, real, substitute) for real, substitute in substitutes.items()]
        self._put_back: list[tuple[dict[str, Any], str, Any]] = []

    def on(self) -> None:
        """Bind the substitutes, except in our own modules."""
        without = _without.setdefault(tuple(real for _, real, _ in self._substitutes), {})
        for key, module in list(sys.modules.items()):
            names = getattr(module, "__dict__", {})
            if without.get(key) == (module, len(names)):
                continue
            found = [each for each in self._substitutes if names.get(each[0]) is each[1]]
            if not found and _is_installed(names):
                without[key] = module, len(names)
            elif not str(names.get("__name__")).startswith(_OURS):
                for name, real, substitute in found:
                    names[name] = substitute
                    self._put_back.append((names, name, real))

    def off(self) -> None:
        """Bind the functions again."""
        while self._put_back:
            names, name, real = self._put_back.pop()
            names[name] = real


_without: dict[tuple[Callable[..., Any], ...], dict[str, tuple[Any, int]]] = {}
"""Installed modules that hold none of the functions, and how many names they had: they are many, the user's few."""


def _is_installed(names: Mapping[str, Any]) -> bool:
    file = str(names.get("__file__") or "")
    return not file or "site-packages" in file or file.startswith(_STANDARD_LIBRARY)


def replacement(function: Callable[..., Any], substitute: Callable[..., Any]) -> Replacement:
    """Return the best replacement that this interpreter allows: of the C function, or by name."""
    if isinstance(function, types.BuiltinFunctionType) and is_swappable(function):
        return CFunction(function, substitute)
    return NamedFunction(function, substitute)


def is_swappable(function: types.BuiltinFunctionType) -> bool:
    """Tell whether the function's memory looks as CPython 3.11 to 3.14 lays it out, with a convention we know."""
    if sys.implementation.name != "cpython" or not (3, 11) <= sys.version_info[:2] <= (3, 14) or _is_free_threaded():
        return False
    if type(function).__basicsize__ < object.__basicsize__ + 5 * ctypes.sizeof(ctypes.c_void_p):
        return False
    definition, first_argument = (ctypes.c_size_t * 2).from_address(id(function) + object.__basicsize__)
    if first_argument != id(function.__self__) or not definition:
        return False
    found = _MethodDef.from_address(definition)
    return bool(found.function) and found.name == function.__name__.encode() and found.flags in _CALLERS


def _is_free_threaded() -> bool:
    return not getattr(sys, "_is_gil_enabled", lambda: True)()


def _duplicate(function: types.BuiltinFunctionType, definition: _MethodDef) -> Callable[..., Any]:
    """Return a second function object over the same C function: it stays real while the first is replaced."""
    prototype = ctypes.PYFUNCTYPE(
        ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object, ctypes.c_void_p
    )
    make = prototype(("PyCMethod_New", ctypes.pythonapi))
    made: Callable[..., Any] = make(ctypes.addressof(definition), function.__self__, function.__module__, None)
    return made
