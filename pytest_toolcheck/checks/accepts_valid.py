"""`accepts_valid`: a valid input is accepted, wherever `acceptance` makes that a promise."""

from __future__ import annotations

import re
from dataclasses import replace

from ..chains.roles import may_use_up
from ..targets._text_values import holds_lone_surrogates, is_told_by_codec
from ..targets.base import MODEL_RULE
from .absent import is_missing_beside_another, may_be_absent
from .base import USED_UP, Evidence, Finding, as_json, place_of, said_of, shorten
from .control import refusal_contradicts_neighbour, refuses_ends_of_months, refuses_leap_days_only
from .described_fully import differs_only_where_fully_described
from .integral import rests_on_integral_float
from .known_values import known_bad
from .made_values import refuses_a_time_it_made
from .own_bound import refuses_what_its_bound_allows
from .pointing import points_outside
from .reported import as_refusal
from .shown_values import refuses_what_it_shows
from .together import may_be_refused_together
from .told_relation import says_what_clashes
from .untold_relation import speaks_of_a_relation
from .violation import is_valid_in_decimals

_TOO_LITTLE = re.compile(
    r"\b(?:insufficient|not enough|sold out|out of stock|overdrawn|exhausted|(?:only|just) \d+ (?:is |are )?(?:left|available|remaining)"
    r"|exceeds? (?:the |your )?(?:balance|stock|inventory|funds|credit|available|remaining))\b",
    re.IGNORECASE,
)
"""What is said by a tool that has less than it is asked for; of one that uses something up, that is no word on its bounds."""
_BY_DIFFERENCE = "acceptance (auto): it differs from a known-good input"


def accepts_valid(evidence: Evidence) -> Finding | None:
    """Fail when a valid input was refused that had to be accepted, be it by an answer that only reports an error."""
    if evidence.case.label != "valid":
        return None
    if evidence.outcome.kind == "accepted":
        return _reported(evidence)
    return _refused(evidence) if evidence.outcome.kind == "refused" else None


def _reported(evidence: Evidence) -> Finding | None:
    """Judge an answer that only reports an error as the refusal that it is."""
    refusal = as_refusal(evidence)
    found = None if refusal is None else _refused(refusal)
    message = f"{evidence.tool.name} reported an error as its answer to a valid input ({_change(evidence)})"
    return found and replace(found, message=f"{message}: {shorten(evidence.outcome.value, 140)}")


def _refused(evidence: Evidence) -> Finding | None:
    reason = _promise(evidence)
    if reason is None:
        return None
    if _is_used_up(evidence):
        evidence.notes.append(USED_UP)
        return None
    if reason.startswith(_BY_DIFFERENCE) and _is_another_s_affair(evidence):
        return None
    error = evidence.outcome.error
    said = f": {shorten(error.message, 140)}" if error else ""
    return Finding(
        "accepts_valid",
        f"{evidence.tool.name} refused a valid input ({_change(evidence)}){said}",
        f"accepts_valid {evidence.case.pointer} {error.type if error else ''}".strip(),
        reason,
    )


def _is_used_up(evidence: Evidence) -> bool:
    """Whether the tool refuses by now what it accepted before: then this refusal says nothing of the input."""
    accepted = evidence.accepted
    if not accepted or evidence.retry is None or evidence.tool.acceptance == "strict" or not may_use_up(evidence.tool):
        return False
    if any(as_json(good) == as_json(evidence.case.input) for good in accepted):
        return True
    return (
        bool(_TOO_LITTLE.search(said_of(evidence)))
        or evidence.retry(accepted[0]).kind == "refused"
        or _is_low(evidence)
    )


def _is_low(evidence: Evidence) -> bool:
    """Whether the tool accepts this input where nothing has been called before: an account may be low, and not empty."""
    fresh = evidence.anew(evidence.case.input) if evidence.anew is not None else None
    return fresh is not None and fresh.kind == "accepted"


def _promise(evidence: Evidence) -> str | None:
    """Say why this input had to be accepted; None where a clean refusal is allowed."""
    tool, case = evidence.tool, evidence.case
    known = [example for example in tool.examples if as_json(example.input) == as_json(case.input)]
    if any(example.expect is not None and example.expect.error is not None for example in known):
        return None
    if known:
        return f"acceptance of the examples ({place_of(tool, 'examples')})"
    if known_bad(tool, case.input):
        return None
    schema = tool.input if tool.input is not None else True
    if not is_valid_in_decimals(schema, case.input):
        return None
    if tool.acceptance == "strict":
        return f"acceptance: strict ({place_of(tool, 'acceptance')}): every valid input is accepted"
    if tool.acceptance == "lenient" or _is_rule_of_a_model(evidence):
        return None
    if rests_on_integral_float(schema, case.input) or holds_lone_surrogates(case.input) or _is_of_the_codec(evidence):
        return None
    if may_be_refused_together(case.input, evidence.known_good):
        return None
    for good in evidence.known_good:
        if differs_only_where_fully_described(schema, good, case.input):
            return (
                f"{_BY_DIFFERENCE} only in parameters whose schema says all "
                f"({place_of(tool, 'input')}); known good: {shorten(good, 160)}"
            )
    contradicted = refusal_contradicts_neighbour(evidence)
    if contradicted is not None and is_missing_beside_another(evidence):
        return None
    of_the_calendar = refuses_leap_days_only(evidence) or refuses_ends_of_months(evidence)
    of_code = refuses_what_it_shows(evidence) or refuses_a_time_it_made(evidence)
    return contradicted or of_the_calendar or of_code or refuses_what_its_bound_allows(evidence)


def _is_another_s_affair(evidence: Evidence) -> bool:
    """Whether the value is refused for what stands beside it, or for what is not there, as a control call shows.

    Asked last: of a tool that uses something up, these calls do so.
    """
    is_absent = any(may_be_absent(evidence, good) for good in evidence.known_good)
    return is_absent or points_outside(evidence) or says_what_clashes(evidence) or speaks_of_a_relation(evidence)


def _is_of_the_codec(evidence: Evidence) -> bool:
    """Whether the tool stumbles over a lone surrogate that an earlier call left with it."""
    error = evidence.outcome.error
    return error is not None and bool(evidence.halves_sent) and is_told_by_codec(error.message)


def _is_rule_of_a_model(evidence: Evidence) -> bool:
    error = evidence.outcome.error
    return error is not None and error.type == MODEL_RULE


def _change(evidence: Evidence) -> str:
    case = evidence.case
    return f"{case.category} {case.pointer.lstrip('/') or 'input'}: {case.detail}" if case.detail else case.category
