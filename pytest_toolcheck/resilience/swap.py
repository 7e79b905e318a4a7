"""Put something else in place of a callable, for every alias of it, and put the callable back exactly.

A Python function is replaced by its *code*: `from shop.providers import quote`, a decorator that wrapped `quote` at
import and a bound method kept in a variable all follow, as they hold the same function object. Anything else (a
builtin, a `functools.partial`, an object with `__call__`) is replaced by its attribute, under every name in `modules`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import types
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import ToolcheckError

AnyCallable = Callable[..., Any]
_MARK = "the gate goes here"
_PLAIN = "def {name}(*args, **kwargs):\n  {free}\n  gate = {mark!r}\n  return gate.way(*args, **kwargs)"
_AWAITED = "async def {name}(*args, **kwargs):\n  {free}\n  gate = {mark!r}\n  return await gate.way(*args, **kwargs)"


class ReferenceProblem(ToolcheckError):
    """A `pkg.mod:attr` that names nothing that can be called."""


@dataclass(frozen=True, slots=True)
class Place:
    """A callable and where it stands: `owner` has it as attribute `name`."""

    owner: Any
    name: str
    target: AnyCallable
    reference: str

    @property
    def is_async(self) -> bool:
        """Whether calling it gives a coroutine by its own declaration (`async def`)."""
        return inspect.iscoroutinefunction(self.target) or inspect.iscoroutinefunction(
            getattr(self.target, "__call__", None)  # noqa: B004 - the method is wanted, not whether it can be called
        )

    @property
    def returns_awaitable(self) -> bool:
        """Whether a plain function hands out a coroutine: it wraps one, or its return annotation says so."""
        if self.is_async:
            return False
        annotation = str(getattr(self.target, "__annotations__", {}).get("return", ""))
        declared = any(word in annotation for word in ("Awaitable", "Coroutine", "Future", "Task["))
        return declared or inspect.iscoroutinefunction(_unwrapped(self.target))


def locate(reference: str | AnyCallable) -> Place:
    """Return what `pkg.mod:attr`, `mod:Class.method` or `mod:instance.method` names. Raises ReferenceProblem."""
    if not isinstance(reference, str):
        return _locate_callable(reference)
    module, colon, path = reference.partition(":")
    if not colon or not path or not module:
        raise ReferenceProblem(f"{reference!r} names no callable: write it as pkg.module:attribute")
    owner = _imported(module, reference)
    *parents, name = path.split(".")
    for parent in parents:
        owner = _attribute(owner, parent, reference)
    target = _attribute(owner, name, reference)
    if not callable(target):
        raise ReferenceProblem(f"{reference} is a {type(target).__name__}: only what can be called can be observed")
    return Place(owner, name, target, reference)


@dataclass(slots=True)
class _Gate:
    """What the code of a stand-in calls: the stand-in, and afterwards, for who is on the way, the function itself.

    The garbage collector does not look into code: what a code's constant leads to, and leads back to the code (as the
    traceback of an injected error does), would stay for ever. So a gate that is done with leads nowhere.
    """

    way: AnyCallable


class Swap:
    """A stand-in in place of a callable, while entered. `original` calls what was there, whether entered or not."""

    def __init__(self, place: Place, stand_in: AnyCallable, *, modules: Iterable[types.ModuleType] = ()) -> None:
        self.place = place
        self._stand_in = stand_in
        self._modules = tuple(modules)
        self._undo: list[Callable[[], None]] = []
        self._function = _function_of(place.target)
        self.original: AnyCallable = self._copy_of_original()

    def __enter__(self) -> Swap:
        if self._function is not None:
            self._swap_code(self._function)
        else:
            self._swap_attributes()
        return self

    def __exit__(self, *exc_info: object) -> None:
        while self._undo:
            self._undo.pop()()

    def _copy_of_original(self) -> AnyCallable:
        if self._function is None:
            return self.place.target
        copy = _copied(self._function)
        bound_to = getattr(self.place.target, "__self__", None)
        return copy if bound_to is None else types.MethodType(copy, bound_to)

    def _swap_code(self, function: types.FunctionType) -> None:
        before, had = function.__code__, dict(vars(function))
        function.__signature__ = _signature(function)  # type: ignore[attr-defined]
        gate = _Gate(self._dispatcher(function))
        function.__code__ = _trampoline(before, gate)

        def put_back() -> None:
            function.__code__ = before
            gate.way = _through(weakref.ref(function))
            vars(function).clear()
            vars(function).update(had)

        self._undo.append(put_back)

    def _dispatcher(self, function: types.FunctionType) -> AnyCallable:
        """For a bound method: let other instances keep the original, and drop `self` as binding would have done."""
        bound_to = getattr(self.place.target, "__self__", None)
        if bound_to is None:
            return self._stand_in
        unbound, stand_in = _copied(function), self._stand_in

        def dispatch(first: Any, *args: Any, **kwargs: Any) -> Any:
            return stand_in(*args, **kwargs) if first is bound_to else unbound(first, *args, **kwargs)

        return dispatch

    def _swap_attributes(self) -> None:
        wrapped = _wrapper(self.place, self._stand_in)
        self._set(self.place.owner, self.place.name, wrapped)
        for module in self._modules:
            for name, value in list(vars(module).items()):
                if value is self.place.target:
                    self._set(module, name, wrapped)

    def _set(self, owner: Any, name: str, value: Any) -> None:
        own = getattr(owner, "__dict__", {})
        if name in own:
            self._undo.append(functools.partial(setattr, owner, name, own[name]))
        else:
            self._undo.append(functools.partial(delattr, owner, name))
        setattr(owner, name, staticmethod(value) if isinstance(owner, type) else value)


def _imported(module: str, reference: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ReferenceProblem(f"{reference!r} cannot be imported: {error}") from error


def _attribute(owner: Any, name: str, reference: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        offered = (
            ", ".join(each for each in vars(owner) if not each.startswith("_")) if hasattr(owner, "__dict__") else ""
        )
        title = getattr(owner, "__name__", type(owner).__name__)
        raise ReferenceProblem(f"{reference!r}: {title} has no {name!r}; it has {offered or 'nothing'}") from None


def _locate_callable(target: AnyCallable) -> Place:
    if _function_of(target) is None:
        shown = getattr(target, "__qualname__", repr(target))
        raise ReferenceProblem(f"{shown} is no Python function: name it by where it stands, as 'pkg.module:attribute'")
    name = getattr(target, "__qualname__", "callable")
    return Place(None, name, target, f"{getattr(target, '__module__', '?')}:{name}")


def _function_of(target: Any) -> types.FunctionType | None:
    """The function whose code can be replaced; None for a generator, a builtin or an object."""
    function = getattr(target, "__func__", target)
    if not isinstance(function, types.FunctionType):
        return None
    return None if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function) else function


def _unwrapped(target: Any) -> Any:
    while isinstance(target, functools.partial):
        target = target.func
    return inspect.unwrap(target) if callable(target) else target


def _signature(function: types.FunctionType) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _copied(function: types.FunctionType) -> types.FunctionType:
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    return copy


def _through(reference: weakref.ref[types.FunctionType]) -> AnyCallable:
    def call(*args: Any, **kwargs: Any) -> Any:
        function = reference()
        if function is None:
            raise ReferenceError("the function that was called has been deleted")
        return function(*args, **kwargs)

    return call


def _trampoline(code: types.CodeType, gate: _Gate) -> types.CodeType:
    """Return code with the free variables of `code` that hands whatever arguments it gets to the gate."""
    made = _template(bool(code.co_flags & inspect.CO_COROUTINE), code.co_freevars)
    constants = tuple(gate if value == _MARK else value for value in made.co_consts)
    return made.replace(
        co_consts=constants, co_name=code.co_name, co_qualname=code.co_qualname, co_freevars=code.co_freevars
    )


@functools.cache
def _template(is_async: bool, free: tuple[str, ...]) -> types.CodeType:
    body = (_AWAITED if is_async else _PLAIN).format(name="stand_in_for", free="; ".join(free) or "pass", mark=_MARK)
    indented = "\n".join(f"  {line}" for line in body.splitlines())
    scope: dict[str, Any] = {}
    exec(f"def outer({', '.join(free)}):\n{indented}\n  return stand_in_for", scope)
    code: types.CodeType = scope["outer"](*free).__code__
    return code


def _wrapper(place: Place, stand_in: AnyCallable) -> AnyCallable:
    if place.is_async:

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await stand_in(*args, **kwargs)

        return awaited

    def called(*args: Any, **kwargs: Any) -> Any:
        return stand_in(*args, **kwargs)

    return called
