"""What switches a behavioural check on: the spec's `checks`, its annotations, the target's hints, the categories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..chains.roles import words_of
from ..spec.model import ToolSpec

if TYPE_CHECKING:
    from ..scenario import ToolPlan

_BY_METHOD: Final = {"read_only": "GET ", "idempotent": "PUT "}
"""RFC 9110, 9.2: GET is safe, PUT is idempotent. DELETE is too, and says of a second call that nothing is there."""
_VERBS: Final = (
    "create add new insert register make save store put set update edit patch delete remove reset clear append push pop next "
    "take claim draw roll random shuffle generate increment increase decrement bump count visit visits track hit click mark ack "
    "acknowledge consume dequeue enqueue queue log login logout start stop run trigger refresh sync toggle merge import send "
    "confirm unsubscribe verify redirect"
)
HAS_AN_EFFECT: Final = frozenset(_VERBS.split())
_RECORDS: Final = (
    "version versions revision revisions rev generation seq sequence updates edits changes change history recent recently log logs "
    "audit stats statistics metrics analytics popular popularity trending activity activities usage "
    "views viewed visits visited accesses accessed reads downloads opens opened clicks hits seen counter"
)
_METER: Final = frozenset(["quota", "quotas", "credits", "requests", "calls"])
_RECORD: Final = _METER.union(_RECORDS.split())
_SAID: Final = re.compile(
    r"\b(?:increment\w*|count(?:s|ed|er|ing)|append\w*|add(?:s|ed)? (?:to|up)|accumulat\w*|toggl\w*|consum\w*|pops?|marks? .{0,30}\bas"
    r"|(?:record|track)(?:s|ed|ing)? (?:each|every|that|this|the|a) (?:view|visit|call|read|access)\w*|visit\w*|once|next|queue\w*|merges?"
    r"|creates?|generates?|random\w*|registers?|refresh\w*)\b",
    re.IGNORECASE,
)
"""What says that a call is meant to have an effect, or to be answered otherwise each time."""


def is_promised(tool: ToolSpec, check: str) -> bool:
    """Whether a check is on: the spec's `checks` decide, else the annotation (the spec's, or the target's hint)."""
    wanted = tool.checks.get(check)
    return bool(getattr(tool.annotations, check, None)) if wanted is None else wanted is not False


def is_chosen(tool: ToolSpec, category: str) -> bool:
    """Whether the spec's `variations` leave the category in."""
    chosen = tool.variations
    return category not in chosen.exclude and (chosen.categories is None or category in chosen.categories)


def is_implied(tool: ToolSpec, check: str) -> bool:
    """What changes nothing is idempotent: the hints of servers say both, one look is enough."""
    return check == "idempotent" and is_promised(tool, "read_only") and "/checks/idempotent" not in tool.key_positions


def is_wanted(tool: ToolSpec, check: str, category: str) -> bool:
    return is_chosen(tool, category) or f"/checks/{check}" in tool.key_positions


def keeps_record(name: str) -> bool:
    """Whether a member or a tool is by its name a record of what is called, which a GET and a PUT may add to as well."""
    return not _RECORD.isdisjoint(words_of(name))


def meters_calls(name: str) -> bool:
    """Whether a member says by its name how much a caller has used: each call counts there, and no resource has changed."""
    return not _METER.isdisjoint(words_of(name))


def is_promised_by_method(plan: ToolPlan, check: str) -> bool:
    """Whether HTTP itself promises it of a tool of which nobody says anything: neither the spec, nor its name or description."""
    tool, promises = plan.tool, plan.tool.annotations
    source = plan.description.source or ""
    said = (promises.read_only, promises.idempotent, promises.deterministic, tool.checks.get(check))
    if plan.spec.target.kind != "http" or any(each is not None for each in said) or check not in _BY_METHOD:
        return False
    method = _BY_METHOD[check]
    words = {*words_of(tool.name), *words_of(source.removeprefix(method))}
    own = {"put", "set", "save", "store", "update", "edit", "make", "create"} if check == "idempotent" else set()
    return (
        source.startswith(method)
        and not words & (HAS_AN_EFFECT - own)
        and not _SAID.search(plan.description.description or "")
    )
