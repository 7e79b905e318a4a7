"""Replace what a C function of a module does, without replacing the function object.

`from time import monotonic`, a default argument and a closure all hold the *object* `time.monotonic`. So the object
stays, and two of its fields change: its method definition (the C function that it calls) and its first argument.
The new C function is one of CPython's own (`PyObject_CallNoArgs` and its kind), whose first argument is the Python
function to call. No ctypes callback takes part, so an exception (of a wrong argument, of a signal handler) leaves the
replacement like that of any Python function.

Where the arguments come as an array (`select.select`), CPython's function wants the names of keywords after it, too:
a third field changes then, the one by which the interpreter calls functions that take keywords.

Layout: `PyCFunctionObject` of Include/cpython/methodobject.h, `PyMethodDef` of Include/methodobject.h, the same in
CPython 3.11 to 3.14. Both are checked at run time before anything is written; where they do not match (another
implementation, a build without the GIL), `by_name` replaces the name in every module that holds it.
"""

from __future__ import annotations

import ctypes
import sys
import types
from collections.abc import Callable
from typing import Any, Protocol

_METH_VARARGS, _METH_KEYWORDS, _METH_NOARGS, _METH_O, _METH_FASTCALL = 0x1, 0x2, 0x4, 0x8, 0x80
_OURS = __name__.partition(".")[0] + "."
_CALLERS = {
    _METH_VARARGS: "PyObject_CallObject",
    _METH_NOARGS: "PyObject_CallNoArgs",
    _METH_O: "PyObject_CallOneArg",
    _METH_FASTCALL: "PyObject_Vectorcall",
}
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


class _Builtin:
    """A builtin function object as it is: the fields to swap, and a second object over the same C function."""

    def __init__(self, function: types.BuiltinFunctionType) -> None:
        self.function = function
        self.fields = (ctypes.c_size_t * 2).from_address(id(function) + object.__basicsize__)
        """Method definition, first argument."""
        self.original = list(self.fields)
        self.vectorcall = _vectorcall_of(function)
        """By what the interpreter calls it."""
        self.original_vectorcall = self.vectorcall.value
        original = _MethodDef.from_address(self.original[0])
        flags, self.swapped_vectorcall = original.flags, self.original_vectorcall
        if flags == _METH_FASTCALL:
            flags, self.swapped_vectorcall = flags | _METH_KEYWORDS, _vectorcall_of(sorted).value
        caller = ctypes.cast(getattr(ctypes.pythonapi, _CALLERS[original.flags]), ctypes.c_void_p).value
        self.definition = _MethodDef(original.name, caller, flags, original.doc)
        self.real = _duplicate(function, original)

    @property
    def is_original(self) -> bool:
        """Whether nobody has swapped its fields since."""
        return list(self.fields) == self.original


_builtins: dict[int, _Builtin] = {}
"""By the address of the function, which is kept alive; its own hash changes with its fields."""


def _builtin(function: types.BuiltinFunctionType) -> _Builtin:
    known = _builtins.get(id(function))
    if known is None or not known.is_original:
        known = _builtins[id(function)] = _Builtin(function)
    return known


class CFunction:
    """The fields of one builtin function object, to swap and to put back."""

    def __init__(self, function: types.BuiltinFunctionType, substitute: Callable[..., Any]) -> None:
        self.substitute = substitute
        self._builtin = _builtin(function)
        self.real = self._builtin.real

    def on(self) -> None:
        """Let the function call its substitute."""
        if self._builtin.is_original:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.substitute))
            # first how it is called: the C function that still stands there takes no notice of one more argument
            self._builtin.vectorcall.value = self._builtin.swapped_vectorcall
            # one slice assignment runs under the GIL from start to end: no thread sees one field without the other
            self._builtin.fields[:] = [ctypes.addressof(self._builtin.definition), id(self.substitute)]

    def off(self) -> None:
        """Put the function back as it was."""
        if not self._builtin.is_original:
            self._builtin.fields[:] = self._builtin.original
            self._builtin.vectorcall.value = self._builtin.original_vectorcall
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
                if not str(getattr(module, "__name__", "")).startswith(_OURS):
                    names[name] = self.substitute
                    self._bound.append((names, name))

    def off(self) -> None:
        """Bind the function again where it was."""
        while self._bound:
            names, name = self._bound.pop()
            names[name] = self.real


def replacement(function: Callable[..., Any], substitute: Callable[..., Any]) -> Replacement:
    """Return the best replacement that this interpreter allows: of the C function, or by name."""
    if isinstance(function, types.BuiltinFunctionType) and is_swappable(function):
        return CFunction(function, substitute)
    return NamedFunction(function, substitute)


def unreplaced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does as the function, and stays real while it is replaced."""
    if isinstance(function, types.BuiltinFunctionType) and is_swappable(function):
        return _builtin(function).real
    return function  # our own modules keep theirs, see `NamedFunction`


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
    if not found.function or found.name != function.__name__.encode() or found.flags not in _CALLERS:
        return False
    return found.flags != _METH_FASTCALL or _takes_keywords_as_an_array(sorted)


def _takes_keywords_as_an_array(function: Any) -> bool:
    definition = ctypes.c_size_t.from_address(id(function) + object.__basicsize__).value
    return bool(_MethodDef.from_address(definition).flags == _METH_FASTCALL | _METH_KEYWORDS)


def _vectorcall_of(function: Any) -> ctypes.c_size_t:
    """Return the fifth and last field of a builtin function."""
    return ctypes.c_size_t.from_address(id(function) + object.__basicsize__ + 4 * ctypes.sizeof(ctypes.c_size_t))


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
