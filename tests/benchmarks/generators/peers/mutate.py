"""Print mutants of sources as JSON: `mutate.py SOURCES.json MOST`; runs in the peers' environment, with cosmic-ray."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

_MOST_OCCURRENCES = 2
_LEFT_OUT = ("core/RemoveDecorator", "core/ExceptionReplacer", "core/VariableReplacer", "core/VariableInserter")


def mutants(source: str, most: int) -> list[str]:
    """Return different mutants that compile, taken evenly from all there are."""
    found: dict[str, None] = {}
    for name in sorted(set(operator_names()) - set(_LEFT_OUT)):
        for occurrence in range(_MOST_OCCURRENCES):
            changed = mutate_code(source, get_operator(name)(), occurrence)
            if changed is None:
                break
            if changed != source and _compiles(changed):
                found.setdefault(changed)
    everything = list(found)
    step = max(1, len(everything) // most)
    return everything[step // 2 :: step][:most]


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


if __name__ == "__main__":
    sources = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps({name: mutants(source, int(sys.argv[2])) for name, source in sources.items()}))
