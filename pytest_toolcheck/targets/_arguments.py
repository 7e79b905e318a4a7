"""Hand JSON arguments to a Python function: as they are, save where a hint asks for what JSON has not.

A parameter that is hinted with plain JSON types gets the raw value, neither checked nor coerced: a test must see what
the function itself does with it. What cannot be written in JSON is made (`_conversions.py`); what cannot be made never
reaches the function, so that nothing follows for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ._conversions import ArgumentError, Convert, Spot, converter_of
from ._hints import members_of_unpacked
from ._signatures import hints_of, signature_of

__all__ = ["ArgumentError", "Binding", "Bound"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What to call the function with."""

    args: list[Any]
    kwargs: dict[str, Any]
    leeway: tuple[str, ...] = ()
    """Where the hint's type holds what its schema forbids, as JSON Pointers: a date and time without an offset."""


class Binding:
    """How one function takes its arguments; made once a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        signature = signature_of(function)
        parameters = signature.parameters if signature else {}
        hints = hints_of(function)
        self._positional = tuple(p.name for p in parameters.values() if p.kind is p.POSITIONAL_ONLY)
        self._named = frozenset(parameters)
        self._optional = {name for name, p in parameters.items() if p.default is None}
        self._others: Convert | None = None
        self._converters: dict[str, Convert] = {}
        for name, p in parameters.items():
            if p.kind is p.VAR_KEYWORD:
                self._bind_others(hints.get(name))
            elif p.kind is not p.VAR_POSITIONAL and (converter := converter_of(hints.get(name))) is not None:
                self._converters[name] = converter

    def _bind_others(self, hint: Any) -> None:
        """`**rest: Unpack[Options]` names parameters, `**rest: UUID` is the hint of each."""
        options = members_of_unpacked(hint)
        if options is None:
            self._others = None if hint is None else converter_of(hint)
        else:
            made = {name: converter_of(member) for name, member in options.items()}
            self._converters |= {name: converter for name, converter in made.items() if converter is not None}

    @property
    def makes_values(self) -> bool:
        """Whether some argument is made of what JSON says, rather than handed over as it is."""
        return bool(self._converters) or self._others is not None

    def arguments(self, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return positional and keyword arguments, as `bind` makes them."""
        bound = self.bind(given)
        return bound.args, bound.kwargs

    def bind(self, given: Mapping[str, Any]) -> Bound:
        """Return what to call the function with. Raises ArgumentError for what cannot be made, and what the user's
        own classes raise while they are made."""
        if not self.makes_values:
            return self._placed(given)
        spot = Spot("", [])
        values = {name: self._converted(name, value, spot) for name, value in given.items()}
        return self._placed(values, tuple(spot.leeway))

    def _placed(self, values: Mapping[str, Any], leeway: tuple[str, ...] = ()) -> Bound:
        first: list[Any] = []
        for name in self._positional:
            if name not in values:
                break
            first.append(values[name])
        rest = {name: value for name, value in values.items() if name not in self._positional[: len(first)]}
        return Bound(first, rest, leeway)

    def _converted(self, name: str, value: Any, spot: Spot) -> Any:
        converter = self._converters.get(name, None if name in self._named else self._others)
        if converter is None or (value is None and name in self._optional):
            return value
        try:
            return converter(value, spot.inside(name))
        except RecursionError:
            raise ArgumentError(f"{name}: too deep to be made a value of its type") from None
