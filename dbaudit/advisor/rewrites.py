"""A rewritten statement, planned where the one that it replaces was: does the planner expect it to be cheaper?"""

from __future__ import annotations

from dataclasses import replace

from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan
from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import GENERIC_PLAN, Explained
from dbaudit.finding import Finding, Fix, Proof
from dbaudit.sources.postgres.explain import Gate
from dbaudit.sources.postgres.session import Session

_GENERIC = "with the generic plan"


class RewriteTrial:
    """Plans a rewrite through the same gate as any statement of a user's, and never runs it.

    At most `most` statements are planned, each once; a fix beyond that stays as it is, unproven.
    """

    def __init__(self, session: Session, facts: Facts, *, timeout_ms: int = 30_000, most: int = 200) -> None:
        self._session = session
        self._gate = Gate(session, analyze=False, timeout_ms=timeout_ms)
        self._most = most
        self._explained = {row.statement.identity: row for row in facts.get(Explained)}
        self._rewrites = {
            (each.statement.name or each.identity, each.statement.text): each for each in facts.get(Rewrite)
        }
        self._known: dict[tuple[str, str], Proof | None] = {}

    def __call__(self, finding: Finding, fix: Fix) -> Fix | None:
        """The fix with what its rewrite costs; without the rewrite where it is no cheaper, or the server refuses it.

        None for a fix without a rewrite. Raises ServerGone.
        """
        key = (finding.subject.name, fix.rewrite)
        rewrite = self._rewrites.get(key) if fix.rewrite else None
        if rewrite is None or key not in self._known and len(self._known) >= self._most:
            return None
        if key not in self._known:
            self._known[key] = self._planned(rewrite)
        proof = self._known[key]
        if proof and proof.helps:
            return replace(fix, proof=proof)
        return replace(fix, proof=proof, rewrite="", remark="")

    def _planned(self, rewrite: Rewrite) -> Proof | None:
        before = comparable(self._explained.get(rewrite.identity))
        after = comparable(self._gate.explain(rewrite.statement)) if before else None
        if before is None or after is None:
            return None
        return Proof(
            method="cost",
            before=before.root.total_cost,
            after=after.root.total_cost,
            server=f"PostgreSQL {self._session.server.version}",
            detail=_GENERIC if rewrite.statement.parameters else "",
        )


def comparable(explained: Explained | None) -> Plan | None:
    """The plan whose cost can be compared: of a statement with parameters the one that is for no values of them."""
    if explained is None:
        return None
    generic = [variant.plan for variant in explained.variants if variant.name == GENERIC_PLAN]
    return generic[0] if generic else explained.plan
