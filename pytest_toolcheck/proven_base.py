"""The base of a tool's cases: proven once a process, looked for in other tools' results, and learned again where it is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cases import rebase
from .cases.model import Case
from .checks.base import shorten
from .proof import Proof, prove
from .tool_state import MOST_RELEARNED, ToolState

if TYPE_CHECKING:
    from .execute import RunningScenario


class ProvenBase:
    """What a running scenario knows of its tool's base; the proof itself is kept in the tool's state."""

    def __init__(self, ctx: RunningScenario, state: ToolState) -> None:
        self._ctx = ctx
        self._state = state

    def proven(self) -> dict[str, Any] | None:
        """Return the arguments that the tool has accepted, or None where none were; looked for at the first call."""
        return self.proof.base

    @property
    def proof(self) -> Proof:
        """How the base was proven, or what was tried."""
        if self._state.proof is None:
            self._prove()
        assert self._state.proof is not None
        return self._state.proof

    def _prove(self) -> None:
        plan, state = self._ctx.plan, self._state
        state.proof = prove(plan.tool, self._ctx.call, about=plan.description.description)
        proof = state.proof
        if (proof.base is None or proof.found_nothing or proof.is_empty) and state.hangs == 0:
            self._learn()
        if state.proof.named:
            self._offer_named(state.proof)
        if state.proof.tried and state.proof.tried[-1][1].kind == "timed_out":
            state.give_up()

    def learned_anew(self) -> bool:
        """Whether the base, learned of a sibling, is refused by now, and another was learned."""
        state, known = self._state, self._state.proof
        if state.learned is None or known is None or known.base is None or state.relearned >= MOST_RELEARNED:
            return False
        if self._ctx.again(known.base).kind != "refused":
            return False
        state.relearned += 1
        self._learn()
        return state.proof is not known

    def _learn(self) -> None:
        """Look for the base in the results of the tool's siblings; what is found first is logged, and offered for the spec."""
        from .learning import learn_from_siblings, learned_attrs

        with self._ctx.unshown():
            found = learn_from_siblings(self._ctx.plan, self._ctx.call, self._ctx.call_tool)
        if found is None:
            return
        proof, source = found
        if proof.found_nothing and self._state.proof is not None and self._state.proof.base is not None:
            return
        self._state.proof = proof
        proof.accepted.clear()  # what another tool made may be used up by a call: no promise to accept it again
        is_first, self._state.learned = self._state.learned is None, source
        if is_first:
            self._ctx.emit("warning", attrs=learned_attrs(self._ctx.plan.tool.name, proof.base, source))

    def _offer_named(self, proof: Proof) -> None:
        """Try what refusals named as allowed; what is accepted is logged, and offered for the spec."""
        from .learning import accepted_values

        with self._ctx.unshown():
            values = accepted_values(proof, self._ctx.call)
        tool = self._ctx.plan.tool.name
        shown = ", ".join(f"{name}: {{valid: {shorten(found, 200)}}}" for name, found in values.items())
        message = f"learned from a refusal; for the spec: tools: {{{tool}: {{values: {{{shown}}}}}}}"
        attrs = {"message": message, "severity": "warning", "cause": f"learned from a refusal of {tool}"}
        self._ctx.emit("warning", attrs={**attrs, "learned": values, "source": "refusal"})

    def rebased(self, case: Case) -> Case:
        """Return the case with its one change made to the proven base instead of the assumed one."""
        proven, assumed = self.proven(), self._state.static_base
        if proven is None or assumed is None or proven == assumed or case.category == "example":
            return case
        schema = self._ctx.plan.tool.input
        return rebase(case, assumed, proven, schema if schema is not None else True)
