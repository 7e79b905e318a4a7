"""Say which lists of cases a change of the generator changes: over the tools of a folder and the official test suite.

    python -m tests.benchmarks.same_cases FILE FOLDER

The first run, before the change, writes a digest of each list to FILE; the next ones compare, and exit with 1 where
lists differ. FOLDER holds `tools/list` answers. A generator that only became faster makes the same lists.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.cases.plan import cases_of

from ..test_cases_suite import FILES, document_of, groups
from .generation_speed import schemas_in

_MOST_SHOWN = 40


def lists(folder: Path) -> Iterator[tuple[str, Iterable[Case]]]:
    """Yield each schema's name and its cases."""
    for number, schema in enumerate(schemas_in(folder)):
        yield f"tool {number + 1}", generate_cases(schema)
    for path in FILES:
        for number, (name, group) in enumerate(groups(path)):
            yield f"{name} ({number + 1})", cases_of(document_of(path, group["schema"]))


def digest(cases: Iterable[Case]) -> str:
    """Return the number of cases, and a hash of all that is said of them, in their order."""
    rows = [json.dumps([c.id, c.input, c.label, c.category, c.pointer, c.detail]) for c in cases]
    return f"{len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()[:16]}"


def main(file: str, folder: str) -> int:
    """Write the digests, or compare with those that were written."""
    found, before = {name: digest(cases) for name, cases in lists(Path(folder))}, Path(file)
    if not before.exists():
        before.write_text(json.dumps(found))
        print(f"{len(found)} lists written")
        return 0
    known = json.loads(before.read_text())
    differ = [name for name in {**known, **found} if known.get(name) != found.get(name)]
    print(f"{len(found)} lists, {len(differ)} differ")
    print(*(f"{name}: {known.get(name)} -> {found.get(name)}" for name in differ[:_MOST_SHOWN]), sep="\n")
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
