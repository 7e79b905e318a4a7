"""The page of the docs that shows the tables: what stands between two marks is written anew, the rest is left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "generators-compared.md"


def rewritten(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table between `<!-- NAME -->` and `<!-- end -->`. Raises ValueError for a missing mark."""
    for name, table in tables.items():
        marked = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        if len(marked.findall(page)) != 1:
            raise ValueError(f"expected the mark `<!-- {name} -->` once, and `<!-- end -->` after it")
        page = marked.sub(lambda found, text=table: f"{found[1]}\n{text}\n\n{found[2]}", page)
    return page
