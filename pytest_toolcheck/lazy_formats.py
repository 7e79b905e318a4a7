"""Stand-ins for the packages by which `jsonschema` checks rarer formats, while it is imported: each loads its package when called.

Together they take as long to import as all the rest of `jsonschema`, and few runs check a duration or a URI template.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_FUNCTIONS = {
    "idna": ("encode",),
    "isoduration": ("parse_duration",),
    "rfc3339_validator": ("validate_rfc3339",),
    "rfc3986_validator": ("validate_rfc3986",),
    "uri_template": ("validate",),
    "webcolors": ("name_to_hex", "normalize_hex"),
}
_ERRORS = {"idna": "IDNAError", "isoduration": "DurationParsingException"}
"""What `jsonschema` takes for "not of this format"."""


def stand_ins() -> dict[str, ModuleType]:
    """Return a stand-in for each package that is installed and not imported yet."""
    wanted = [name for name in _FUNCTIONS if name not in sys.modules and find_spec(name) is not None]
    return {name: _stand_in(name) for name in wanted}


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    error = _ERRORS.get(name)
    if error is not None:
        setattr(module, error, type(error, (ValueError,), {}))
    for function in _FUNCTIONS[name]:
        setattr(module, function, _loading(name, function, error and getattr(module, error), error))
    return module


def _loading(name: str, function: str, raised: Any, error: str | None) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Any:
        package: Any = import_module(name)
        if error is None:
            return getattr(package, function)(*args, **keywords)
        try:
            return getattr(package, function)(*args, **keywords)
        except getattr(package, error) as found:
            raise raised(str(found)) from found

    return call
